import { describe, expect, it } from 'vitest';
import { topology } from '../../src/examples/coffee-shop/topology.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import type { StreamSpec } from '../../src/topology/compiled.ts';
import { canonicalOrder } from './canonical-order.ts';

const NOW = 1_763_600_060_000;
const id = 'ord_01HZX8';
const place = `kiosk-7/${id}`;

/** A shop in which these events have happened to the canonical order, a second apart. */
function shopAfter(...events: object[]): TopologyTestDriver {
  const driver = new TopologyTestDriver(topology, { now: NOW });
  for (const event of events) {
    driver.send('orders', event);
    driver.advance(1000);
  }
  return driver;
}

const later = (type: string, more: object = {}): object => ({ type, orderId: id, ...more });
const placed = canonicalOrder();
const row = (status: string, updatedAt: number, changes: object = {}): object => ({
  ...placed,
  ...changes,
  status,
  updatedAt,
});

describe('the coffee shop', () => {
  it('takes the canonical order as placed, with and without its type', () => {
    for (const event of [placed, { ...placed, type: 'placed' }]) {
      const shop = shopAfter(event);
      expect(shop.view('orders').rows()).toEqual([[id, row('placed', placed.placedAt)]]);
      expect(shop.view('open-orders').rows()).toEqual([[place, row('placed', placed.placedAt)]]);
    }
  });

  it.each<[string, object[], object | undefined]>([
    ['changed', [placed, later('changed', { totalCents: 1 })], row('changed', NOW + 1000, { totalCents: 1 })],
    ['changed without content', [placed, later('changed')], row('changed', NOW + 1000)],
    [
      'changed twice',
      [placed, later('changed'), later('changed', { items: [] })].slice(0, 2),
      row('changed', NOW + 1000),
    ],
    ['ready', [placed, later('ready')], row('ready', NOW + 1000)],
    [
      'ready after a change',
      [placed, later('changed', { totalCents: 1 }), later('ready')],
      row('ready', NOW + 2000, { totalCents: 1 }),
    ],
    ['collected', [placed, later('ready'), later('collected')], undefined],
    ['collected before it was said to be ready', [placed, later('collected')], undefined],
    ['cancelled', [placed, later('cancelled')], undefined],
    ['cancelled when ready', [placed, later('ready'), later('cancelled')], undefined],
    [
      'ready with the whole order again',
      [placed, { ...placed, type: 'ready', totalCents: 7 }],
      row('ready', placed.placedAt),
    ],
  ])('knows an order that is %s', (_, events, expected) => {
    const shop = shopAfter(...events);
    expect(shop.view('orders').get(id)).toEqual(expected);
    expect(shop.view('open-orders').get(place)).toEqual(expected);
    expect(shop.view('orders').size).toBe(expected === undefined ? 0 : 1);
    expect(shop.view('open-orders').size).toBe(expected === undefined ? 0 : 1);
  });

  it.each<[string, object[], object | undefined]>([
    ['placed twice', [placed, { ...placed, totalCents: 7 }], row('placed', placed.placedAt)],
    ['changed when ready', [placed, later('ready'), later('changed', { totalCents: 7 })], row('ready', NOW + 1000)],
    ['ready twice', [placed, later('ready'), later('ready')], row('ready', NOW + 1000)],
    ['changed, but unknown', [later('changed', { totalCents: 7 })], undefined],
    ['ready, but unknown', [later('ready')], undefined],
    ['collected, but unknown', [later('collected')], undefined],
    ['cancelled, but unknown', [later('cancelled')], undefined],
    ['ready after it was collected', [placed, later('collected'), later('ready')], undefined],
  ])('does nothing to an order that is %s', (_, events, expected) => {
    expect(
      shopAfter(...events)
        .view('orders')
        .get(id),
    ).toEqual(expected);
    const shop = shopAfter(...events.slice(0, -1));
    shop.changes('orders');
    shop.changes('open-orders');
    shop.send('orders', events.at(-1));
    expect(shop.changes('orders')).toEqual([]);
    expect(shop.changes('open-orders')).toEqual([]);
  });

  it('begins a new life for an id that comes back', () => {
    const again = canonicalOrder({ totalCents: 7 });
    expect(shopAfter(placed, later('collected'), again).view('orders').get(id)).toEqual(
      row('placed', placed.placedAt, { totalCents: 7 }),
    );
  });

  it('moves an open order to the store it is changed to', () => {
    const shop = shopAfter(placed, later('changed', { storeId: 'kiosk-9' }));
    expect(
      shop
        .view('open-orders')
        .rows()
        .map(([key]) => key),
    ).toEqual([`kiosk-9/${id}`]);
    expect(shop.changes('open-orders').map(({ key, next }) => [key, next !== undefined])).toEqual([
      [place, true],
      [place, false],
      [`kiosk-9/${id}`, true],
    ]);
  });

  it('lists the open orders of one store', () => {
    const driver = new TopologyTestDriver(topology, { partitionCount: 3 });
    for (const [orderId, storeId] of [
      ['b', 'kiosk-1'],
      ['a', 'kiosk-1'],
      ['c', 'kiosk-10'],
      ['d', 'kiosk-1'],
    ]) {
      driver.send('orders', canonicalOrder({ orderId: orderId as string, storeId: storeId as string }));
    }
    expect(
      driver
        .view('open-orders')
        .rows('kiosk-1/')
        .map(([key]) => key),
    ).toEqual(['kiosk-1/a', 'kiosk-1/b', 'kiosk-1/d']);
  });

  it('takes payments', () => {
    const driver = new TopologyTestDriver(topology);
    const payment = { paymentId: 'p-1', orderId: id, amountCents: 1040, currency: 'EUR', method: 'card', paidAt: NOW };
    expect(driver.send('payments', payment)).toEqual({ partition: 0, offset: 0 });
    expect(() => driver.send('payments', { ...payment, amountCents: 0, paidAt: 2 ** 53 })).toThrow(
      'stream=payments /amountCents must be >= 1, /paidAt must lie within',
    );
  });

  it('identifies an order by its id when it is placed, and never later', () => {
    const [identity] = (topology.streams[0] as StreamSpec).identities;
    expect(identity?.field).toBe('orderId');
    expect(identity?.appliesTo?.(placed)).toBe(true);
    expect(identity?.appliesTo?.({ ...placed, type: 'placed' })).toBe(true);
    for (const type of ['changed', 'cancelled', 'ready', 'collected'])
      expect(identity?.appliesTo?.(later(type))).toBe(false);
  });

  it.each<[string, object, string]>([
    ['an unknown type', later('eaten'), '/type must be one of "placed", "changed", "cancelled", "ready", "collected"'],
    ['a placed order without items', { ...placed, items: undefined }, '/items'],
    ['an empty order', { ...placed, items: [] }, '/items'],
    ['a slash in the store', { ...placed, storeId: 'a/b' }, '/storeId'],
    ['a price of half a cent', { ...placed, totalCents: 0.5 }, '/totalCents must be integer'],
    ['a member that nobody knows', { ...placed, tip: 1 }, '/tip is not a known member'],
    ['a ready event without an order', { type: 'ready' }, '/orderId is missing'],
  ])('refuses %s', (_, event, issue) => {
    expect(() => shopAfter(event)).toThrow(issue);
  });
});
