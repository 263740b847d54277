import type { MapState } from '../../../src/operators/process-state.ts';
import { mapState, valueState } from '../../../src/operators/process-state.ts';
import { eventType } from '../../../src/topology/process-node.ts';
import { dayOf, dayText, minuteOf, minuteText } from '../calendar.ts';
import type { Bid } from '../model.ts';
import * as oracle from '../oracles/groups.ts';
import type { NexmarkQuery } from '../query.ts';

/** Queries that fold all bids of a group; a day is that of a bid's own time, so windows and watermarks play no part. */

/** Prices below the first bound are of rank 1, from the second one on of rank 3. */
const RANK_2_FROM = 10_000;
const RANK_3_FROM = 1_000_000;

function rankOf(price: number): 1 | 2 | 3 {
  if (price < RANK_2_FROM) return 1;
  return price < RANK_3_FROM ? 2 : 3;
}

/**
 * What q15 and q16 count: bids, then bidders, then auctions; of each all, then those of the three ranks. Which ranks a
 * bidder or an auction has been seen with is a row of its own, four bits, written when a bit is new: at most four times.
 */
const BIDS = 0;
const BIDDERS = 4;
const AUCTIONS = 8;
const COUNTERS = 12;

interface BidCounts {
  readonly totalBids: number;
  readonly rank1Bids: number;
  readonly rank2Bids: number;
  readonly rank3Bids: number;
  readonly totalBidders: number;
  readonly rank1Bidders: number;
  readonly rank2Bidders: number;
  readonly rank3Bidders: number;
  readonly totalAuctions: number;
  readonly rank1Auctions: number;
  readonly rank2Auctions: number;
  readonly rank3Auctions: number;
}

function noCounts(): number[] {
  return new Array<number>(COUNTERS).fill(0);
}

function countDistinct(counts: number[], first: number, rank: number, id: number, seen: MapState<number>): void {
  const name = String(id);
  const ranks = seen.get(name) ?? 0;
  const added = (1 | (1 << rank)) & ~ranks;
  if (added === 0) return;
  seen.set(name, ranks | added);
  if ((added & 1) !== 0) (counts[first] as number)++;
  if ((added & (1 << rank)) !== 0) (counts[first + rank] as number)++;
}

/** @returns the counts with one bid more, in a list of their own */
function withBid(
  before: readonly number[] | undefined,
  { bidder, auction, price }: Bid,
  bidders: MapState<number>,
  auctions: MapState<number>,
): number[] {
  const counts = before === undefined ? noCounts() : before.slice();
  const rank = rankOf(price);
  (counts[BIDS] as number)++;
  (counts[BIDS + rank] as number)++;
  countDistinct(counts, BIDDERS, rank, bidder, bidders);
  countDistinct(counts, AUCTIONS, rank, auction, auctions);
  return counts;
}

function countsOf(counts: readonly number[]): BidCounts {
  return {
    totalBids: counts[BIDS] as number,
    rank1Bids: counts[BIDS + 1] as number,
    rank2Bids: counts[BIDS + 2] as number,
    rank3Bids: counts[BIDS + 3] as number,
    totalBidders: counts[BIDDERS] as number,
    rank1Bidders: counts[BIDDERS + 1] as number,
    rank2Bidders: counts[BIDDERS + 2] as number,
    rank3Bidders: counts[BIDDERS + 3] as number,
    totalAuctions: counts[AUCTIONS] as number,
    rank1Auctions: counts[AUCTIONS + 1] as number,
    rank2Auctions: counts[AUCTIONS + 2] as number,
    rank3Auctions: counts[AUCTIONS + 3] as number,
  };
}

export const q15: NexmarkQuery = {
  name: 'q15',
  summary: 'bids, bidders and auctions per day',
  identity: ({ day }: { day: string }) => day,
  oracle: oracle.q15,
  build: ({ bids }) =>
    bids
      .keyBy('day', ({ dateTime }) => dayOf(dateTime))
      .process('day-counts', {
        state: {
          counts: valueState<readonly number[]>(),
          bidders: mapState<number>(),
          auctions: mapState<number>(),
        },
        emits: eventType<{ readonly day: string; readonly counts: BidCounts }>(),
        onEvent: (bid, { state, emit }) => {
          const counts = withBid(state.counts.get(), bid, state.bidders, state.auctions);
          state.counts.set(counts);
          emit({ day: dayText(dayOf(bid.dateTime)), counts: countsOf(counts) });
        },
      }),
};

/** Behind the counters stands the latest minute of the day. */
const MINUTE = COUNTERS;

