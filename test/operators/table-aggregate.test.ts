import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { GroupedTable } from '../../src/topology/grouped-table.ts';
import type { Table } from '../../src/topology/table.ts';
import { type Item, itemsOf, journalOf } from './table-fixtures.ts';

type Fold = (groups: GroupedTable<number>) => Table<unknown>;

function driverOf(fold: Fold, group?: (item: Item, key: string) => unknown, history?: number): TopologyTestDriver {
  const topology = defineTopology('groups', (t) => {
    const table = itemsOf(t, 'items').toTable('items', history === undefined ? {} : { history }) as Table<Item>;
    const by = (group ?? ((item: Item) => [item.ref, item.n])) as (item: Item) => readonly [string, number];
    fold(table.groupBy(by)).toStream().toJournal('out', { keep: 100 });
  });
  return new TopologyTestDriver(topology);
}

const sum: Fold = (groups) =>
  groups.aggregate('sum', { initial: () => 100, add: (a, b) => a + b, subtract: (a, b) => a - b });

describe('a fold of a table by group', () => {
  it('takes a row out and puts it in within its group in one step, else out of the old group first', () => {
    const driver = driverOf(sum);
    driver.send('items', { key: 'a', n: 1, ref: 'x', at: 10 });
    driver.send('items', { key: 'a', n: 2, ref: 'x', at: 12 });
    driver.send('items', { key: 'a', n: 3, ref: 'w', at: 11 });
    driver.send('items', { key: 'a', n: 4, ref: null, at: 5 });
    driver.send('items', { key: 'a', n: null, at: 20 });
    expect(journalOf(driver, 'out')).toEqual(['x=101@10', 'x=102@12', 'x=100@12', 'w=103@11', 'w=100@11']);
  });

  it('counts, down to 0', () => {
    const driver = driverOf((groups) => groups.count('count'));
    driver.send('items', { key: 'a', n: 1, ref: 'x', at: 1 });
    driver.send('items', { key: 'b', n: 1, ref: 'x', at: 2 });
    driver.send('items', { key: 'a', n: null, at: 3 });
    driver.send('items', { key: 'b', n: null, at: 4 });
    expect(journalOf(driver, 'out')).toEqual(['x=1@1', 'x=2@2', 'x=1@3', 'x=0@4']);
  });

  it('reduces from the first value, and forgets a group that subtract returns null for', () => {
    const driver = driverOf((groups) =>
      groups.reduce('reduced', { add: (a, b) => a + b, subtract: (a, b) => (a === b ? null : a - b) }),
    );
    driver.send('items', { key: 'a', n: 1, ref: 'x', at: 1 });
    driver.send('items', { key: 'b', n: 2, ref: 'x', at: 2 });
    driver.send('items', { key: 'a', n: null, at: 3 });
    // Within one group it begins anew.
    driver.send('items', { key: 'b', n: 7, ref: 'x', at: 4 });
    driver.send('items', { key: 'b', n: null, at: 5 });
    expect(journalOf(driver, 'out')).toEqual(['x=1@1', 'x=3@2', 'x=2@3', 'x=7@4', 'x=null@5']);
    expect(driver.state('reduced', 'x')).toBeUndefined();
  });

  it('adds up and averages until the group has lost all rows', () => {
    const values = [
      { key: 'a', n: 1, ref: 'x', at: 1 },
      { key: 'b', n: 4, ref: 'x', at: 2 },
      { key: 'a', n: 2, ref: 'y', at: 3 },
      { key: 'b', n: null, at: 4 },
    ];
    const folds: [Fold, string[]][] = [
      [(groups) => groups.sum('f', (n) => n), ['x=1@1', 'x=5@2', 'x=4@3', 'y=2@3', 'x=null@4']],
      [(groups) => groups.avg('f', (n) => n), ['x=1@1', 'x=2.5@2', 'x=4@3', 'y=2@3', 'x=null@4']],
    ];
    for (const [fold, changes] of folds) {
      const driver = driverOf(fold);
      for (const value of values) driver.send('items', value);
      expect(journalOf(driver, 'out')).toEqual(changes);
    }
  });

  it('finds the next least and the next greatest number when the first one goes with its last row', () => {
    const values = [
      { key: 'a', n: 3, ref: 'x', at: 1 },
      { key: 'b', n: 3, ref: 'x', at: 2 },
      { key: 'c', n: -8, ref: 'x', at: 3 },
      { key: 'c', n: 8, ref: 'x', at: 4 },
      { key: 'a', n: null, at: 5 },
      { key: 'b', n: null, at: 6 },
      { key: 'c', n: null, at: 7 },
    ];
    const folds: [Fold, string[]][] = [
      [(groups) => groups.min('f', (n) => n), ['3@1', '3@2', '-8@3', '3@4', '3@5', '8@6', 'null@7']],
      [(groups) => groups.max('f', (n) => n), ['3@1', '3@2', '3@3', '8@4', '8@5', '8@6', 'null@7']],
    ];
    for (const [fold, changes] of folds) {
      const driver = driverOf(fold);
      for (const value of values) driver.send('items', value);
      expect(journalOf(driver, 'out')).toEqual(changes.map((change) => `x=${change}`));
    }
  });

  it('lets the next row move up when one of the first goes, and says nothing of the others', () => {
    const driver = driverOf((groups) => groups.topN('f', 2, (n) => n));
    const send = (key: string, n: number | null, at: number): void => {
      driver.send('items', { key, n, ref: 'x', at });
    };
    send('b', 5, 1);
    send('a', 5, 2);
    send('c', 4, 3);
    send('d', 3, 4);
    expect(journalOf(driver, 'out')).toEqual(['x=[5]@1', 'x=[5,5]@2']);
    send('b', 1, 5);
    send('d', null, 6);
    send('a', null, 7);
    expect(journalOf(driver, 'out')).toEqual(['x=[5,4]@5', 'x=[4,1]@7']);
    send('c', null, 8);
    send('b', null, 9);
    expect(journalOf(driver, 'out')).toEqual(['x=[1]@8', 'x=null@9']);
  });

  it.each<[string, Fold, string]>([
    ['sum', (groups) => groups.sum('f', () => 'x' as never), 'returned a value of type string; expected a number'],
    ['max', (groups) => groups.max('f', () => Number.NaN), 'returned NaN; expected a finite number'],
    ['topN', (groups) => groups.topN('f', 1, () => Number.POSITIVE_INFINITY), 'returned Infinity; expected a finite'],
  ])('refuses what %s cannot measure, where the row lies', (_, fold, reason) => {
    const driver = driverOf(fold);
    expect(() => driver.send('items', { key: 'a', n: 1, ref: 'x', at: 1 })).toThrow(
      `operator=f partition=0 offset=0 reason=${reason}`,
    );
    expect(driver.state('items', 'a')).toBeUndefined();
  });

  it('refuses a row whose key does not fit behind that of its group', () => {
    const driver = driverOf(
      (groups) => groups.topN('f', 1, (n) => n),
      (item) => ['g'.repeat(500), item.n],
    );
    driver.send('items', { key: 'k'.repeat(500), n: 1, at: 1 });
    expect(() => driver.send('items', { key: 'k'.repeat(510), n: 1, at: 1 })).toThrow(
      'reason=group with key of the row bytes=1027 max=1024',
    );
  });

  it('hears nothing of an event that is older than the row of a versioned table', () => {
    const driver = driverOf(sum, undefined, 100);
    driver.send('items', { key: 'a', n: 1, ref: 'x', at: 10 });
    driver.send('items', { key: 'a', n: 5, ref: 'x', at: 9 });
    driver.send('items', { key: 'a', n: 2, ref: 'x', at: 11 });
    expect(journalOf(driver, 'out')).toEqual(['x=101@10', 'x=102@11']);
  });

  it('has what follows see the group as the key, wherever that lies', () => {
    const topology = defineTopology('keys', (t) => {
      const groups = (itemsOf(t, 'items').toTable('items') as Table<Item>).groupBy((item) => [item.ref, item.n]);
      groups
        .count('count')
        .toStream()
        .map((_, { key }) => key)
        .toTable('keys')
        .toView('keys');
    });
    for (const partitionCount of [1, 5]) {
      const driver = new TopologyTestDriver(topology, { partitionCount });
      for (let n = 0; n < 20; n++) driver.send('items', { key: `i-${n}`, n, ref: `g-${n % 3}`, at: n });
      expect(driver.view('keys').rows()).toEqual(['g-0', 'g-1', 'g-2'].map((key) => [key, key]));
    }
  });

  it.each([
    [
      'no pair',
      () => 'x',
      'operator=sum partition=0 offset=0 reason=returned a value of type string; expected [group, value]',
    ],
    ['no value', () => ['x'], 'expected [group, value], or null for none'],
    ['no key', () => [{}, 1], 'expected a key'],
    ['a promise', () => Promise.resolve(['x', 1]), 'returned a promise'],
  ])('refuses a group that is %s', (_, group, complaint) => {
    const driver = driverOf(sum, group);
    expect(() => driver.send('items', { key: 'a', n: 1, at: 1 })).toThrow(complaint);
  });

  it.each([
    ['add', { add: () => null as unknown as number, subtract: (a: number) => a }, 'expected the state with the value'],
    [
      'subtract',
      { add: (a: number) => a, subtract: () => undefined as unknown as number },
      'expected the state without',
    ],
  ])('refuses what %s cannot have meant', (_, functions, complaint) => {
    const driver = driverOf((groups) => groups.aggregate('sum', { initial: () => 0, ...functions }));
    expect(() => {
      driver.send('items', { key: 'a', n: 1, ref: 'x', at: 1 });
      driver.send('items', { key: 'a', n: 2, ref: 'x', at: 1 });
    }).toThrow(complaint);
  });
});
