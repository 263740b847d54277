import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { Order } from './schemas.ts';

type OrderEvent = { orderId: string; storeId: string; totalCents: number };

/** A negative total deletes, 0 changes nothing, 7 fails, anything else is the row from now on. */
const rule = (current: OrderEvent | null, event: OrderEvent): OrderEvent | null => {
  if (event.totalCents === 7) throw new Error('seven');
  if (event.totalCents === 0) return current;
  return event.totalCents < 0 ? null : event;
};

const topology = defineTopology('fuzz', (t) => {
  const orders = t.stream('orders', { schema: Order, key: 'orderId' });
  // The count stands before the rule, so that a failure has something to undo.
  orders.groupByKey().count('counts').toView('counts');
  orders
    .toTable('life', rule)
    .toView('rows')
    .toView('by-store', { key: (row, key) => `${row.storeId}/${key}` })
    .filter((row) => row.totalCents > 3)
    .toView('big')
    .map((row) => row.totalCents)
    .toView('big-totals');
  orders
    .flatMap((event) => [event, event])
    .groupByKey()
    .reduce('max', (a, b) => (a.totalCents >= b.totalCents ? a : b))
    .toView('max');
});

/** The views as anybody would compute them from the list of events. */
function fold(events: readonly OrderEvent[]): Record<string, Map<string, unknown>> {
  const counts = new Map<string, number>();
  const rows = new Map<string, OrderEvent>();
  const max = new Map<string, OrderEvent>();
  for (const event of events) {
    if (event.totalCents === 7) continue;
    counts.set(event.orderId, (counts.get(event.orderId) ?? 0) + 1);
    if (event.totalCents < 0) rows.delete(event.orderId);
    else if (event.totalCents > 0) rows.set(event.orderId, event);
    const greatest = max.get(event.orderId);
    if (greatest === undefined || greatest.totalCents < event.totalCents) max.set(event.orderId, event);
  }
  const big = [...rows].filter(([, row]) => row.totalCents > 3);
  return {
    counts,
    rows,
    'by-store': new Map([...rows].map(([key, row]) => [`${row.storeId}/${key}`, row])),
    big: new Map(big),
    'big-totals': new Map(big.map(([key, row]) => [key, row.totalCents])),
    max,
  };
}

describe('a topology', () => {
  const event = fc.record({
    orderId: fc.constantFrom('a', 'b', 'c', 'd'),
    storeId: fc.constantFrom('x', 'y'),
    totalCents: fc.integer({ min: -2, max: 9 }),
  });

  it('has views that equal a naive fold over the events, whatever the number of partitions', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (events, partitionCount) => {
        const driver = new TopologyTestDriver(topology, { partitionCount });
        const shown: Record<string, Map<string, unknown>> = {};
        for (const one of events) {
          if (one.totalCents === 7) expect(() => driver.send('orders', one)).toThrow('operator=life');
          else driver.send('orders', one);
        }
        const expected = fold(events);
        for (const [view, rows] of Object.entries(expected)) {
          shown[view] = new Map(driver.view(view).rows());
          expect(shown[view], view).toEqual(rows);
          expect(replayOf(driver.changes(view)), `changes of ${view}`).toEqual(rows);
        }
      }),
      fuzzRuns(300),
    );
  });
});

/** What a subscriber knows that applies every change; each must begin where the last one ended. */
function replayOf(changes: readonly { key: string; next: unknown; previous: unknown }[]): Map<string, unknown> {
  const rows = new Map<string, unknown>();
  for (const { key, next, previous } of changes) {
    expect(rows.get(key)).toEqual(previous);
    if (next === undefined) rows.delete(key);
    else rows.set(key, next);
  }
  return rows;
}
