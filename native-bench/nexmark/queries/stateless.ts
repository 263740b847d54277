import { dayOf, dayText, hourOf, minuteOf, minuteText } from '../calendar.ts';
import * as oracle from '../oracles/stateless.ts';
import type { NexmarkQuery } from '../query.ts';

/** Queries that look at one bid at a time: time plays no part in them. */

export const q0: NexmarkQuery = {
  name: 'q0',
  summary: 'every bid as it is',
  identity: null,
  oracle: oracle.q0,
  build: ({ bids }) =>
    bids.map(({ auction, bidder, price, dateTime, extra }) => ({ auction, bidder, price, dateTime, extra })),
};

export const q1: NexmarkQuery = {
  name: 'q1',
  summary: 'prices in another currency',
  identity: null,
  oracle: oracle.q1,
  build: ({ bids }) =>
    bids.map(({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price: converted(price),
      dateTime,
      extra,
    })),
};

export const q2: NexmarkQuery = {
  name: 'q2',
  summary: 'bids on some auctions',
  identity: null,
  oracle: oracle.q2,
  build: ({ bids }) =>
    bids.filter(({ auction }) => auction % 123 === 0).map(({ auction, price }) => ({ auction, price })),
};

/** The reference writes a file per minute. An engine without a sink for files says which file a bid belongs to. */
export const q10: NexmarkQuery = {
  name: 'q10',
  summary: 'bids with the day and minute of their file',
  identity: null,
  oracle: oracle.q10,
  build: ({ bids }) =>
    bids.map(({ auction, bidder, price, dateTime, extra }) => ({
      auction,
      bidder,
      price,
      dateTime,
      extra,
      dt: dayText(dayOf(dateTime)),
      hm: minuteText(minuteOf(dateTime)),
    })),
};

export const q14: NexmarkQuery = {
  name: 'q14',
  summary: 'converted prices within bounds, time of day, letters counted',
  identity: null,
  oracle: oracle.q14,
  build: ({ bids }) =>
    bids
      .filter(({ price }) => price * RATE > 1_000_000 * RATE_UNIT && price * RATE < 50_000_000 * RATE_UNIT)
      .map(({ auction, bidder, price, dateTime, extra }) => ({
        auction,
        bidder,
        price: converted(price),
        bidTimeType: timeOfDay(hourOf(dateTime)),
        dateTime,
        extra,
        cCounts: countOf(extra, LETTER_C),
      })),
};

export const q21: NexmarkQuery = {
  name: 'q21',
  summary: 'the number of the channel, from its name or its url',
  identity: null,
  oracle: oracle.q21,
  build: ({ bids }) =>
    bids
      .map(({ auction, bidder, price, channel, url }) => ({
        auction,
        bidder,
        price,
        channel,
        channelId: CHANNEL_IDS.get(channel.toLowerCase()) ?? parameterOf(url),
      }))
      .filter(({ channelId }) => channelId !== null),
};

export const q22: NexmarkQuery = {
  name: 'q22',
  summary: 'the directories of the url',
  identity: null,
  oracle: oracle.q22,
  build: ({ bids }) =>
    bids.map(({ auction, bidder, price, channel, url }) => {
      const first = afterSlashes(url, 0, 3);
      const second = afterSlashes(url, first, 1);
      const third = afterSlashes(url, second, 1);
      return {
        auction,
        bidder,
        price,
        channel,
        dir1: pieceAt(url, first),
        dir2: pieceAt(url, second),
        dir3: pieceAt(url, third),
      };
    }),
};

/** Thousandths: 0.908. Cents times this are whole numbers, so that bounds are exact. */
const RATE = 908;
const RATE_UNIT = 1000;
const LETTER_C = 99;
const PARAMETER = 'channel_id=';
const CHANNEL_IDS: ReadonlyMap<string, string> = new Map([
  ['apple', '0'],
  ['google', '1'],
  ['facebook', '2'],
  ['baidu', '3'],
]);

function converted(price: number): number {
  return (price * RATE) / RATE_UNIT;
}

function timeOfDay(hour: number): string {
  if (hour >= 8 && hour <= 18) return 'dayTime';
  return hour <= 6 || hour >= 20 ? 'nightTime' : 'otherTime';
}

function countOf(text: string, code: number): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) === code) count++;
  return count;
}

/** The value of the url's parameter, which begins the text or follows an ampersand; null if it has none. */
function parameterOf(url: string): string | null {
  let at = url.indexOf(PARAMETER);
  while (at > 0 && url[at - 1] !== '&') at = url.indexOf(PARAMETER, at + 1);
  if (at < 0) return null;
  const from = at + PARAMETER.length;
  const end = url.indexOf('&', from);
  return end < 0 ? url.slice(from) : url.slice(from, end);
}

/** Where the text stands behind so many slashes more; -1: there are not so many. */
function afterSlashes(text: string, from: number, count: number): number {
  let at = from;
  for (let left = count; left > 0 && at >= 0; left--) {
    const slash = text.indexOf('/', at);
    at = slash < 0 ? -1 : slash + 1;
  }
  return at;
}

function pieceAt(text: string, from: number): string | null {
  if (from < 0) return null;
  const end = text.indexOf('/', from);
  return end < 0 ? text.slice(from) : text.slice(from, end);
}
