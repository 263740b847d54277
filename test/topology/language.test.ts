import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import { Order, order } from './schemas.ts';

const stream = { schema: Order, key: 'orderId' } as const;

describe('Stream', () => {
  it('filters, maps and flattens in the order that is written', () => {
    const topology = defineTopology('t', (t) => {
      t.stream('orders', stream)
        .filter((one) => one.totalCents > 0)
        .map((one) => ({ ...one, totalCents: one.totalCents * 2 }))
        .flatMap((one) => (one.storeId === 'both' ? [one, one] : [one]))
        .groupByKey()
        .aggregate('sum', { initial: () => 0, add: (sum, one) => sum + one.totalCents })
        .toView('sums');
    });
    const driver = new TopologyTestDriver(topology);
    driver.send('orders', order('a', 10));
    driver.send('orders', order('a', 0));
    driver.send('orders', order('b', 5, 'both'));
    expect(driver.view('sums').rows()).toEqual([
      ['a', 20],
      ['b', 20],
    ]);
    expect(driver.state('sum', 'a')).toBe(20);
  });

  it('branches: the first way that holds, and otherwise', () => {
    const topology = defineTopology('t', (t) => {
      const { big, middle, otherwise } = t.stream('orders', stream).branch('size', {
        big: (one) => one.totalCents > 100,
        middle: (one) => one.totalCents > 10,
      });
      big.toView('big');
      middle.toView('middle');
      otherwise.toView('small');
    });
    const driver = new TopologyTestDriver(topology);
    driver.send('orders', order('a', 101));
    driver.send('orders', order('b', 11));
    driver.send('orders', order('c', 1));
    const keysOf = (view: string): string[] =>
      driver
        .view(view)
        .rows()
        .map(([key]) => key);
    expect([keysOf('big'), keysOf('middle'), keysOf('small')]).toEqual([['a'], ['b'], ['c']]);
  });

  it('merges streams, each event once per stream it comes through', () => {
    const topology = defineTopology('t', (t) => {
      const a = t.stream('a', stream);
      const b = t.stream('b', stream);
      a.merge(b, a).groupByKey().count('counts').toView('counts');
    });
    const driver = new TopologyTestDriver(topology);
    driver.send('a', order('x'));
    driver.send('b', order('x'));
    expect(driver.view('counts').get('x')).toBe(3);
  });

  it('keeps the latest event of each key in toTable and toView without a rule', () => {
    const topology = defineTopology('t', (t) => t.stream('orders', stream).toView('latest'));
    const driver = new TopologyTestDriver(topology);
    driver.send('orders', order('a', 1));
    driver.send('orders', order('a', 2));
    expect(driver.view('latest').rows()).toEqual([['a', order('a', 2)]]);
  });

  it('goes on from an operator by its name, also one that is written down later', () => {
    const topology = defineTopology('t', (t) => {
      t.from('size.big', Order).toView('big');
      t.from('orders', Order).groupByKey().count('all').toView('all');
      t.stream('orders', stream).branch('size', { big: (one) => one.totalCents > 10 });
    });
    const driver = new TopologyTestDriver(topology);
    driver.send('orders', order('a', 11));
    driver.send('orders', order('b', 1));
    expect(driver.view('big').size).toBe(1);
    expect(driver.view('all').size).toBe(2);
  });

  it('holds the events of a named operator against the schema they are expected to have, in development mode', () => {
    const topology = defineTopology('t', (t) => {
      t.stream('orders', stream).map('ids', (one) => one.orderId);
      t.from('ids', Order).toView('wrong');
    });
    expect(() => new TopologyTestDriver(topology).send('orders', order('a'))).toThrow(
      'operator=ids#1 partition=0 offset=0 reason=threw TypeError: an event of ids does not fit the schema',
    );
  });
});

describe('Table', () => {
  const topology = defineTopology('t', (t) => {
    t.stream('orders', stream)
      .toTable('life', (_, one) => (one.totalCents === 0 ? null : one))
      .toView('all')
      .filter((one) => one.totalCents > 10)
      .toView('big')
      .map((one) => one.storeId)
      .toView('stores-of-big');
  });

  it('shows rows as they come, change and go, in each view what passes', () => {
    const driver = new TopologyTestDriver(topology);
    driver.send('orders', order('a', 11));
    driver.send('orders', order('b', 5));
    expect(driver.view('all').size).toBe(2);
    expect(driver.view('big').rows()).toEqual([['a', order('a', 11)]]);
    expect(driver.view('stores-of-big').rows()).toEqual([['a', 'kiosk-7']]);
    driver.send('orders', order('b', 12));
    driver.send('orders', order('a', 3));
    expect(driver.view('big').rows()).toEqual([['b', order('b', 12)]]);
    driver.send('orders', order('b', 0));
    expect(driver.view('big').rows()).toEqual([]);
    expect(driver.view('stores-of-big').rows()).toEqual([]);
    expect(driver.view('all').rows()).toEqual([['a', order('a', 3)]]);
    expect(driver.changes('big')).toEqual([
      { key: 'a', next: order('a', 11), previous: undefined },
      { key: 'b', next: order('b', 12), previous: undefined },
      { key: 'a', next: undefined, previous: order('a', 11) },
      { key: 'b', next: undefined, previous: order('b', 12) },
    ]);
  });

  it('shares the store of the table with a view that has its keys, and with no other', () => {
    expect(topology.stores).toEqual([
      { id: 0, name: 'life', isOrdered: true, isTimed: true },
      { id: 1, name: 'view:big', isOrdered: true, isTimed: false },
      { id: 2, name: 'view:stores-of-big', isOrdered: true, isTimed: false },
    ]);
    expect(topology.views.map((view) => [view.id, view.name, view.storeId])).toEqual([
      [0, 'all', 0],
      [1, 'big', 1],
      [2, 'stores-of-big', 2],
    ]);
  });

  it('does not order the store of a table that no view shows under its keys', () => {
    const indexed = defineTopology('t', (t) => {
      const key = (row: { storeId: string }, id: string): string => `${row.storeId}/${id}`;
      t.stream('orders', stream).toTable('life').toView('by-store', { key });
    });
    expect(indexed.stores.map((store) => store.isOrdered)).toEqual([false, true]);
    expect(indexed.views[0]?.isKeyedByPartitionKey).toBe(false);
  });
});

