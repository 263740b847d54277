import { describe, expect, it } from 'vitest';
import { windowKey } from '../../src/operators/window-key.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { Table } from '../../src/topology/table.ts';
import { tumbling } from '../../src/topology/windows.ts';
import { ScatteredDriver } from './scattered-driver.ts';
import { type Item, itemsOf, journalOf } from './table-fixtures.ts';

const joiner = (left: Item, right: Item | null): string => `${left.n}>${right?.n ?? 'none'}`;
const by = { foreignKey: (item: Item): string | null => item.ref };

describe('a join of two tables', () => {
  it('reads the stores that its tables have, and shows its own rows in a view without a copy', () => {
    const topology = defineTopology('join', (t) => {
      const left = itemsOf(t, 'left').toTable('left') as Table<Item>;
      const right = itemsOf(t, 'right').toTable('right') as Table<Item>;
      left
        .join(
          right.map((item) => item),
          'joined',
          joiner,
        )
        .toView('joined');
    });
    expect(topology.stores.map(({ name }) => name)).toEqual(['left', 'right', 'joined', 'joined:right']);
    expect(topology.hops).toEqual([]);
  });

  it('tells both tables that hang on one event, and forgets what it joined when one of them does', () => {
    const topology = defineTopology('join', (t) => {
      const [left, right] = ['left', 'right'].map((name) => itemsOf(t, name).toTable(name) as Table<Item>) as [
        Table<Item>,
        Table<Item>,
      ];
      const first = left.join(right, 'first', joiner);
      first
        .join(right, 'second', (text, item) => `${text} ${item.n}`)
        .toStream()
        .toJournal('out', { keep: 100 });
    });
    const driver = new TopologyTestDriver(topology);
    driver.send('left', { key: 'a', n: 1, at: 1 });
    driver.send('right', { key: 'a', n: 2, at: 2 });
    driver.send('right', { key: 'a', n: null, at: 3 });
    expect(journalOf(driver, 'out')).toEqual(['a="1>2 2"@2', 'a="1>2 2"@2', 'a=null@3']);
  });

  it('refuses a row that is none', () => {
    const topology = defineTopology('join', (t) => {
      const left = itemsOf(t, 'left').toTable('left') as Table<Item>;
      left.join(left, 'joined', () => null).toView('joined');
    });
    const driver = new TopologyTestDriver(topology);
    expect(() => driver.send('left', { key: 'a', n: 1, at: 1 })).toThrow(
      'operator=joined partition=0 offset=0 reason=returned null; expected the joined row',
    );
    expect(driver.state('left', 'a')).toBeUndefined();
  });
});

describe('a join of two tables of windows', () => {
  const topology = defineTopology('windows', (t) => {
    const windows = tumbling({ size: 10, grace: 5 });
    const countsOf = (name: string): Table<number> => itemsOf(t, name).groupByKey().window(windows).count(name);
    const [left, right] = [countsOf('left'), countsOf('right')];
    const both = left.outerJoin(right, 'both', (a, b) => `${a ?? 0}+${b ?? 0}`).toView('both');
    both.join(right, 'again', (text, b) => `${text} ${b}`).toView('again');
  });
  const DAY = 86_400_000;

  it('joins rows of the same key and window, and keeps them for a day after it has closed', () => {
    const driver = new TopologyTestDriver(topology);
    for (const [stream, at] of [
      ['left', 1],
      ['left', 2],
      ['right', 3],
      ['left', 11],
    ] as const) {
      driver.send(stream, { key: 'a', n: 1, at });
    }
    expect(driver.view('both').rows()).toEqual([
      [windowKey('a', 0, 10), '2+1'],
      [windowKey('a', 10, 20), '1+0'],
    ]);
    expect(driver.view('again').rows()).toEqual([[windowKey('a', 0, 10), '2+1 1']]);
    driver.send('left', { key: 'a', n: 1, at: DAY + 100 });
    expect(driver.view('both').rows()).toEqual([
      [windowKey('a', 0, 10), '0+1'],
      [windowKey('a', DAY + 100, DAY + 110), '1+0'],
    ]);
    driver.send('right', { key: 'b', n: 1, at: DAY + 100 });
    expect(driver.view('both').get(windowKey('a', 0, 10))).toBeUndefined();
    expect(driver.view('again').rows()).toEqual([[windowKey('b', DAY + 100, DAY + 110), '0+1 1']]);
  });

  it('is looked for in all partitions, for a row lies where its key belongs', () => {
    expect(topology.views.map(({ isKeyedByPartitionKey }) => isKeyedByPartitionKey)).toEqual([false, false]);
  });
});

