import { listState, valueState } from '../../../src/operators/process-state.ts';
import { eventType } from '../../../src/topology/process-node.ts';
import type { Stream } from '../../../src/topology/stream.ts';
import type { Table } from '../../../src/topology/table.ts';
import type { Auction, Bid } from '../model.ts';
import * as oracle from '../oracles/winners.ts';
import type { NexmarkQuery, NexmarkStreams } from '../query.ts';

/**
 * Queries about the greatest bid of each auction in its lifetime. Bids and auctions lie under the same key, so that what
 * becomes of an auction is one function. A bid that comes before its auction waits for it; nothing depends on time besides.
 */

/** An auction that has not come has no category; one without a bid in its lifetime has no price. */
interface Winner {
  readonly auction: number;
  readonly seller: number;
  readonly category: number;
  readonly dateTime: number;
  readonly expires: number;
  readonly price: number;
  readonly bidTime: number;
  /** Price and time of bids that came before the auction. */
  readonly early: readonly number[];
}

const NONE = -1;

function unknownAuction(auction: number): Winner {
  return { auction, seller: 0, category: NONE, dateTime: 0, expires: 0, price: NONE, bidTime: 0, early: [] };
}

/** The row with one bid more; the very same if that changes nothing. */
function withBid(row: Winner, price: number, time: number): Winner {
  if (time < row.dateTime || time > row.expires) return row;
  if (price < row.price || (price === row.price && time >= row.bidTime)) return row;
  return { ...row, price, bidTime: time };
}

function withAuction(row: Winner, { id, seller, category, dateTime, expires }: Auction): Winner {
  let next: Winner = { auction: id, seller, category, dateTime, expires, price: NONE, bidTime: 0, early: [] };
  for (let i = 0; i < row.early.length; i += 2) {
    next = withBid(next, row.early[i] as number, row.early[i + 1] as number);
  }
  return next;
}

function winnersOf({ auctions, bids }: NexmarkStreams): Table<Winner> {
  return auctions.merge(bids).toTable<Winner>('winners', (current, event) => {
    if ('seller' in event) return withAuction(current ?? unknownAuction(event.id), event);
    const row = current ?? unknownAuction(event.auction);
    if (row.category !== NONE) return withBid(row, event.price, event.dateTime);
    return { ...row, early: [...row.early, event.price, event.dateTime] };
  });
}

/** A greater bid takes the one before it out of the average. Averages of whole numbers are whole, as in the reference. */
export const q4: NexmarkQuery = {
  name: 'q4',
  summary: 'average of the winning prices per category',
  identity: ({ category }: { category: number }) => category,
  oracle: oracle.q4,
  build: (streams) =>
    winnersOf(streams)
      .groupBy(({ category, price }) => (price === NONE ? null : [category, { category, price }]))
      .aggregate('averages', {
        initial: () => ({ category: NONE, sum: 0, count: 0 }),
        add: ({ sum, count }, { category, price }) => ({ category, sum: sum + price, count: count + 1 }),
        subtract: ({ category, sum, count }, { price }) => ({ category, sum: sum - price, count: count - 1 }),
      })
      .map(({ category, sum, count }) => ({ category, average: Math.trunc(sum / count) }))
      .toStream(),
};

interface Sale {
  readonly seller: number;
  readonly auction: number;
  readonly price: number;
  readonly bidTime: number;
}

const SALE_LENGTH = 3;
const SALES_BEFORE = 10;

/**
 * Of each auction: the average of its winning price and those of up to 10 auctions of the seller before it, in the order of
 * the winning bids' times, then of the auctions' ids. A greater bid moves its auction, and with it what stands behind.
 */
