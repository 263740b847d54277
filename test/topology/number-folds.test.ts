import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { windowOfKey } from '../../src/operators/window-key.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { GroupedStream } from '../../src/topology/grouped-stream.ts';
import type { Table, WindowedTable } from '../../src/topology/table.ts';
import type { TopologyError } from '../../src/topology/topology-error.ts';
import { hopping, session, tumbling, type WindowDefinition } from '../../src/topology/windows.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { Order, order } from './schemas.ts';

type OrderEvent = ReturnType<typeof order>;
const grouped = (t: TopologyBuilder): GroupedStream<OrderEvent> =>
  t.stream('orders', { schema: Order, key: 'orderId' }).groupByKey();

const topology = defineTopology('t', (t) => {
  const orders = grouped(t);
  const cents = ({ totalCents }: OrderEvent): number => totalCents;
  orders.sum('sum', cents).toView('sum');
  orders.min('min', cents).toView('min');
  orders.max('max', cents).toView('max');
  orders.avg('avg', cents).toView('avg');
  const top = orders.topN('top', 2, cents);
  expectTypeOf(orders.sum).returns.toEqualTypeOf<Table<number>>();
  expectTypeOf(orders.avg).returns.toEqualTypeOf<Table<number>>();
  expectTypeOf(top).toEqualTypeOf<Table<readonly OrderEvent[]>>();
  top.toView('top');
});

