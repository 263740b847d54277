import { describe, expect, it } from 'vitest';
import { USUAL_ORDERS } from '../../src/examples/coffee-shop/busy-cards.ts';
import { topology } from '../../src/examples/coffee-shop/topology.ts';
import type { JournalEntry } from '../../src/index.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { canonicalOrder } from './canonical-order.ts';

/** A whole minute, so that minutes of the clock are minutes of the test. */
const OPENING = Date.parse('2025-11-20T06:00:00.000Z');
const MINUTE = 60_000;

const LATTE = { sku: 'latte', qty: 1, priceCents: 450, options: [] };
const BUN = { sku: 'bun', qty: 1, priceCents: 200, options: [] };

/** What happens in the shop, on a clock that only the test moves. */
class Shop {
  readonly driver: TopologyTestDriver;

  constructor(partitionCount: number) {
    this.driver = new TopologyTestDriver(topology, { partitionCount, now: OPENING });
  }

  menu(sku: string, name: string, priceCents: number, isAvailable = true): void {
    this.driver.send('menu', { sku, name, priceCents, isAvailable });
  }

  order(orderId: string, changes: object = {}): void {
    this.driver.send('orders', { ...canonicalOrder({ orderId, placedAt: this.driver.now }), ...changes });
  }

  later(orderId: string, type: string, changes: object = {}): void {
    this.driver.send('orders', { orderId, type, ...changes });
  }

  pay(paymentId: string, orderId: string, amountCents: number, changes: object = {}): void {
    const paidAt = this.driver.now;
    const payment = { paymentId, orderId, amountCents, currency: 'EUR', method: 'card', paidAt };
    this.driver.send('payments', { ...payment, ...changes });
  }

  /** Minute by minute, as a clock goes that wakes whoever has waited for it. */
  wait(minutes: number): void {
    for (let minute = 0; minute < minutes; minute++) this.driver.advance(MINUTE);
  }

  /** What the rows of a journal tell. */
  told(view: string): unknown[] {
    const rows = this.driver.view<JournalEntry<object>>(view).rows();
    return rows.map(([, { value }]) => value);
  }

  rows(view: string, prefix?: string): [string, unknown][] {
    return this.driver.view(view).rows(prefix);
  }

  unpaid(): unknown[] {
    const rows = this.driver.view<JournalEntry<{ orderId: string }>>('unpaid-orders').rows();
    return rows.map(([, { value }]) => value).sort((a, b) => (String(a?.orderId) < String(b?.orderId) ? -1 : 1));
  }
}

