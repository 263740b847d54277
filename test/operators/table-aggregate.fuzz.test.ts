import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { Table } from '../../src/topology/table.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { Follower, type Item, itemsOf, update } from './table-fixtures.ts';

const topology = defineTopology('groups', (t) => {
  const items = itemsOf(t, 'items').toTable('items') as Table<Item>;
  // 9 is in no group, ref null neither.
  const groups = items.groupBy((item) => (item.n === 9 ? null : [item.ref, item.n]));
  groups.count('counts').toView('counts');
  groups
    .aggregate('sums', {
      initial: () => ({ rows: 0, sum: 0 }),
      add: ({ rows, sum }, n) => ({ rows: rows + 1, sum: sum + n }),
      subtract: ({ rows, sum }, n) => (rows === 1 ? null : { rows: rows - 1, sum: sum - n }),
    })
    .toView('sums')
    .map(({ sum }) => sum)
    .groupBy((sum) => [sum % 2 === 0 ? 'even' : 'odd', sum])
    .reduce('parity', { add: (a, b) => a + b, subtract: (a, b) => a - b })
    .toView('parity');
});

function sumBy(pairs: readonly (readonly [string, number])[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [group, n] of pairs) sums.set(group, (sums.get(group) ?? 0) + n);
  return sums;
}

describe('a fold of a table by group', () => {
  it('equals a fold over the rows as they are; each change begins where the last one ended', () => {
    fc.assert(
      fc.property(fc.array(update, { maxLength: 60 }), (events) => {
        const driver = new TopologyTestDriver(topology);
        const [counts, sums, parity] = ['counts', 'sums', 'parity'].map((view) => new Follower(driver, view)) as [
          Follower,
          Follower,
          Follower,
        ];
        const rows = new Map<string, Item>();
        for (const one of events) {
          driver.send('items', one);
          if (one.n === null) rows.delete(one.key);
          else rows.set(one.key, { n: one.n, ref: one.ref });
          const placed = [...rows.values()].filter((item) => item.ref !== null && item.n !== 9);
          const perGroup = sumBy(placed.map((item) => [item.ref as string, item.n]));
          const rowsPerGroup = sumBy(placed.map((item) => [item.ref as string, 1]));
          // A group that was counted once stays, with 0.
          const counted = new Map([...counts.catchUp()].filter(([, count]) => count !== 0));
          expect(counted).toEqual(rowsPerGroup);
          expect(sums.catchUp()).toEqual(
            new Map([...perGroup].map(([group, sum]) => [group, { rows: rowsPerGroup.get(group), sum }])),
          );
          const even = sumBy([...perGroup.values()].map((sum) => [sum % 2 === 0 ? 'even' : 'odd', sum]));
          const shown = new Map([...parity.catchUp()].filter(([, sum]) => sum !== 0));
          expect(shown).toEqual(new Map([...even].filter(([, sum]) => sum !== 0)));
        }
      }),
      fuzzRuns(300),
    );
  });
});