describe('GroupedStream.sum, min, max, avg and topN', () => {
  it('show what anybody computes from the list of numbers', () => {
    const event = fc.record({ key: fc.constantFrom('a', 'b'), cents: fc.integer({ min: -50, max: 50 }) });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 40 }), (events) => {
        const driver = new TopologyTestDriver(topology);
        for (const [index, { key, cents }] of events.entries()) driver.send('orders', order(key, cents, `${index}`));
        for (const key of new Set(events.map((one) => one.key))) {
          const numbers = events.filter((one) => one.key === key).map(({ cents }) => cents);
          const sum = numbers.reduce((total, one) => total + one, 0);
          expect(driver.view('sum').get(key)).toBe(sum);
          expect(driver.view('min').get(key)).toBe(Math.min(...numbers));
          expect(driver.view('max').get(key)).toBe(Math.max(...numbers));
          expect(driver.view('avg').get(key)).toBe(sum / numbers.length);
          const first = events
            .map((one, index) => ({ ...one, index }))
            .filter((one) => one.key === key)
            .sort((a, b) => b.cents - a.cents || a.index - b.index)
            .slice(0, 2);
          const top = driver.view<OrderEvent[]>('top').get(key);
          expect(top?.map(({ storeId }) => Number(storeId))).toEqual(first.map(({ index }) => index));
        }
      }),
      fuzzRuns(100),
    );
  });

  it.each<[string, WindowDefinition, number]>([
    ['tumbling', tumbling({ size: 10, grace: 100 }), 0],
    ['hopping', hopping({ size: 10, advance: 10, grace: 100 }), 0],
    ['sessions', session({ gap: 3, grace: 100 }), 3],
  ])('show it of windows too, of sessions that became one in any order: %s', (_, window, gap) => {
    const ofWindows = defineTopology('t', (t) => {
      const orders = grouped(t).window(window);
      const cents = ({ totalCents }: OrderEvent): number => totalCents;
      orders.sum('sum', cents).toView('sum');
      orders.min('min', cents).toView('min');
      orders.max('max', cents).toView('max');
      orders.avg('avg', cents).toView('avg');
      orders.topN('top', 2, cents).toView('top');
      expectTypeOf(orders.topN).returns.toEqualTypeOf<WindowedTable<readonly OrderEvent[], OrderEvent>>();
      expectTypeOf(orders.sum).returns.toEqualTypeOf<WindowedTable<number, OrderEvent>>();
      expectTypeOf(orders.avg).returns.toEqualTypeOf<WindowedTable<number, OrderEvent>>();
    });
    const event = fc.record({ at: fc.integer({ min: 0, max: 60 }), cents: fc.integer({ min: -50, max: 50 }) });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 30 }), (events) => {
        const driver = new TopologyTestDriver(ofWindows);
        for (const [index, { at, cents }] of events.entries()) {
          driver.send('orders', order('a', cents, `${index}`), { eventTime: at });
        }
        for (const [key, sum] of driver.view<number>('sum').rows()) {
          const { start, end } = windowOfKey(key);
          const isIn = (at: number): boolean => at >= start && (gap > 0 ? at <= end : at < end);
          const own = events.map((one, index) => ({ ...one, index })).filter(({ at }) => isIn(at));
          const numbers = own.map(({ cents }) => cents);
          const first = own.toSorted((a, b) => b.cents - a.cents || a.index - b.index).slice(0, 2);
          const top = driver.view<OrderEvent[]>('top').get(key);
          expect(top?.map(({ storeId }) => Number(storeId))).toEqual(first.map(({ index }) => index));
          expect(sum).toBe(numbers.reduce((total, one) => total + one, 0));
          expect(driver.view('min').get(key)).toBe(Math.min(...numbers));
          expect(driver.view('max').get(key)).toBe(Math.max(...numbers));
          expect(driver.view('avg').get(key)).toBe(sum / numbers.length);
        }
        const count = driver.view<number>('sum').rows().length;
        expect(count).toBe(gap === 0 ? new Set(events.map(({ at }) => Math.floor(at / 10))).size : count);
      }),
      fuzzRuns(60),
    );
  });

  it('come to the same in windows that are told once, put together out of panes, as in those told at every event', () => {
    const merging = { initial: () => 0, add: (n: number, one: OrderEvent) => n + one.totalCents };
    const merge = (a: number, b: number): number => a + b;
    const names = ['count', 'sum', 'min', 'max', 'avg', 'top', 'aggregate'];
    const ofPanes = defineTopology('t', (t) => {
      const orders = grouped(t).window(hopping({ size: 14, advance: 4, grace: 6 }));
      const cents = ({ totalCents }: OrderEvent): number => totalCents;
      for (const emit of ['updates', 'final'] as const) {
        orders.count(`count-${emit}`, { emit }).toView(`count-${emit}`);
        orders.sum(`sum-${emit}`, cents, { emit }).toView(`sum-${emit}`);
        orders.min(`min-${emit}`, cents, { emit }).toView(`min-${emit}`);
        orders.max(`max-${emit}`, cents, { emit }).toView(`max-${emit}`);
        orders.avg(`avg-${emit}`, cents, { emit }).toView(`avg-${emit}`);
        orders.topN(`top-${emit}`, 3, cents, { emit }).toView(`top-${emit}`);
        orders
          .aggregate(`aggregate-${emit}`, { ...merging, merge, panes: emit === 'final' }, { emit })
          .toView(`aggregate-${emit}`);
      }
      orders.reduce('last', (_, one) => one, { emit: 'final' }).toView('last');
    });
    const stores = ofPanes.stores.map(({ name }) => name).filter((name) => name.endsWith(':panes'));
    expect(stores).toEqual(names.map((name) => `${name}-final:panes`));
    const event = fc.record({
      key: fc.constantFrom('a', 'b'),
      at: fc.integer({ min: 0, max: 60 }),
      cents: fc.integer({ min: -3, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 40 }), (events) => {
        const driver = new TopologyTestDriver(ofPanes);
        for (const [index, { key, at, cents }] of events.entries()) {
          if (index % 5 === 0) driver.restart();
          driver.send('orders', order(key, cents, `${index}`), { eventTime: at });
        }
        driver.send('orders', order('z', 0), { eventTime: 1000 });
        for (const name of names) {
          const updates = driver.view(`${name}-updates`).rows();
          const closed = updates.filter(([key]) => !key.startsWith('z'));
          expect([name, driver.view(`${name}-final`).rows()]).toEqual([name, closed]);
        }
      }),
      fuzzRuns(100),
    );
  });

  it('says nothing when the first ones stay the first', () => {
    const driver = new TopologyTestDriver(topology);
    for (const cents of [10, 30, 20, 20, 5]) driver.send('orders', order('a', cents));
    const changes = driver.changes('top') as { next: OrderEvent[] }[];
    expect(changes.map(({ next }) => next.map(({ totalCents }) => totalCents))).toEqual([[10], [30, 10], [30, 20]]);
  });

  it.each<[string, (orders: GroupedStream<OrderEvent>) => Table<unknown>, string]>([
    [
      'no number',
      (orders) => orders.sum('f', () => 'x' as never),
      'returned a value of type string; expected a number',
    ],
    ['NaN', (orders) => orders.avg('f', () => Number.NaN), 'returned NaN; expected a finite number'],
    ['Infinity', (orders) => orders.min('f', () => Number.POSITIVE_INFINITY), 'returned Infinity; expected a finite'],
    ['NaN', (orders) => orders.topN('f', 3, () => Number.NaN), 'returned NaN; expected a finite number'],
  ])('refuse %s', (_, fold, reason) => {
    const driver = new TopologyTestDriver(defineTopology('t', (t) => void fold(grouped(t)).toView('view')));
    expect(() => driver.send('orders', order('a'))).toThrow(`operator=f partition=0 offset=0 reason=${reason}`);
    expect(driver.view('view').size).toBe(0);
  });

  it('refuse a sum that no number holds', () => {
    const driver = new TopologyTestDriver(
      defineTopology(
        't',
        (t) =>
          void grouped(t)
            .sum('f', () => Number.MAX_VALUE)
            .toView('view'),
      ),
    );
    driver.send('orders', order('a'));
    expect(() => driver.send('orders', order('a'))).toThrow('its sum is Infinity, beyond what a number holds');
    expect(driver.view('view').get('a')).toBe(Number.MAX_VALUE);
  });

  it.each([[0], [101], [1.5]])('do not take %j as n', (n) => {
    let mistakes: TopologyError['mistakes'] = [];
    try {
      defineTopology(
        't',
        (t) =>
          void grouped(t)
            .topN('top', n, 'cents' as never)
            .toView('view'),
      );
    } catch (error) {
      mistakes = (error as TopologyError).mistakes;
    }
    expect(mistakes.map(({ node, problem, remedy }) => `${node}: ${problem}; ${remedy}`)).toEqual([
      `topN 'top': n is ${n}; use a whole number from 1 to 100`,
      "topN 'top': its measure is a string; give it a function (event, context) => number",
    ]);
  });
});