export const q6: NexmarkQuery = {
  name: 'q6',
  summary: 'average of the last winning prices per seller',
  identity: ({ auction }: { auction: number }) => auction,
  oracle: oracle.q6,
  build: (streams) =>
    winnersOf(streams)
      .filter(({ price }) => price !== NONE)
      .map(({ seller, auction, price, bidTime }): Sale => ({ seller, auction, price, bidTime }))
      .toStream()
      .filter((sale): sale is Sale => sale !== null)
      .keyBy('seller', ({ seller }) => seller)
      .process('sales', {
        /** Auction, price and time of the winning bid, one after the other. */
        state: { sales: valueState<readonly number[]>() },
        emits: eventType<{ readonly seller: number; readonly auction: number; readonly average: number }>(),
        onEvent: (sale, { state, emit }) => {
          const sales = [...(state.sales.get() ?? [])];
          const from = takenOut(sales, sale.auction);
          const to = placeOf(sales, sale);
          sales.splice(to, 0, sale.auction, sale.price, sale.bidTime);
          state.sales.set(sales);
          const first = from < 0 ? to : Math.min(from, to);
          const end = Math.max(from, to) + (SALES_BEFORE + 1) * SALE_LENGTH;
          // An auction that came in for the first time moves all that come after it into other company.
          for (let at = first; at < Math.min(end, sales.length); at += SALE_LENGTH) {
            emit({ seller: sale.seller, auction: sales[at] as number, average: averageAt(sales, at) });
          }
        },
      }),
};

/** @returns where it stood; -1: nowhere */
function takenOut(sales: number[], auction: number): number {
  for (let at = 0; at < sales.length; at += SALE_LENGTH) {
    if (sales[at] !== auction) continue;
    sales.splice(at, SALE_LENGTH);
    return at;
  }
  return -1;
}

function placeOf(sales: readonly number[], { auction, bidTime }: Sale): number {
  let at = sales.length;
  while (at > 0) {
    const time = sales[at - 1] as number;
    if (time < bidTime || (time === bidTime && (sales[at - SALE_LENGTH] as number) < auction)) break;
    at -= SALE_LENGTH;
  }
  return at;
}

function averageAt(sales: readonly number[], last: number): number {
  const first = Math.max(0, last - SALES_BEFORE * SALE_LENGTH);
  let sum = 0;
  for (let at = first; at <= last; at += SALE_LENGTH) sum += sales[at + 1] as number;
  return Math.trunc(sum / ((last - first) / SALE_LENGTH + 1));
}

interface WinningBid {
  readonly auction: Auction;
  readonly bid: Bid;
}

/**
 * All columns of auction and bid. What each bid has to be held against is a short row of its own; the auction as a whole is
 * read only when its winner changes.
 */
export const q9: NexmarkQuery = {
  name: 'q9',
  summary: 'the winning bid of each auction',
  identity: ({ auction }: WinningBid) => auction.id,
  oracle: oracle.q9,
  build: ({ auctions, bids }) =>
    auctions.merge(bids).process('winning-bids', {
      state: {
        auction: valueState<Auction>(),
        /** The auction's life, and price and time of its best bid. */
        best: valueState<readonly [dateTime: number, expires: number, price: number, bidTime: number]>(),
        early: listState<Bid>(),
      },
      emits: eventType<WinningBid>(),
      onEvent: (event, { state, emit }) => {
        if ('seller' in event) {
          state.auction.set(event);
          let winner: Bid | null = null;
          const early = state.early.get();
          for (const bid of early) {
            const isAlive = bid.dateTime >= event.dateTime && bid.dateTime <= event.expires;
            if (isAlive && (winner === null || isBetter(bid, winner.price, winner.dateTime))) winner = bid;
          }
          state.best.set([event.dateTime, event.expires, winner?.price ?? NONE, winner?.dateTime ?? 0]);
          if (early.length > 0) state.early.clear();
          if (winner !== null) emit({ auction: event, bid: winner });
          return;
        }
        const best = state.best.get();
        if (best === undefined) {
          state.early.add(event);
          return;
        }
        const [dateTime, expires, price, bidTime] = best;
        if (event.dateTime < dateTime || event.dateTime > expires || !isBetter(event, price, bidTime)) return;
        state.best.set([dateTime, expires, event.price, event.dateTime]);
        emit({ auction: state.auction.get() as Auction, bid: event });
      },
    }) as Stream<WinningBid>,
};

function isBetter(bid: Bid, price: number, bidTime: number): boolean {
  return bid.price > price || (bid.price === price && bid.dateTime < bidTime);
}
