import type { Bid } from '../model.ts';
import type { OracleInput } from '../query.ts';
import { bidsOf } from './stateless.ts';

/** What q15 to q19 say, by the plainest way. */

function groupsOf(bids: readonly Bid[], keyOf: (bid: Bid) => string): Bid[][] {
  const groups = new Map<string, Bid[]>();
  for (const bid of bids) {
    const group = groups.get(keyOf(bid));
    if (group === undefined) groups.set(keyOf(bid), [bid]);
    else group.push(bid);
  }
  return [...groups.values()];
}

function day({ dateTime }: Bid): string {
  return new Date(dateTime).toISOString().slice(0, 10);
}

const RANKS: readonly ((bid: Bid) => boolean)[] = [
  () => true,
  ({ price }) => price < 10_000,
  ({ price }) => price >= 10_000 && price < 1_000_000,
  ({ price }) => price >= 1_000_000,
];

function distinct(numbers: readonly number[]): number {
  return new Set(numbers).size;
}

function counts(bids: readonly Bid[]): object {
  const [total, rank1, rank2, rank3] = RANKS.map((isOf) => bids.filter(isOf)) as [Bid[], Bid[], Bid[], Bid[]];
  const bidders = (some: readonly Bid[]): number => distinct(some.map(({ bidder }) => bidder));
  const auctions = (some: readonly Bid[]): number => distinct(some.map(({ auction }) => auction));
  return {
    totalBids: total.length,
    rank1Bids: rank1.length,
    rank2Bids: rank2.length,
    rank3Bids: rank3.length,
    totalBidders: bidders(total),
    rank1Bidders: bidders(rank1),
    rank2Bidders: bidders(rank2),
    rank3Bidders: bidders(rank3),
    totalAuctions: auctions(total),
    rank1Auctions: auctions(rank1),
    rank2Auctions: auctions(rank2),
    rank3Auctions: auctions(rank3),
  };
}

export function q15({ events }: OracleInput): unknown[] {
  return groupsOf(bidsOf(events), day).map((bids) => ({ day: day(bids[0] as Bid), counts: counts(bids) }));
}

export function q16({ events }: OracleInput): unknown[] {
  return groupsOf(bidsOf(events), (bid) => `${bid.channel} ${day(bid)}`).map((bids) => {
    const first = bids[0] as Bid;
    const minutes = bids.map(({ dateTime }) => new Date(dateTime).toISOString().slice(11, 16)).sort();
    return { channel: first.channel, day: day(first), minute: minutes.at(-1), counts: counts(bids) };
  });
}

export function q17({ events }: OracleInput): unknown[] {
  return groupsOf(bidsOf(events), (bid) => `${bid.auction} ${day(bid)}`).map((bids) => {
    const first = bids[0] as Bid;
    const prices = bids.map(({ price }) => price).sort((a, b) => a - b);
    const sumPrice = prices.reduce((sum, price) => sum + price, 0);
    const [totalBids, rank1Bids, rank2Bids, rank3Bids] = RANKS.map((isOf) => bids.filter(isOf).length);
    return {
      auction: first.auction,
      day: day(first),
      totalBids,
      rank1Bids,
      rank2Bids,
      rank3Bids,
      minPrice: prices[0],
      maxPrice: prices.at(-1),
      avgPrice: Math.trunc(sumPrice / prices.length),
      sumPrice,
    };
  });
}

/** Sorting is stable: of bids of one time the last to come stays last. */
export function q18({ events }: OracleInput): unknown[] {
  const groups = groupsOf(bidsOf(events), ({ bidder, auction }) => `${bidder} ${auction}`);
  return groups.map((bids) => bids.sort((a, b) => a.dateTime - b.dateTime).at(-1));
}

export function q19({ events }: OracleInput): unknown[] {
  const groups = groupsOf(bidsOf(events), ({ auction }) => String(auction));
  return groups.flatMap((bids) => {
    const top = bids.sort((a, b) => b.price - a.price).slice(0, 10);
    return top.map((bid, index) => ({ ...bid, rank: index + 1 }));
  });
}
