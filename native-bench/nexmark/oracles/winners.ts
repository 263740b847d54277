import type { Auction, Bid } from '../model.ts';
import type { OracleInput } from '../query.ts';
import { auctionsOf } from './joins.ts';
import { bidsOf } from './stateless.ts';

/** What q4, q6 and q9 say, by the plainest way. */

/** Every auction that has a bid in its lifetime, with the greatest; of equal ones the earliest. */
function winners({ events }: OracleInput): { auction: Auction; bid: Bid }[] {
  const bids = new Map<number, Bid[]>();
  for (const bid of bidsOf(events)) bids.set(bid.auction, [...(bids.get(bid.auction) ?? []), bid]);
  return auctionsOf(events).flatMap((auction) => {
    const [bid] = (bids.get(auction.id) ?? [])
      .filter(({ dateTime }) => dateTime >= auction.dateTime && dateTime <= auction.expires)
      .sort((a, b) => b.price - a.price || a.dateTime - b.dateTime);
    return bid === undefined ? [] : [{ auction, bid }];
  });
}

function averageOf(numbers: readonly number[]): number {
  return Math.trunc(numbers.reduce((sum, number) => sum + number, 0) / numbers.length);
}

export function q4(input: OracleInput): unknown[] {
  const all = winners(input);
  const categories = [...new Set(all.map(({ auction }) => auction.category))];
  return categories.map((category) => ({
    category,
    average: averageOf(all.filter(({ auction }) => auction.category === category).map(({ bid }) => bid.price)),
  }));
}

export function q6(input: OracleInput): unknown[] {
  const all = winners(input);
  const sellers = [...new Set(all.map(({ auction }) => auction.seller))];
  return sellers.flatMap((seller) => {
    const sales = all
      .filter(({ auction }) => auction.seller === seller)
      .sort((a, b) => a.bid.dateTime - b.bid.dateTime || a.auction.id - b.auction.id);
    return sales.map(({ auction }, index) => ({
      seller,
      auction: auction.id,
      average: averageOf(sales.slice(Math.max(0, index - 10), index + 1).map(({ bid }) => bid.price)),
    }));
  });
}

export function q9(input: OracleInput): unknown[] {
  return winners(input);
}
