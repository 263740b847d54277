import { AUCTION, type Auction, type NexmarkEvent, PERSON, type Person } from '../model.ts';
import type { OracleInput } from '../query.ts';
import { bidsOf } from './stateless.ts';

/** What q3, q8, q13 and q20 say, by the plainest way. */

export function auctionsOf(events: readonly NexmarkEvent[]): Auction[] {
  return events.flatMap((one) => (one.kind === AUCTION ? [one.event] : []));
}

function personsOf(events: readonly NexmarkEvent[]): Person[] {
  return events.flatMap((one) => (one.kind === PERSON ? [one.event] : []));
}

export function q3({ events }: OracleInput): unknown[] {
  const persons = personsOf(events).filter(({ state }) => ['OR', 'ID', 'CA'].includes(state));
  return auctionsOf(events)
    .filter(({ category }) => category === 10)
    .flatMap(({ id, seller }) =>
      persons.filter((person) => person.id === seller).map(({ name, city, state }) => ({ name, city, state, id })),
    );
}

export function q8({ events, watermark }: OracleInput): unknown[] {
  const startOf = (time: number): number => Math.floor(time / 10_000) * 10_000;
  const sold = new Set(auctionsOf(events).map(({ seller, dateTime }) => `${seller} ${startOf(dateTime)}`));
  return personsOf(events)
    .map(({ id, name, dateTime }) => ({ id, name, windowStart: startOf(dateTime) }))
    .filter(({ windowStart }) => windowStart + 10_000 - 1 <= watermark)
    .filter(({ id, windowStart }) => sold.has(`${id} ${windowStart}`));
}

export function q13({ events }: OracleInput): unknown[] {
  return bidsOf(events)
    .map(({ auction, bidder, price, dateTime }) => ({ auction, bidder, price, dateTime, value: auction % 10_000 }))
    .filter(({ value }) => value >= 0);
}

export function q20({ events }: OracleInput): unknown[] {
  const auctions = new Map(auctionsOf(events).map((auction) => [auction.id, auction]));
  return bidsOf(events).flatMap((bid) => {
    const of = auctions.get(bid.auction);
    return of?.category === 10 ? [{ ...bid, of }] : [];
  });
}
