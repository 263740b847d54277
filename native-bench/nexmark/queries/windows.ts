import { type MapState, mapState, valueState } from '../../../src/operators/process-state.ts';
import { eventType } from '../../../src/topology/process-node.ts';
import { session, tumbling } from '../../../src/topology/windows.ts';
import type { Bid } from '../model.ts';
import * as oracle from '../oracles/windows.ts';
import { type NexmarkQuery, OUT_OF_ORDERNESS_MS } from '../query.ts';

/**
 * Queries about windows of time. q5 and q7 compare what lies under different keys, so all of it comes together under one
 * key, as it does in the reference's last step; they close windows by timers, under the reference's watermark. A window
 * is closed when the watermark has reached its last millisecond.
 */
const ALL = 'all';

const SIZE_MS = 10_000;
const ADVANCE_MS = 2000;

/** Auctions that share a row. What is over goes when the row is written again, so that nothing has to be swept. */
const AUCTION_ROWS = 65_536;
/** In such a row: `auction, start of pane, bids in it`, again and again. */
const PANE_LENGTH = 3;

/**
 * Bids are counted per pane of 2 s, of which a window has five. Each bid makes an auction's count in each of its windows one
 * greater, so that the greatest count of a window, and who has it, can be kept up to date as bids come; when the window
 * closes nothing is left to be done but to tell it.
 */
export const q5: NexmarkQuery = {
  name: 'q5',
  summary: 'the auctions with most bids in 10 s, every 2 s',
  identity: null,
  oracle: oracle.q5,
  hasWatermark: true,
  build: ({ bids }) =>
    bids
      .map(({ auction, dateTime }) => ({ auction, dateTime }))
      .keyBy(ALL, () => ALL)
      .process('hot-items', {
        state: {
          panes: mapState<readonly number[]>(),
          /** Start and greatest count of each open window, one after the other. */
          windows: valueState<readonly number[]>(),
          /** By start of window: the auctions that have its greatest count. */
          hottest: mapState<readonly number[]>(),
        },
        emits: eventType<{ readonly auction: number; readonly bids: number; readonly windowStart: number }>(),
        onEvent: ({ auction, dateTime }, { state, timers, watermark }) => {
          const pane = dateTime - (dateTime % ADVANCE_MS);
          const row = String(auction % AUCTION_ROWS);
          const panes = withBid(state.panes.get(row), auction, pane, watermark);
          state.panes.set(row, panes);
          const before = state.windows.get() ?? [];
          let windows: number[] | null = null;
          for (let start = pane - SIZE_MS + ADVANCE_MS; start <= pane; start += ADVANCE_MS) {
            if (isClosed(start, watermark)) continue;
            const count = bidsWithin(panes, auction, start);
            const at = placeOf(windows ?? before, start);
            const greatest = at < 0 ? 0 : ((windows ?? before)[at + 1] as number);
            if (count < greatest) continue;
            const name = String(start);
            if (count === greatest) {
              state.hottest.set(name, [...(state.hottest.get(name) as readonly number[]), auction]);
              continue;
            }
            windows ??= before.slice();
            if (at < 0) {
              windows.push(start, count);
              timers.setEventTime(lastOf(start));
            } else {
              windows[at + 1] = count;
            }
            if (!isAlone(state.hottest.get(name), auction)) state.hottest.set(name, [auction]);
          }
          if (windows !== null) state.windows.set(windows);
        },
        onTimer: ({ time }, { state, emit }) => {
          const windowStart = time + 1 - SIZE_MS;
          const windows = [...(state.windows.get() as readonly number[])];
          const [, bids] = windows.splice(placeOf(windows, windowStart), 2) as [number, number];
          state.windows.set(windows);
          const name = String(windowStart);
          for (const auction of state.hottest.get(name) as readonly number[]) emit({ auction, bids, windowStart });
          state.hottest.delete(name);
        },
      }),
};

/** The last millisecond of a window. */
function lastOf(start: number): number {
  return start + SIZE_MS - 1;
}

function isClosed(start: number, watermark: number): boolean {
  return watermark >= lastOf(start);
}

/** The row with a bid more, and without the panes whose windows are all over. */
function withBid(row: readonly number[] | undefined, auction: number, pane: number, watermark: number): number[] {
  const next: number[] = [];
  let isCounted = false;
  for (let at = 0; row !== undefined && at < row.length; at += PANE_LENGTH) {
    const start = row[at + 1] as number;
    if (isClosed(start, watermark)) continue;
    const isIt = row[at] === auction && start === pane;
    if (isIt) isCounted = true;
    next.push(row[at] as number, start, (row[at + 2] as number) + (isIt ? 1 : 0));
  }
  if (!isCounted) next.push(auction, pane, 1);
  return next;
}

function bidsWithin(row: readonly number[], auction: number, start: number): number {
  let bids = 0;
  for (let at = 0; at < row.length; at += PANE_LENGTH) {
    const pane = row[at + 1] as number;
    if (row[at] === auction && pane >= start && pane < start + SIZE_MS) bids += row[at + 2] as number;
  }
  return bids;
}

/** @returns where the window stands; -1: nowhere */
function placeOf(windows: readonly number[], start: number): number {
  for (let at = 0; at < windows.length; at += 2) if (windows[at] === start) return at;
  return -1;
}

function isAlone(auctions: readonly number[] | undefined, auction: number): boolean {
  return auctions !== undefined && auctions.length === 1 && auctions[0] === auction;
}

