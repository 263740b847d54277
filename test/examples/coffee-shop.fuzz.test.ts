import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topology } from '../../src/examples/coffee-shop/topology.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { canonicalOrder } from './canonical-order.ts';

interface Event {
  type: 'placed' | 'changed' | 'cancelled' | 'ready' | 'collected';
  orderId: string;
  storeId: string;
  totalCents: number;
}

/** The life of the orders as a clerk would keep it on paper. */
function openOrders(events: readonly Event[]): Map<string, object> {
  const open = new Map<string, { status: string; storeId: string; totalCents: number }>();
  for (const { type, orderId, storeId, totalCents } of events) {
    const order = open.get(orderId);
    if (type === 'placed' && order === undefined) open.set(orderId, { status: 'placed', storeId, totalCents });
    if (order === undefined) continue;
    if (type === 'cancelled' || type === 'collected') open.delete(orderId);
    if (type === 'ready') order.status = 'ready';
    if (type === 'changed' && order.status !== 'ready')
      Object.assign(order, { status: 'changed', storeId, totalCents });
  }
  return open;
}

describe('the coffee shop', () => {
  const event = fc.record({
    type: fc.constantFrom<Event['type'][]>('placed', 'changed', 'cancelled', 'ready', 'collected'),
    orderId: fc.constantFrom('a', 'b', 'c'),
    storeId: fc.constantFrom('x', 'y'),
    totalCents: fc.nat({ max: 9 }),
  });

  it('shows what a clerk would have on paper, in both views', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 50 }), fc.integer({ min: 1, max: 3 }), (events, partitionCount) => {
        const shop = new TopologyTestDriver(topology, { partitionCount });
        for (const one of events) shop.send('orders', one.type === 'placed' ? canonicalOrder(one) : one);
        const seen = (view: string): [string, object][] =>
          shop
            .view<{ status: string; storeId: string; totalCents: number }>(view)
            .rows()
            .map(([key, { status, storeId, totalCents }]) => [key, { status, storeId, totalCents }]);
        const expected = [...openOrders(events)] as [string, { storeId: string }][];
        expect(new Map(seen('orders'))).toEqual(new Map(expected));
        expect(new Map(seen('open-orders'))).toEqual(
          new Map(expected.map(([key, row]) => [`${row.storeId}/${key}`, row])),
        );
      }),
      fuzzRuns(300),
    );
  });
});
