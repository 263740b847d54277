import { describe, expect, it } from 'vitest';
import { topology as byProducer } from '../../src/examples/canonical/by-producer.ts';
import { topology as orderTable } from '../../src/examples/canonical/order-table.ts';
import { topology } from '../../src/examples/canonical/topology.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { CANONICAL_ORDER_JSON, canonicalOrder } from './canonical-order.ts';

describe('the canonical topology', () => {
  it('takes the canonical order, keyed by customer, with its members in the order of a msgpack record', () => {
    for (const { streams } of [topology, byProducer]) {
      expect(streams[0]?.check(JSON.parse(CANONICAL_ORDER_JSON))).toBe(true);
      expect(streams[0]?.keyField).toBe('customerId');
      expect(streams[0]?.guarantee).toBe('exactly-once');
      expect(streams[0]?.fields).toEqual([
        'orderId',
        'customerId',
        'storeId',
        'placedAt',
        'items',
        'totalCents',
        'currency',
      ]);
    }
    expect(topology.streams[0]?.identities).toEqual([{ field: 'orderId', appliesTo: null }]);
    expect(byProducer.streams[0]?.identities).toEqual([]);
  });

  it.each([
    ['by order id', topology],
    ['by producer', byProducer],
  ])('adds up the orders of each customer (%s)', (_, canonical) => {
    const driver = new TopologyTestDriver(canonical);
    driver.send('orders', canonicalOrder({ orderId: 'a', totalCents: 100, placedAt: 1_763_600_000_001 }));
    driver.send('orders', canonicalOrder({ orderId: 'b', totalCents: 20, placedAt: 1_763_600_000_002 }));
    driver.send('orders', canonicalOrder({ orderId: 'c', customerId: 'c-1', totalCents: 3 }));
    expect(driver.view('customers').rows()).toEqual([
      ['c-1', { orders: 1, totalCents: 3, lastOrderId: 'c', lastAt: 1_763_600_000_000 }],
      ['c-4821', { orders: 2, totalCents: 120, lastOrderId: 'b', lastAt: 1_763_600_000_002 }],
    ]);
  });

  it('keeps no more than it shows: one store, shared by aggregate and view', () => {
    expect(topology.stores).toEqual([{ id: 0, name: 'customer-totals', isOrdered: true, isTimed: true }]);
  });
});

describe('the canonical order table', () => {
  it('holds what is open and is empty when every order has been collected', () => {
    const driver = new TopologyTestDriver(orderTable);
    driver.send('orders', canonicalOrder());
    for (const type of ['changed', 'ready']) driver.send('orders', { type, orderId: 'ord_01HZX8' });
    expect(driver.view<{ status: string }>('orders').get('ord_01HZX8')?.status).toBe('ready');
    driver.send('orders', { type: 'collected', orderId: 'ord_01HZX8' });
    expect(driver.view('orders').size).toBe(0);
  });
});
