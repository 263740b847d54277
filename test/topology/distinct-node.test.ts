import { describe, expect, expectTypeOf, it } from 'vitest';
import type { JournalEntry } from '../../src/operators/to-journal.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { Stream } from '../../src/topology/stream.ts';
import type { Table } from '../../src/topology/table.ts';
import type { TopologyError } from '../../src/topology/topology-error.ts';
import { Order, order } from './schemas.ts';

type OrderEvent = ReturnType<typeof order>;
const START = 1_763_600_000_000;
const ordersOf = (t: TopologyBuilder): Stream<OrderEvent> => t.stream('orders', { schema: Order, key: 'orderId' });

describe('Stream.distinct', () => {
  it('drops repetitions, in the order of the log', () => {
    const driver = new TopologyTestDriver(
      defineTopology('t', (t) => {
        const distinct = ordersOf(t).distinct('once', { by: ({ storeId }) => storeId, within: '1m' });
        expectTypeOf(distinct).toEqualTypeOf<Stream<OrderEvent>>();
        distinct.toJournal('out', { keep: 10 });
      }),
    );
    const send = (storeId: string, second: number): void =>
      void driver.send('orders', order('o', second, storeId), { eventTime: START + second * 1000 });
    send('a', 0);
    send('b', 1);
    send('a', 60);
    send('a', 61);
    const passed = driver.view<JournalEntry<OrderEvent>>('out').rows();
    expect(passed.map(([, { value }]) => `${value?.storeId}${value?.totalCents}`)).toEqual(['a0', 'b1', 'a61']);
  });
});

describe('Stream.deduplicate', () => {
  it.each([
    ['first', 'arrival', [10]],
    ['last', 'arrival', [10, 20, 5, 20, 20]],
    ['first', 'event-time', [10, 5]],
    ['last', 'event-time', [10, 20, 20, 20]],
  ] as const)('keeps the %s by %s', (keep, by, seconds) => {
    const driver = new TopologyTestDriver(
      defineTopology('t', (t) => {
        const rows = ordersOf(t).deduplicate('row', { keep, order: by });
        expectTypeOf(rows).toEqualTypeOf<Table<OrderEvent>>();
        rows.toView('rows');
      }),
    );
    for (const [index, second] of [10, 20, 5, 20, 20].entries()) {
      driver.send('orders', order('o', index), { eventTime: START + second * 1000 });
    }
    const sent = [10, 20, 5, 20, 20];
    const changes = driver.changes('rows') as { next: OrderEvent; previous?: OrderEvent }[];
    expect(changes.map(({ next }) => sent[next.totalCents])).toEqual(seconds);
    for (const [index, { previous }] of changes.entries()) expect(previous).toEqual(changes[index - 1]?.next);
    expect(driver.view('rows').get('o')).toEqual(changes.at(-1)?.next);
  });

  it('takes no event without a key or a value', () => {
    const driver = new TopologyTestDriver(
      defineTopology('t', (t) => {
        const rule = { keep: 'last', order: 'arrival' } as const;
        ordersOf(t)
          .keyBy(({ storeId }) => (storeId === '' ? null : storeId))
          .map((one) => (one.totalCents === 0 ? null : one))
          .deduplicate('row', rule)
          .toView('rows');
      }),
    );
    driver.send('orders', order('o', 5, 'a'));
    driver.send('orders', order('o', 0, 'a'));
    driver.send('orders', order('o', 7, ''));
    expect(driver.view('rows').rows()).toEqual([['a', order('o', 5, 'a')]]);
  });
});