describe('Pipeline.process', () => {
  it('names operator, partition, offset and cause of a failure, and the event leaves no trace', () => {
    const topology = defineTopology('t', (t) => {
      const orders = t.stream('orders', stream);
      orders.groupByKey().count('counts').toView('counts');
      orders
        .map('price', (one) => {
          if (one.totalCents === 13) throw new RangeError('unlucky');
          return one;
        })
        .toView('prices');
    });
    const driver = new TopologyTestDriver(topology);
    driver.send('orders', order('a', 1));
    driver.changes('counts');
    let failure: unknown;
    try {
      driver.send('orders', order('a', 13));
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({
      name: 'OperatorError',
      code: 'ERR_OPERATOR_FAILED',
      message: 'operator=price partition=0 offset=1 reason=threw RangeError: unlucky',
      operator: 'price',
      partition: 0,
      offset: 1,
      cause: new RangeError('unlucky'),
    });
    expect(driver.view('counts').get('a')).toBe(1);
    expect(driver.view('prices').get('a')).toEqual(order('a', 1));
    expect(driver.changes('counts')).toEqual([]);
  });

  it('lets through what is no fault of user code', () => {
    const topology = defineTopology('t', (t) =>
      t.stream('orders', stream).groupByKey().count('counts').toView('counts'),
    );
    const broken = new Error('store is broken');
    const pipeline = topology.instantiate({
      context: { partition: 0, offset: 0, eventTime: 0, logTime: 0, now: () => 0, random: () => 0, id: () => '' },
      store: () => ({
        get: () => {
          throw broken;
        },
        put: () => {},
        delete: () => false,
        time: 0,
        range: () => [],
        readRegister: () => 0,
        writeRegister: () => {},
      }),
      viewChanged: () => {},
    });
    expect(() => pipeline.process(0, 'a', order('a'), 0)).toThrow(broken);
  });

  it.each<[string, (one: { totalCents: number }) => unknown, string]>([
    [
      'changes an event',
      (one) => Object.assign(one, { totalCents: 0 }),
      "changed what it was given: Cannot assign to read only property 'totalCents'",
    ],
    [
      'adds to an event',
      (one) => Object.assign(one, { extra: 0 }),
      'changed what it was given: Cannot add property extra',
    ],
    ['returns a promise', (one) => Promise.resolve(one), 'returned a promise'],
    [
      'throws text',
      () => {
        throw 'text';
      },
      'threw something that is no error',
    ],
    [
      'recurses for ever',
      function again(one): unknown {
        return again(one);
      },
      'threw RangeError: Maximum call stack size exceeded',
    ],
  ])('names an operator that %s', (_, map, reason) => {
    const topology = defineTopology('t', (t) => t.stream('orders', stream).map('guilty', map).toView('rows'));
    expect(() => new TopologyTestDriver(topology).send('orders', order('a'))).toThrow(
      `operator=guilty partition=0 offset=0 reason=${reason}`,
    );
  });

  it('names a fold that changes its state, and a view whose keys collide', () => {
    const topology = defineTopology('t', (t) => {
      const orders = t.stream('orders', stream);
      orders
        .groupByKey()
        .aggregate('list', {
          initial: () => ({ ids: [] as string[] }),
          add: (state, one) => {
            state.ids.push(one.orderId);
            return state;
          },
        })
        .toView('lists');
      t.stream('others', stream)
        .toTable('rows')
        .toView('by-store', { key: (row) => row.storeId });
    });
    const driver = new TopologyTestDriver(topology);
    driver.send('orders', order('a'));
    expect(() => driver.send('orders', order('a'))).toThrow(
      'operator=list partition=0 offset=1 reason=changed what it was given',
    );
    driver.send('others', order('a'));
    expect(() => driver.send('others', order('b'))).toThrow(
      'operator=view:by-store partition=0 offset=3 reason=view key=kiosk-7 shows another row',
    );
    expect(driver.view('by-store').rows()).toEqual([['kiosk-7', order('a')]]);
  });

  it('gives user code log time, chance and identifiers that are the same at every replay', () => {
    const topology = defineTopology('t', (t) => {
      t.stream('orders', stream)
        .map((_, context) => [context.now(), context.random(), context.id(), context.key, context.eventTime])
        .toView('seen');
    });
    const run = (): unknown => {
      const driver = new TopologyTestDriver(topology, { now: 5000 });
      driver.send('orders', order('a'));
      driver.advance(10);
      driver.send('orders', order('b'), { eventTime: 77 });
      return driver.view('seen').rows();
    };
    const [first, second] = run() as [string, [number, number, string, string, number]][];
    expect(first?.[1]).toEqual([5000, expect.any(Number), expect.any(String), 'a', 5000]);
    expect(second?.[1]).toEqual([5010, expect.any(Number), expect.any(String), 'b', 77]);
    expect(first?.[1][1]).not.toBe(second?.[1][1]);
    expect(first?.[1][2]).not.toBe(second?.[1][2]);
    expect(run()).toEqual(run());
  });
});
