import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { Table } from '../../src/topology/table.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { Follower, type Item, itemsOf, update } from './table-fixtures.ts';

const by = { foreignKey: (item: Item): string | null => item.ref };
const joiner = (left: Item, right: Item | null): string => `${left.n}>${right?.n ?? 'none'}`;

const topology = defineTopology('references', (t) => {
  const left = itemsOf(t, 'left').toTable('left') as Table<Item>;
  const right = itemsOf(t, 'right').toTable('right') as Table<Item>;
  left.join(right, 'inner', by, joiner).toView('inner');
  left.leftJoin(right, 'all', by, joiner).toView('all');
  const copied = left
    .filter((item) => item.n < 7)
    .leftJoin(
      right.map((item) => ({ ...item })),
      'copied',
      by,
      joiner,
    );
  copied.toView('copied');
  // A row refers to another row of its own table, perhaps to itself.
  left.leftJoin(left, 'family', by, joiner).toView('family');
  left
    .map((item) => item)
    .join(left, 'parents', by, joiner)
    .toView('parents');
});
const VIEWS = ['inner', 'all', 'copied', 'family', 'parents'];

function naive(left: ReadonlyMap<string, Item>, right: ReadonlyMap<string, Item>): Map<string, string>[] {
  const joined = (
    rows: [string, Item][],
    others: ReadonlyMap<string, Item>,
    needsOther: boolean,
  ): Map<string, string> => {
    const pairs = rows.map(([key, item]) => [key, item, others.get(item.ref ?? '') ?? null] as const);
    const there = pairs.filter(([, , other]) => other !== null || !needsOther);
    return new Map(there.map(([key, item, other]) => [key, joiner(item, other)]));
  };
  const all = [...left];
  return [
    joined(all, right, true),
    joined(all, right, false),
    joined(
      all.filter(([, item]) => item.n < 7),
      right,
      false,
    ),
    joined(all, left, false),
    joined(all, left, true),
  ];
}

describe('a join by foreign key', () => {
  it('says what a look at all rows after every change would say; each change begins where the last one ended', () => {
    const event = fc.record({ side: fc.constantFrom<'left' | 'right'>('left', 'right'), update });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const driver = new TopologyTestDriver(topology);
        const followers = VIEWS.map((view) => new Follower(driver, view));
        const tables = { left: new Map<string, Item>(), right: new Map<string, Item>() };
        for (const { side, update: one } of events) {
          driver.send(side, one);
          if (one.n === null) tables[side].delete(one.key);
          else tables[side].set(one.key, { n: one.n, ref: one.ref });
          expect(followers.map((follower) => follower.catchUp())).toEqual(naive(tables.left, tables.right));
        }
      }),
      fuzzRuns(300),
    );
  });

  it('finds every row that refers to one, however many', () => {
    const driver = new TopologyTestDriver(topology);
    const count = 600;
    for (let i = 0; i < count; i++) driver.send('left', { key: `k${i}`, at: i, n: i, ref: i % 2 === 0 ? 'a' : 'ab' });
    driver.changes('inner');
    driver.send('right', { key: 'a', at: 1000, n: 1 });
    const keys = Array.from({ length: count / 2 }, (_, i) => `k${i * 2}`).sort();
    expect(driver.changes('inner').map(({ key }) => key)).toEqual(keys);
  });
});
