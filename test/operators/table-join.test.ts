import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { Table } from '../../src/topology/table.ts';
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
    expect(topology.movesBetweenPartitions).toEqual([]);
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

  it('runs on one partition only', () => {
    expect(topology.movesBetweenPartitions).toEqual(["join 'inner'", "leftJoin 'all'"]);
    expect(() => new TopologyTestDriver(topology, { partitionCount: 3 })).toThrow("leftJoin 'all'");
  });

  it('refuses a foreign key that no row can have', () => {
    const driver = new TopologyTestDriver(topology);
    expect(() => driver.send('left', { key: 'l', n: 1, ref: 'a\u0000b', at: 1 })).toThrow(
      'key holds a control character',
    );
  });
});
