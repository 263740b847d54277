import { Type } from 'moka';
import { listState, valueState } from '../../../src/operators/process-state.ts';
import { eventType } from '../../../src/topology/process-node.ts';
import { tumbling } from '../../../src/topology/windows.ts';
import type { Auction, Bid } from '../model.ts';
import * as oracle from '../oracles/joins.ts';
import { type NexmarkQuery, OUT_OF_ORDERNESS_MS } from '../query.ts';

/** Queries that bring two kinds of events together. */

const SELLING_STATES = new Set(['OR', 'ID', 'CA']);
const CATEGORY = 10;
const SIDE_ROWS = 10_000;

/** Both sides are tables, so it is the same whichever comes first; nothing is ever forgotten, as the query has it. */
export const q3: NexmarkQuery = {
  name: 'q3',
  summary: 'sellers of one category in three states',
  identity: ({ id }: { id: number }) => id,
  oracle: oracle.q3,
  build: ({ persons, auctions }) => {
    const sellers = persons
      .filter(({ state }) => SELLING_STATES.has(state))
      .map(({ name, city, state }) => ({ name, city, state }))
      .toTable('sellers');
    return auctions
      .filter(({ category }) => category === CATEGORY)
      .map(({ id, seller }) => ({ id, seller }))
      .toTable('offers')
      .join(sellers, 'offers-of-sellers', { foreignKey: ({ seller }) => String(seller) }, ({ id }, seller) => ({
        name: seller.name,
        city: seller.city,
        state: seller.state,
        id,
      }))
      .toStream()
      .filter((row) => row !== null);
  },
};

interface Newcomer {
  readonly id: number;
  readonly name: string;
  readonly isThere: boolean;
  readonly isSeller: boolean;
  readonly windowStart: number;
}

const WINDOW_MS = 10_000;

/**
 * A row leaves when its window closes, by the greatest time of persons and auctions: for input in order the same as by the
 * reference's watermark, which all events move.
 */
export const q8: NexmarkQuery = {
  name: 'q8',
  summary: 'persons who sell within the 10 s in which they came',
  identity: null,
  oracle: oracle.q8,
  build: ({ persons, auctions }) =>
    persons
      .groupByKey()
      .cogroup((seen: Newcomer, { id, name, dateTime }) => ({
        id,
        name,
        isThere: true,
        isSeller: seen.isSeller,
        windowStart: dateTime - (dateTime % WINDOW_MS),
      }))
      .cogroup(auctions.keyBy('seller', ({ seller }) => seller).groupByKey(), (seen) =>
        seen.isSeller ? seen : { ...seen, isSeller: true },
      )
      .window(tumbling({ size: WINDOW_MS, grace: OUT_OF_ORDERNESS_MS }))
      .aggregate(
        'newcomers',
        { initial: (): Newcomer => ({ id: 0, name: '', isThere: false, isSeller: false, windowStart: 0 }) },
        { emit: 'final' },
      )
      .filter(({ isThere, isSeller }) => isThere && isSeller)
      .map(({ id, name, windowStart }) => ({ id, name, windowStart }))
      .toStream(),
};

/** The side input is a table that every partition has all of. */
export const q13: NexmarkQuery = {
  name: 'q13',
  summary: 'bids with a row of a table that stands still',
  identity: null,
  oracle: oracle.q13,
  prelude: Array.from({ length: SIDE_ROWS }, (_, key) => ({ stream: 'side', event: { key, value: key } })),
  build: ({ bids }, t) => {
    const side = t.globalTable('side', {
      schema: Type.Object({ key: Type.Integer(), value: Type.Integer() }),
      key: 'key',
    });
    return bids.join(
      side,
      'side-input',
      { key: ({ auction }) => String(auction % SIDE_ROWS) },
      ({ auction, bidder, price, dateTime }, { value }) => ({ auction, bidder, price, dateTime, value }),
    );
  },
};

/** Of an auction of another category nothing is kept but that it is one. */
const OTHER_CATEGORY = 0;

/**
 * A bid may come before its auction and waits for it; an auction comes once, so that bids after it need not be kept.
 * A join of tables would keep all bids.
 */
export const q20: NexmarkQuery = {
  name: 'q20',
  summary: 'bids with their auction, of one category',
  identity: null,
  oracle: oracle.q20,
  build: ({ auctions, bids }) =>
    auctions.merge(bids).process('bids-with-auction', {
      state: { auction: valueState<Auction | typeof OTHER_CATEGORY>(), early: listState<Bid>() },
      emits: eventType<Bid & { readonly of: Auction }>(),
      onEvent: (event, { state, emit }) => {
        if ('seller' in event) {
          const isWanted = event.category === CATEGORY;
          state.auction.set(isWanted ? event : OTHER_CATEGORY);
          const early = state.early.get();
          if (early.length === 0) return;
          if (isWanted) for (const bid of early) emit({ ...bid, of: event });
          state.early.clear();
          return;
        }
        const auction = state.auction.get();
        if (auction === undefined) state.early.add(event);
        else if (auction !== OTHER_CATEGORY) emit({ ...event, of: auction });
      },
    }),
};
