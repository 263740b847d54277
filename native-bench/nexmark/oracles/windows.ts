import type { Bid } from '../model.ts';
import type { OracleInput } from '../query.ts';
import { bidsOf } from './stateless.ts';

/** What q5, q7, q11 and q12 say, by the plainest way: every window is looked at by itself. */

const SIZE_MS = 10_000;

/** Starts of the windows that some bid is in and that are over. */
function closedWindows(bids: readonly Bid[], watermark: number, advance: number): number[] {
  const starts = new Set<number>();
  for (const { dateTime } of bids) {
    for (let start = Math.floor(dateTime / advance) * advance; start > dateTime - SIZE_MS; start -= advance) {
      starts.add(start);
    }
  }
  return [...starts].filter((start) => start + SIZE_MS - 1 <= watermark);
}

function bidsIn(bids: readonly Bid[], start: number): Bid[] {
  return bids.filter(({ dateTime }) => dateTime >= start && dateTime < start + SIZE_MS);
}

function countsBy(bids: readonly Bid[], field: 'auction' | 'bidder'): [id: number, bids: number][] {
  const counts = new Map<number, number>();
  for (const bid of bids) counts.set(bid[field], (counts.get(bid[field]) ?? 0) + 1);
  return [...counts];
}

export function q5({ events, watermark }: OracleInput): unknown[] {
  const all = bidsOf(events);
  return closedWindows(all, watermark, 2000).flatMap((windowStart) => {
    const counts = countsBy(bidsIn(all, windowStart), 'auction');
    const most = counts.reduce((greatest, [, bids]) => Math.max(greatest, bids), 0);
    return counts.filter(([, bids]) => bids === most).map(([auction, bids]) => ({ auction, bids, windowStart }));
  });
}

export function q7({ events, watermark }: OracleInput): unknown[] {
  const all = bidsOf(events);
  return closedWindows(all, watermark, SIZE_MS).flatMap((start) => {
    const greatest = bidsIn(all, start).reduce((most, { price }) => Math.max(most, price), 0);
    return all
      .filter(({ dateTime, price }) => price === greatest && dateTime >= start && dateTime <= start + SIZE_MS)
      .map(({ auction, bidder, price, dateTime, extra }) => ({ auction, bidder, price, dateTime, extra }));
  });
}

export function q11({ events, watermark }: OracleInput): unknown[] {
  const times = new Map<number, number[]>();
  for (const { bidder, dateTime } of bidsOf(events)) times.set(bidder, [...(times.get(bidder) ?? []), dateTime]);
  const sessions = [...times].flatMap(([bidder, all]) => {
    const sorted = all.sort((a, b) => a - b);
    const firsts = sorted.flatMap((time, i) => (i === 0 || time - (sorted[i - 1] as number) > SIZE_MS ? [i] : []));
    return firsts.map((first, i) => {
      const own = sorted.slice(first, firsts[i + 1]);
      return { bidder, bids: own.length, start: own[0], end: (own.at(-1) as number) + SIZE_MS };
    });
  });
  return sessions.filter(({ end }) => end - 1 <= watermark);
}

/** In a check, a bid is taken in at the time that it bears. */
export function q12({ events, watermark }: OracleInput): unknown[] {
  const all = bidsOf(events);
  return closedWindows(all, watermark, SIZE_MS).flatMap((start) =>
    countsBy(bidsIn(all, start), 'bidder').map(([bidder, bids]) => ({ bidder, bids, start, end: start + SIZE_MS })),
  );
}