export const q16: NexmarkQuery = {
  name: 'q16',
  summary: 'bids, bidders and auctions per channel and day',
  identity: ({ channel, day }: { channel: string; day: string }) => `${channel} ${day}`,
  oracle: oracle.q16,
  build: ({ bids }) =>
    bids
      .keyBy('channel-day', ({ channel, dateTime }) => `${channel}/${dayOf(dateTime)}`)
      .process('channel-counts', {
        state: {
          counts: valueState<readonly number[]>(),
          bidders: mapState<number>(),
          auctions: mapState<number>(),
        },
        emits: eventType<{
          readonly channel: string;
          readonly day: string;
          readonly minute: string;
          readonly counts: BidCounts;
        }>(),
        onEvent: (bid, { state, emit }) => {
          const before = state.counts.get();
          const counts = withBid(before, bid, state.bidders, state.auctions);
          const minute = Math.max(before?.[MINUTE] ?? 0, minuteOf(bid.dateTime));
          counts[MINUTE] = minute;
          state.counts.set(counts);
          emit({
            channel: bid.channel,
            day: dayText(dayOf(bid.dateTime)),
            minute: minuteText(minute),
            counts: countsOf(counts),
          });
        },
      }),
};

export const q17: NexmarkQuery = {
  name: 'q17',
  summary: 'counts and prices per auction and day',
  identity: ({ auction, day }: { auction: number; day: string }) => `${auction} ${day}`,
  oracle: oracle.q17,
  build: ({ bids }) =>
    bids
      .keyBy('auction-day', ({ auction, dateTime }) => `${auction}/${dayOf(dateTime)}`)
      .groupByKey()
      .aggregate('auction-days', {
        initial: () => ({
          auction: 0,
          day: 0,
          total: 0,
          rank1: 0,
          rank2: 0,
          rank3: 0,
          min: Number.MAX_SAFE_INTEGER,
          max: 0,
          sum: 0,
        }),
        add: ({ total, rank1, rank2, rank3, min, max, sum }, { auction, price, dateTime }) => {
          const rank = rankOf(price);
          return {
            auction,
            day: dayOf(dateTime),
            total: total + 1,
            rank1: rank === 1 ? rank1 + 1 : rank1,
            rank2: rank === 2 ? rank2 + 1 : rank2,
            rank3: rank === 3 ? rank3 + 1 : rank3,
            min: price < min ? price : min,
            max: price > max ? price : max,
            sum: sum + price,
          };
        },
      })
      .toStream()
      .filter((row) => row !== null)
      .map(({ auction, day, total, rank1, rank2, rank3, min, max, sum }) => ({
        auction,
        day: dayText(day),
        totalBids: total,
        rank1Bids: rank1,
        rank2Bids: rank2,
        rank3Bids: rank3,
        minPrice: min,
        maxPrice: max,
        avgPrice: Math.trunc(sum / total),
        sumPrice: sum,
      })),
};

export const q18: NexmarkQuery = {
  name: 'q18',
  summary: 'the last bid of each bidder on each auction',
  identity: ({ bidder, auction }: Bid) => `${bidder} ${auction}`,
  oracle: oracle.q18,
  build: ({ bids }) =>
    bids
      .keyBy('bidder-auction', ({ bidder, auction }) => `${bidder}/${auction}`)
      .deduplicate('last-bids', { keep: 'last', order: 'event-time' })
      .toStream(),
};

interface RankedBid extends Bid {
  readonly rank: number;
}

const TOP = 10;
const PLACE_LENGTH = 2;

/**
 * A bid that comes in moves those behind it one rank down, and each is told with its new rank. Prices in their order are
 * one short row, the bids themselves a row each: a bid that stays outside costs a look at the prices, and only bids that
 * change their rank are read. (`topN` says the same with a list of bids per auction, read and written as a whole, for
 * twice the time.)
 */
export const q19: NexmarkQuery = {
  name: 'q19',
  summary: 'the 10 greatest bids of each auction',
  identity: ({ auction, rank }: RankedBid) => `${auction} ${rank}`,
  oracle: oracle.q19,
  build: ({ bids }) =>
    bids.process('top-bids', {
      state: {
        /** Price and place of the bids, the greatest price first. */
        prices: valueState<readonly number[]>(),
        /** By place. */
        bids: mapState<Bid>(),
      },
      emits: eventType<RankedBid>(),
      onEvent: (bid, { state, emit }) => {
        const before = state.prices.get() ?? [];
        let at = before.length;
        while (at > 0 && (before[at - PLACE_LENGTH] as number) < bid.price) at -= PLACE_LENGTH;
        const isFull = before.length === TOP * PLACE_LENGTH;
        if (isFull && at === before.length) return;
        const prices = before.slice();
        const place = isFull ? (prices.splice(-PLACE_LENGTH)[1] as number) : prices.length / PLACE_LENGTH;
        prices.splice(at, 0, bid.price, place);
        state.prices.set(prices);
        state.bids.set(String(place), bid);
        emit(ranked(bid, at / PLACE_LENGTH + 1));
        for (let next = at + PLACE_LENGTH; next < prices.length; next += PLACE_LENGTH) {
          emit(ranked(state.bids.get(String(prices[next + 1])) as Bid, next / PLACE_LENGTH + 1));
        }
      },
    }),
};

function ranked({ auction, bidder, price, channel, url, dateTime, extra }: Bid, rank: number): RankedBid {
  return { auction, bidder, price, channel, url, dateTime, extra, rank };
}
