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