describe('a join by foreign key', () => {
  const topology = defineTopology('references', (t) => {
    const left = itemsOf(t, 'left').toTable('left') as Table<Item>;
    const right = itemsOf(t, 'right').toTable('right') as Table<Item>;
    left.join(right, 'inner', by, joiner).toStream().toJournal('inner', { keep: 100 });
    left.leftJoin(right, 'all', by, joiner).toStream().toJournal('all', { keep: 100 });
  });

  it('joins a left row when it or the row that it refers to changes, under the greater time of both', () => {
    const driver = new TopologyTestDriver(topology);
    driver.send('left', { key: 'l', n: 1, ref: 'r', at: 5 });
    driver.send('right', { key: 'r', n: 2, at: 3 });
    driver.send('left', { key: 'l', n: 3, ref: 's', at: 4 });
    driver.send('left', { key: 'l', n: 4, ref: 's', at: 6 });
    driver.send('left', { key: 'l', n: 5, ref: 'r', at: 2 });
    driver.send('left', { key: 'l', n: null, at: 1 });
    expect(journalOf(driver, 'inner')).toEqual(['l="1>2"@5', 'l=null@4', 'l="5>2"@3', 'l=null@3']);
    expect(journalOf(driver, 'all')).toEqual([
      'l="1>none"@5',
      'l="1>2"@5',
      'l="3>none"@4',
      'l="4>none"@6',
      'l="5>2"@3',
      'l=null@3',
    ]);
  });

  it('keeps in its index what refers to what, and nothing else', () => {
    const driver = new TopologyTestDriver(topology);
    driver.send('left', { key: 'l', n: 1, ref: 'r', at: 1 });
    expect(driver.state('inner:references', 'r\u0000l')).toBe(true);
    driver.send('left', { key: 'l', n: 1, ref: 's', at: 2 });
    expect(driver.state('inner:references', 'r\u0000l')).toBeUndefined();
    expect(driver.state('inner:references', 's\u0000l')).toBe(true);
    driver.send('left', { key: 'l', n: null, at: 3 });
    expect(driver.state('inner:references', 's\u0000l')).toBeUndefined();
  });

  it('joins no row that has ceased to refer to the other one, where both hang on one event', () => {
    const family = defineTopology('family', (t) => {
      const items = itemsOf(t, 'items').toTable('items') as Table<Item>;
      // Written down before the join, so that the join hears of the right row first.
      const others = items.map((item) => item);
      items.leftJoin(others, 'joined', by, joiner).toStream().toJournal('out', { keep: 100 });
    });
    const driver = new TopologyTestDriver(family);
    driver.send('items', { key: 'a', n: 1, ref: 'a', at: 1 });
    driver.send('items', { key: 'a', n: 2, ref: 'b', at: 2 });
    expect(journalOf(driver, 'out')).toEqual(['a="1>1"@1', 'a="2>none"@2']);
  });

  it('answers a left row that has changed meanwhile with what it refers to now, and no other one', () => {
    const views = defineTopology('views', (t) => {
      const left = itemsOf(t, 'left').toTable('left') as Table<Item>;
      const right = itemsOf(t, 'right').toTable('right') as Table<Item>;
      left.join(right, 'inner', by, joiner).toView('inner');
      left.leftJoin(right, 'all', by, joiner).toView('all');
    });
    const lanes = new ScatteredDriver(views, 3);
    lanes.send('right', { key: 'r', n: 7, at: 1 });
    lanes.send('right', { key: 's', n: 8, at: 1 });
    lanes.settle();
    lanes.send('left', { key: 'l', n: 1, ref: 'r', at: 2 });
    lanes.send('left', { key: 'l', n: 2, ref: 's', at: 3 });
    lanes.settle();
    expect(lanes.view('inner')).toEqual(new Map([['l', '2>8']]));
    lanes.send('left', { key: 'l', n: null, at: 4 });
    lanes.send('left', { key: 'l', n: 3, ref: null, at: 5 });
    lanes.settle();
    expect([...lanes.view('inner'), ...lanes.view('all')]).toEqual([['l', '3>none']]);
  });

  it('keeps windows of the left table where their key lies', () => {
    const windows = defineTopology('windows', (t) => {
      const counts = itemsOf(t, 'left')
        .groupByKey()
        .window(tumbling({ size: 10, grace: 0 }))
        .count('counts');
      const right = itemsOf(t, 'right').toTable('right') as Table<Item>;
      counts
        .leftJoin(
          right,
          'joined',
          { foreignKey: (count) => `r-${count}` },
          (count, row) => `${count}>${row?.n ?? 'none'}`,
        )
        .toView('joined');
    });
    const drivers = [1, 5].map((partitionCount) => new TopologyTestDriver(windows, { partitionCount }));
    for (const driver of drivers) {
      for (let n = 0; n < 40; n++) driver.send('left', { key: `l-${n % 20}`, n, at: n });
      for (let n = 0; n < 3; n++) driver.send('right', { key: `r-${n}`, n, at: 50 });
    }
    const [one, many] = drivers.map((driver) => driver.view('joined').rows());
    expect(one).toHaveLength(40);
    expect(many).toEqual(one);
  });

  it('refuses a foreign key that no row can have', () => {
    const driver = new TopologyTestDriver(topology);
    expect(() => driver.send('left', { key: 'l', n: 1, ref: 'a\u0000b', at: 1 })).toThrow(
      'key holds a control character',
    );
    const long = { key: 'é'.repeat(256), n: 1, ref: 'r'.repeat(512), at: 1 };
    expect(() => driver.send('left', long)).toThrow('foreign key with key bytes=1025 max=1024');
    driver.send('left', { ...long, ref: 'r'.repeat(511) });
  });
});