describe.each([1, 4])('the coffee shop in %i partitions', (partitionCount) => {
  it('counts what is sold of each item in each minute, by its name on the menu', () => {
    const shop = new Shop(partitionCount);
    shop.menu('latte', 'Caffè latte', 450);
    shop.order('a', { items: [LATTE, { ...LATTE, qty: 2 }, BUN] });
    shop.order('b', { items: [LATTE], storeId: 'kiosk-9' });
    shop.wait(1);
    shop.order('c', { items: [BUN] });
    shop.later('c', 'changed', { items: [BUN, BUN] });
    shop.later('a', 'cancelled');
    expect(shop.rows('sales-per-minute')).toEqual([
      ['bun/2025-11-20T06:00:00.000Z', { name: 'bun', qty: 1, cents: 200 }],
      ['bun/2025-11-20T06:01:00.000Z', { name: 'bun', qty: 1, cents: 200 }],
      ['latte/2025-11-20T06:00:00.000Z', { name: 'Caffè latte', qty: 4, cents: 1800 }],
    ]);
  });

  it('takes an order whose sku cannot be a key, and counts the rest of it', () => {
    const shop = new Shop(partitionCount);
    shop.order('a', { items: [{ ...BUN, sku: 'b\u0000n' }, { ...BUN, sku: '\ud800' }, BUN] });
    expect(shop.driver.view('orders').size).toBe(1);
    expect(shop.rows('sales-per-minute').map(([key]) => key)).toEqual(['bun/2025-11-20T06:00:00.000Z']);
  });

  it('shows the menu, each item once, as it is now', () => {
    const shop = new Shop(partitionCount);
    shop.menu('latte', 'Latte', 400);
    shop.menu('latte', 'Latte', 450);
    expect(shop.rows('menu')).toEqual([['latte', { sku: 'latte', name: 'Latte', priceCents: 450, isAvailable: true }]]);
  });

  it('says how long an order has been waiting, in a quiet shop too, until it is ready', () => {
    const shop = new Shop(partitionCount);
    shop.order('a');
    shop.wait(2);
    shop.order('b');
    const waiting = (): unknown[] => shop.rows('waiting-orders', 'kiosk-7/').map(([, row]) => row);
    const row = (orderId: string, since: number, minutes: number): object => {
      return { orderId, storeId: 'kiosk-7', since: OPENING + since * MINUTE, minutes };
    };
    expect(waiting()).toEqual([row('a', 0, 0), row('b', 2, 0)]);
    shop.wait(3);
    expect(waiting()).toEqual([row('a', 0, 5), row('b', 2, 0)]);
    shop.driver.restart();
    shop.wait(10);
    expect(waiting()).toEqual([row('a', 0, 15), row('b', 2, 10)]);
    shop.later('a', 'ready');
    shop.wait(2);
    expect(waiting()).toEqual([row('b', 2, 15)]);
    shop.wait(600);
    expect(waiting()).toEqual([row('b', 2, 60)]);
    shop.later('b', 'cancelled');
    expect(waiting()).toEqual([]);
  });

  it('moves an order that waits to the store it is changed to', () => {
    const shop = new Shop(partitionCount);
    shop.order('a');
    shop.later('a', 'changed', { storeId: 'kiosk-9' });
    shop.wait(5);
    expect(shop.rows('waiting-orders')).toEqual([
      [`kiosk-9/${OPENING}/a`, { orderId: 'a', storeId: 'kiosk-9', since: OPENING, minutes: 5 }],
    ]);
  });

  it('says how long the orders of a store took in each hour; one that was cancelled took none', () => {
    const shop = new Shop(partitionCount);
    for (const orderId of ['a', 'b', 'c']) shop.order(orderId);
    shop.wait(2);
    shop.later('a', 'ready');
    shop.later('c', 'cancelled');
    shop.wait(2);
    shop.later('b', 'ready');
    shop.later('b', 'collected');
    expect(shop.rows('waiting-per-store')).toEqual([
      ['kiosk-7/2025-11-20T06:00:00.000Z', { orders: 2, meanMs: 3 * MINUTE, longestMs: 4 * MINUTE }],
    ]);
  });

  it('tells of an order that is not paid within ten minutes, when nobody comes in any more', () => {
    const shop = new Shop(partitionCount);
    shop.order('none', { totalCents: 500 });
    shop.order('part', { totalCents: 500 });
    shop.order('gone', { totalCents: 500 });
    shop.order('full', { totalCents: 500 });
    shop.order('cancelled', { totalCents: 500 });
    shop.pay('p-1', 'part', 400);
    shop.pay('p-2', 'full', 400);
    shop.wait(1);
    shop.pay('p-3', 'full', 100);
    shop.later('cancelled', 'cancelled');
    shop.later('gone', 'collected');
    shop.wait(8);
    expect(shop.unpaid()).toEqual([]);
    shop.driver.restart();
    shop.wait(1);
    expect(shop.unpaid()).toEqual([
      { orderId: 'gone', storeId: 'kiosk-7', totalCents: 500, paidCents: 0 },
      { orderId: 'none', storeId: 'kiosk-7', totalCents: 500, paidCents: 0 },
      { orderId: 'part', storeId: 'kiosk-7', totalCents: 500, paidCents: 400 },
    ]);
    shop.pay('p-4', 'none', 500);
    shop.wait(60);
    expect(shop.unpaid()).toHaveLength(3);
  });

  it('knows a payment that comes before its order', () => {
    const shop = new Shop(partitionCount);
    shop.pay('p-1', 'a', 1040);
    shop.wait(5);
    shop.order('a');
    shop.wait(20);
    expect(shop.unpaid()).toEqual([]);
  });

  it.each<[string, (shop: Shop) => void, number]>([
    ['more', (shop) => shop.later('a', 'changed', { totalCents: 1200 }), 1],
    ['less', (shop) => shop.later('a', 'changed', { totalCents: 900 }), 0],
    [
      'more, when it is ready',
      (shop) => {
        shop.later('a', 'ready');
        shop.later('a', 'changed', { totalCents: 1200 });
      },
      0,
    ],
  ])('asks for what an order costs that is changed to cost %s', (_, change, count) => {
    const shop = new Shop(partitionCount);
    shop.order('a', { totalCents: 1000 });
    shop.pay('p-1', 'a', 1000);
    change(shop);
    shop.wait(10);
    expect(shop.unpaid()).toHaveLength(count);
  });

  it('names the cards that pay for many orders within ten minutes; parts of one order are one', () => {
    const shop = new Shop(partitionCount);
    for (let n = 0; n <= USUAL_ORDERS; n++) {
      shop.pay(`slow-${n}`, `slow-${n}`, 100, { cardId: 'tok_slow' });
      shop.pay(`part-${n}`, 'one', 100, { cardId: 'tok_parts' });
      shop.pay(`cash-${n}`, `cash-${n}`, 100, { method: 'cash' });
      shop.wait(3);
    }
    expect(shop.rows('busy-cards')).toEqual([]);
    const begin = shop.driver.now;
    for (let n = 0; n <= USUAL_ORDERS; n++) {
      shop.pay(`busy-${n}`, `busy-${n}`, 100, { cardId: 'tok_busy' });
      shop.wait(2);
    }
    const orderIds = Array.from({ length: USUAL_ORDERS + 1 }, (_, n) => `busy-${n}`);
    expect(shop.rows('busy-cards')).toEqual([[`tok_busy/${new Date(begin).toISOString()}`, { orderIds }]]);
  });

  it('names a card that was tried with little before much, in the order in which it paid', () => {
    const shop = new Shop(partitionCount);
    const pay = (paymentId: string, cents: number, cardId: string, secondsAgo: number): void =>
      shop.pay(paymentId, paymentId, cents, { cardId, paidAt: shop.driver.now - secondsAgo * 1000 });
    shop.wait(10);
    pay('usual', 1040, 'tok_usual', 0);
    pay('dear', 9000, 'tok_other', 50);
    pay('much', 9000, 'tok_tried', 5);
    pay('little', 50, 'tok_tried', 40);
    pay('little-after', 50, 'tok_other', 0);
    shop.driver.restart();
    expect(shop.told('tried-cards')).toEqual([]);
    const usedAt = OPENING + 10 * MINUTE - 5000;
    shop.wait(3);
    for (const cardId of ['tok_tried', 'tok_other']) pay(`${cardId}-next`, 1040, cardId, 0);
    expect(shop.told('tried-cards')).toEqual([{ cardId: 'tok_tried', triedBy: 'little', usedBy: 'much', usedAt }]);
    pay('slow', 50, 'tok_slow', 0);
    shop.wait(5);
    pay('later', 9000, 'tok_slow', 0);
    shop.wait(5);
    pay('latest', 1040, 'tok_slow', 0);
    expect(shop.told('tried-cards')).toHaveLength(1);
  });

  it('makes a session of the orders of a kiosk, up to a pause', () => {
    const shop = new Shop(partitionCount);
    for (const orderId of ['a', 'b']) {
      shop.order(orderId, { totalCents: 100 });
      shop.order(`${orderId}-9`, { storeId: 'kiosk-9', totalCents: 70 });
      shop.wait(5);
    }
    shop.wait(1);
    shop.order('c', { totalCents: 300 });
    const at = (minute: number): number => OPENING + minute * MINUTE;
    expect(shop.rows('kiosk-sessions')).toEqual([
      ['kiosk-7/2025-11-20T06:00:00.000Z', { orders: 2, cents: 200, lastOrderAt: at(5) }],
      ['kiosk-7/2025-11-20T06:11:00.000Z', { orders: 1, cents: 300, lastOrderAt: at(11) }],
      ['kiosk-9/2025-11-20T06:00:00.000Z', { orders: 2, cents: 140, lastOrderAt: at(5) }],
    ]);
    // An order that was held up on its way closes the gap.
    shop.order('late', { totalCents: 50, placedAt: at(8) });
    expect(shop.rows('kiosk-sessions', 'kiosk-7/')).toEqual([
      ['kiosk-7/2025-11-20T06:00:00.000Z', { orders: 4, cents: 550, lastOrderAt: at(11) }],
    ]);
  });

  it('hints at a price by what was sold lately, and lets it go again in a quiet shop', () => {
    const shop = new Shop(partitionCount);
    shop.menu('latte', 'Latte', 450);
    shop.menu('bun', 'Bun', 200, false);
    shop.order('unknown');
    shop.order('a', { items: [LATTE, { ...BUN, qty: 30 }] });
    const hints = (): unknown => shop.rows('price-hints');
    const row = (soldLately: number, hintCents: number): unknown => [
      ['latte', { name: 'Latte', soldLately, priceCents: 450, hintCents }],
    ];
    expect(hints()).toEqual(row(1, 405));
    shop.wait(5);
    shop.order('b', { items: [{ ...LATTE, qty: 19 }] });
    expect(hints()).toEqual(row(20, 495));
    shop.wait(5);
    expect(hints()).toEqual(row(20, 495));
    shop.wait(1);
    expect(hints()).toEqual(row(19, 450));
    shop.driver.restart();
    shop.wait(5);
    expect(hints()).toEqual(row(0, 405));
    shop.menu('latte', 'Latte', 500, false);
    shop.order('c', { items: [LATTE] });
    expect(hints()).toEqual([]);
  });

  it('shows what one partition would show', () => {
    const shops = [new Shop(1), new Shop(partitionCount)];
    for (const shop of shops) {
      shop.menu('latte', 'Latte', 450);
      for (let n = 0; n < 60; n++) {
        shop.order(`o-${n}`, { storeId: `kiosk-${n % 3}`, items: n % 2 === 0 ? [LATTE, BUN] : [LATTE] });
        if (n % 3 === 0) shop.pay(`p-${n}`, `o-${n}`, 1040, { cardId: `tok_${n % 2}` });
        if (n % 10 === 1) shop.pay(`t-${n}`, `t-${n}`, n % 20 === 1 ? 50 : 9000, { cardId: 'tok_tried' });
        if (n % 4 === 0) shop.later(`o-${n}`, 'ready');
        shop.driver.advance(MINUTE / 4);
      }
      shop.wait(10);
      shop.pay('t-last', 't-last', 1040, { cardId: 'tok_tried' });
    }
    const [one, many] = shops as [Shop, Shop];
    expect(many.unpaid()).toEqual(one.unpaid());
    expect(one.unpaid()).toHaveLength(40);
    expect(many.told('tried-cards')).toEqual(one.told('tried-cards'));
    expect(one.told('tried-cards')).toHaveLength(3);
    const journals = ['unpaid-orders', 'tried-cards'];
    for (const { name } of topology.views.filter(({ name }) => !journals.includes(name))) {
      expect([name, many.rows(name)]).toEqual([name, one.rows(name)]);
      expect([name, one.rows(name).length > 0]).toEqual([name, true]);
    }
  });
});