describe('Stream.deduplicate with a ttl', () => {
  function rowsFor(ttl: number): TopologyTestDriver {
    const topology = defineTopology('t', (t) => {
      ordersOf(t).deduplicate('row', { keep: 'first', order: 'arrival', ttl }).toView('rows');
    });
    return new TopologyTestDriver(topology, { now: START });
  }

  it('deletes a row when its time is up, and takes the next event for the first', () => {
    const driver = rowsFor(60);
    driver.send('orders', order('a', 1));
    driver.advance(59);
    driver.send('orders', order('a', 2));
    driver.send('orders', order('b', 3));
    driver.restart();
    driver.advance(1);
    driver.send('orders', order('a', 4));
    expect(driver.changes('rows')).toEqual([
      { key: 'a', next: order('a', 1), previous: undefined },
      { key: 'b', next: order('b', 3), previous: undefined },
      { key: 'a', next: undefined, previous: order('a', 1) },
      { key: 'a', next: order('a', 4), previous: undefined },
    ]);
    driver.advance(60);
    expect(driver.view('rows').size).toBe(0);
  });

  it('deletes it at the next event of its key where it would be deleted a little later', () => {
    const driver = rowsFor(60_000);
    driver.send('orders', order('a', 1));
    driver.advance(1);
    driver.send('orders', order('b', 2));
    driver.advance(60_000);
    driver.send('orders', order('b', 3));
    expect(driver.view('rows').get('b')).toEqual(order('b', 3));
    driver.advance(600);
    expect(driver.view('rows').get('a')).toBeUndefined();
  });

  it('lets a row go that what follows cannot let go', () => {
    const topology = defineTopology('t', (t) => {
      ordersOf(t)
        .deduplicate('row', { keep: 'last', order: 'arrival', ttl: 60 })
        .toStream()
        .map('fragile', (row) => (row as OrderEvent).orderId)
        .toView('ids');
    });
    const driver = new TopologyTestDriver(topology, { now: START });
    driver.send('orders', order('a', 1));
    expect(() => driver.advance(60)).toThrow(/operator=fragile/);
    expect(driver.state('row', 'a')).toBeUndefined();
    driver.advance(1);
    driver.send('orders', order('a', 2));
    expect(driver.state('row', 'a')).toEqual(order('a', 2));
  });
});

describe('what drops repetitions, written down wrongly', () => {
  type Loose = (...args: unknown[]) => Stream<unknown>;

  function mistakesOf(method: 'distinct' | 'deduplicate', options: unknown): string[] {
    try {
      defineTopology('t', (t) => {
        const orders = ordersOf(t);
        const rows = (orders[method].bind(orders) as unknown as Loose)('once', options);
        if (method === 'distinct') rows.toJournal('out', { keep: 1 });
        else rows.toView('out');
      });
    } catch (error) {
      return (error as TopologyError).mistakes.map(({ node, problem, remedy }) => `${node}: ${problem}; ${remedy}`);
    }
    return [];
  }

  const DURATION = "use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 0 ms at least";

  it.each<['distinct' | 'deduplicate', unknown, string[]]>([
    ['distinct', {}, [`within is missing; ${DURATION}`]],
    ['distinct', { within: -5 }, [`within is -5; ${DURATION}`]],
    ['distinct', { within: '99999d' }, ['within is more than a hundred years; use a shorter time']],
    [
      'distinct',
      { within: 1, by: 'storeId' },
      ['its by is a string; give it a function (event, context) => string | number | null'],
    ],
    ['distinct', { within: 1, bye: 1 }, ["there is no option 'bye'; did you mean 'by'?"]],
    [
      'deduplicate',
      {},
      ['keep is missing; use one of first, last', 'order is missing; use one of arrival, event-time'],
    ],
    ['deduplicate', { keep: 'best', order: 'arrival' }, ['keep is "best"; use one of first, last']],
    [
      'deduplicate',
      { keep: 'last', order: 'arrival', ttl: 0 },
      [`ttl is 0; ${DURATION.replace('0 ms at least', '1 ms at least')}`],
    ],
  ])('%s refuses %j', (method, options, mistakes) => {
    expect(mistakesOf(method, options)).toEqual(mistakes.map((mistake) => `${method} 'once': ${mistake}`));
  });
});
