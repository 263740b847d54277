import { BID, type Bid, type NexmarkEvent } from '../model.ts';
import type { OracleInput } from '../query.ts';

/** What q0, q1, q2, q10, q14, q21 and q22 say, by the plainest way. */

export function bidsOf(events: readonly NexmarkEvent[]): Bid[] {
  return events.flatMap((one) => (one.kind === BID ? [one.event] : []));
}

function plain({ auction, bidder, price, dateTime, extra }: Bid): object {
  return { auction, bidder, price, dateTime, extra };
}

/** 0.908 times the price: three digits are cut off its text. */
function decimalPrice(price: number): number {
  const digits = String(BigInt(price) * 908n).padStart(4, '0');
  return Number(`${digits.slice(0, -3)}.${digits.slice(-3)}`);
}

export function q0({ events }: OracleInput): unknown[] {
  return bidsOf(events).map(plain);
}

export function q1({ events }: OracleInput): unknown[] {
  return bidsOf(events).map((bid) => ({ ...plain(bid), price: decimalPrice(bid.price) }));
}

export function q2({ events }: OracleInput): unknown[] {
  const isChosen = ({ auction }: Bid): boolean => Number.isInteger(auction / 123);
  return bidsOf(events)
    .filter(isChosen)
    .map(({ auction, price }) => ({ auction, price }));
}

export function q10({ events }: OracleInput): unknown[] {
  return bidsOf(events).map((bid) => {
    const [day, time] = new Date(bid.dateTime).toISOString().split('T') as [string, string];
    return { ...plain(bid), dt: day, hm: time.slice(0, 5) };
  });
}

export function q14({ events }: OracleInput): unknown[] {
  return bidsOf(events)
    .filter(({ price }) => price >= 1_101_322 && price <= 55_066_079)
    .map((bid) => {
      const hour = new Date(bid.dateTime).getUTCHours();
      const isDay = hour >= 8 && hour <= 18;
      const bidTimeType = isDay ? 'dayTime' : hour === 7 || hour === 19 ? 'otherTime' : 'nightTime';
      const cCounts = bid.extra.split('c').length - 1;
      return { ...plain(bid), price: decimalPrice(bid.price), bidTimeType, cCounts };
    });
}

export function q21({ events }: OracleInput): unknown[] {
  const names = ['apple', 'google', 'facebook', 'baidu'];
  return bidsOf(events).flatMap(({ auction, bidder, price, channel, url }) => {
    const known = names.indexOf(channel.toLowerCase());
    const channelId = known >= 0 ? String(known) : /(&|^)channel_id=([^&]*)/.exec(url)?.[2];
    return channelId === undefined ? [] : [{ auction, bidder, price, channel, channelId }];
  });
}

export function q22({ events }: OracleInput): unknown[] {
  return bidsOf(events).map(({ auction, bidder, price, channel, url }) => {
    const [, , , dir1 = null, dir2 = null, dir3 = null] = url.split('/');
    return { auction, bidder, price, channel, dir1, dir2, dir3 };
  });
}