type PlainBid = Pick<Bid, 'auction' | 'bidder' | 'price' | 'dateTime' | 'extra'>;

/**
 * A bid at the very end of a window belongs to the next one, and yet to the result if it has the greatest price: such bids
 * are kept until the window closes.
 */
export const q7: NexmarkQuery = {
  name: 'q7',
  summary: 'the bids with the greatest price of each 10 s',
  identity: null,
  oracle: oracle.q7,
  hasWatermark: true,
  build: ({ bids }) =>
    bids
      .keyBy(ALL, () => ALL)
      .process('highest-bids', {
        state: {
          /** By start of window. */
          greatest: mapState<number>(),
          highest: mapState<readonly PlainBid[]>(),
          /** By the window's end and price: bids of that millisecond. */
          atEnd: mapState<readonly PlainBid[]>(),
        },
        emits: eventType<PlainBid>(),
        onEvent: (bid, { state, timers, watermark }) => {
          const { price, dateTime } = bid;
          const start = dateTime - (dateTime % SIZE_MS);
          if (dateTime === start && !isClosed(start - SIZE_MS, watermark)) {
            if (price >= (state.greatest.get(String(start - SIZE_MS)) ?? 0)) {
              const name = `${start}/${price}`;
              state.atEnd.set(name, [...(state.atEnd.get(name) ?? []), plain(bid)]);
              timers.setEventTime(lastOf(start - SIZE_MS));
            }
          }
          if (isClosed(start, watermark)) return;
          const name = String(start);
          const greatest = state.greatest.get(name);
          if (greatest !== undefined && price < greatest) return;
          if (greatest === undefined) timers.setEventTime(lastOf(start));
          const isGreater = greatest === undefined || price > greatest;
          if (isGreater) state.greatest.set(name, price);
          const others = isGreater ? [] : (state.highest.get(name) as readonly PlainBid[]);
          state.highest.set(name, [...others, plain(bid)]);
        },
        onTimer: ({ time }, { state, emit }) => {
          const name = String(time + 1 - SIZE_MS);
          const end = `${time + 1}/`;
          const greatest = state.greatest.get(name);
          for (const bid of state.highest.get(name) ?? []) emit(bid);
          for (const bid of state.atEnd.get(end + greatest) ?? []) emit(bid);
          state.greatest.delete(name);
          state.highest.delete(name);
          // At most so many names are told at a time: again, until there is none left.
          for (let past = namesOf(state.atEnd, end); past.length > 0; past = namesOf(state.atEnd, end)) {
            for (const entry of past) state.atEnd.delete(entry);
          }
        },
      }),
};

function namesOf(state: MapState<unknown>, prefix: string): string[] {
  return state.entries().flatMap(([name]) => (name.startsWith(prefix) ? [name] : []));
}

function plain({ auction, bidder, price, dateTime, extra }: Bid): PlainBid {
  return { auction, bidder, price, dateTime, extra };
}

interface BidderWindow {
  readonly bidder: number;
  readonly bids: number;
  /** Time of the first bid, or the beginning of the window. */
  readonly start: number;
  readonly last: number;
}

const NO_BIDS: BidderWindow = { bidder: 0, bids: 0, start: 0, last: 0 };

/**
 * A session is told when it is closed by the greatest time of the bids, a millisecond after the reference, since a bid that
 * comes exactly 10 s after another still belongs to it. The result is the same.
 */
export const q11: NexmarkQuery = {
  name: 'q11',
  summary: 'bids per bidder without a pause of 10 s',
  identity: null,
  oracle: oracle.q11,
  build: ({ bids }) =>
    bids
      .keyBy('bidder', ({ bidder }) => bidder)
      .groupByKey()
      .window(session({ gap: SIZE_MS, grace: OUT_OF_ORDERNESS_MS }))
      .aggregate(
        'sessions',
        {
          initial: () => NO_BIDS,
          add: ({ bids, start, last }, { bidder, dateTime }) => ({
            bidder,
            bids: bids + 1,
            start: bids === 0 || dateTime < start ? dateTime : start,
            last: dateTime > last ? dateTime : last,
          }),
          merge: (earlier, later) =>
            earlier.bids === 0
              ? later
              : { bidder: later.bidder, bids: earlier.bids + later.bids, start: earlier.start, last: later.last },
        },
        { emit: 'final' },
      )
      .map(({ bidder, bids, start, last }) => ({ bidder, bids, start, end: last + SIZE_MS }))
      .toStream(),
};

/**
 * A bid happens when the engine takes it in: the stream names no event time. Windows close when a later bid comes, not when
 * the clock says so, which only matters once nothing comes any more.
 */
export const q12: NexmarkQuery = {
  name: 'q12',
  summary: 'bids per bidder in 10 s of processing time',
  identity: null,
  oracle: oracle.q12,
  isByProcessingTime: true,
  build: ({ bids }) =>
    bids
      .keyBy('bidder', ({ bidder }) => bidder)
      .groupByKey()
      .window(tumbling({ size: SIZE_MS, grace: 0 }))
      .aggregate(
        'bidder-windows',
        {
          initial: () => ({ bidder: 0, bids: 0, start: 0 }),
          add: ({ bids }, { bidder }, { eventTime }) => ({
            bidder,
            bids: bids + 1,
            start: eventTime - (eventTime % SIZE_MS),
          }),
        },
        { emit: 'final' },
      )
      .map(({ bidder, bids, start }) => ({ bidder, bids, start, end: start + SIZE_MS }))
      .toStream(),
};
