import { describe, expect, it } from 'vitest';
import { check, driverRunner, memoryRunner, type Runner } from '../../../native-bench/nexmark/check.ts';
import { BASE_TIME } from '../../../native-bench/nexmark/generator.ts';
import { BID, type NexmarkEvent } from '../../../native-bench/nexmark/model.ts';
import { QUERIES } from '../../../native-bench/nexmark/queries.ts';
import type { NexmarkQuery } from '../../../native-bench/nexmark/query.ts';
import { eventsOf } from '../../../native-bench/nexmark/workload.ts';

const DENSE = eventsOf({ seed: 1, density: 10_000_000, events: 2400 });
/** Windows roll: half a minute of event time. */
const SPARSE = eventsOf({ seed: 2, density: 80, events: 2400 });
/** Events come up to 3.6 s late, which a watermark 4 s behind waits for. */
const DISORDERED = eventsOf({ seed: 3, density: 80, events: 2400, outOfOrderGroupSize: 290 });

function expectSame(query: NexmarkQuery, events: readonly NexmarkEvent[], run: Runner): void {
  const { rows, difference } = check(query, events, run);
  expect(difference).toBeNull();
  expect(rows).toBeGreaterThan(0);
}

describe('a query of Nexmark says what its oracle says', () => {
  it.each(QUERIES)('$name, dense and in development mode', (query) => expectSame(query, DENSE, driverRunner));

  it.each(QUERIES)('$name, windows rolling, on the state of the engine', (query) =>
    expectSame(query, SPARSE, memoryRunner),
  );

  // Processing time knows no other order than that of coming.
  const byEventTime = QUERIES.filter((query) => query.isByProcessingTime !== true);
  it.each(byEventTime)('$name, events in disorder', (query) => expectSame(query, DISORDERED, memoryRunner));
});

describe('the edges of windows', () => {
  const second = (n: number): number => BASE_TIME + n * 1000;
  const bid = (at: number, price: number, auction = 1, bidder = 1): NexmarkEvent => ({
    kind: BID,
    event: { auction, bidder, price, channel: 'Apple', url: 'https://a/b/c/d/', dateTime: at, extra: '' },
  });
  const rowsOf = (name: string, events: readonly NexmarkEvent[]): number => {
    const query = QUERIES.find((one) => one.name === name) as NexmarkQuery;
    const { rows, difference } = check(query, [...events, bid(second(60), 1, 9, 9)], driverRunner);
    expect(difference).toBeNull();
    return rows;
  };

  it('q5: auctions with the same greatest count are all told, in five windows each', () => {
    expect(rowsOf('q5', [bid(second(8), 5, 1), bid(second(8), 5, 2), bid(second(9), 5, 3)])).toBe(15);
    expect(rowsOf('q5', [bid(second(8), 5, 1), bid(second(9), 5, 2), bid(second(9), 5, 2)])).toBe(5);
  });

  it('q7: a bid at the very end belongs to the result if its price is the greatest, and to the next window', () => {
    expect(rowsOf('q7', [bid(second(1), 700), bid(second(10), 700)])).toBe(3);
    expect(rowsOf('q7', [bid(second(1), 700), bid(second(10), 800), bid(second(10), 600)])).toBe(2);
    expect(rowsOf('q7', [bid(second(10), 700), bid(second(8), 700), bid(second(9), 600)])).toBe(3);
  });

  it('q11: a pause of exactly 10 s ends no session', () => {
    expect(rowsOf('q11', [bid(second(1), 5), bid(second(11), 5)])).toBe(1);
    expect(rowsOf('q11', [bid(second(1), 5), bid(second(11) + 1, 5)])).toBe(2);
  });

  it('q12: a window does not hold its end', () => {
    expect(rowsOf('q12', [bid(second(1), 5), bid(second(10), 5)])).toBe(2);
  });
});

describe('check', () => {
  it('says where a result differs from what the oracle says', () => {
    const [q0] = QUERIES as [NexmarkQuery];
    const wrong: NexmarkQuery = {
      ...q0,
      build: ({ bids }) => bids.map(({ price, ...bid }) => ({ ...bid, price: price + 1 })),
    };
    expect(check(wrong, DENSE, driverRunner).difference).toMatch(/^rows=\d+ expected=\d+; row 0 is /);
    const lacking: NexmarkQuery = { ...q0, oracle: (input) => q0.oracle(input).slice(1) };
    expect(check(lacking, DENSE, driverRunner).difference).toMatch(/^rows=\d+ expected=\d+/);
  });
});
