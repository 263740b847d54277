import { describe, expect, it } from 'vitest';
import { check, driverRunner, memoryRunner, type Runner } from '../../../native-bench/nexmark/check.ts';
import type { NexmarkEvent } from '../../../native-bench/nexmark/model.ts';
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
