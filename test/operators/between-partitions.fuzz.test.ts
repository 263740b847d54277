import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { Table } from '../../src/topology/table.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { ScatteredDriver } from './scattered-driver.ts';
import { type Item, itemsOf, Update, type UpdateEvent, update } from './table-fixtures.ts';

const PARTITIONS = 5;

/** An event that comes in, or a number that says which of the changes under way arrives. */
type Step = { readonly stream: string; readonly event: UpdateEvent } | number;

function steps(...streams: [string, ...string[]]): fc.Arbitrary<Step[]> {
  const event = fc.record({ stream: fc.constantFrom(...streams), event: update });
  return fc.array(fc.oneof(event, fc.nat(30)), { maxLength: 60 });
}

function run(topology: CompiledTopology, all: readonly Step[]): { one: TopologyTestDriver; many: ScatteredDriver } {
  const one = new TopologyTestDriver(topology);
  const many = new ScatteredDriver(topology, PARTITIONS);
  for (const step of all) {
    if (typeof step === 'number') many.deliver(step);
    else {
      one.send(step.stream, step.event);
      many.send(step.stream, step.event);
    }
  }
  many.settle();
  return { one, many };
}

/** Rows that are something: a group that has lost all rows may be 0, or never have been. */
function withoutZeros(rows: Iterable<readonly [string, unknown]>): Map<string, unknown> {
  return new Map([...rows].filter(([, row]) => row !== 0));
}

describe('over several partitions, whatever arrives when, in the end the views show what one partition shows', () => {
  it('of a fold of a table by group', () => {
    const topology = defineTopology('groups', (t) => {
      const items = itemsOf(t, 'items').toTable('items') as Table<Item>;
      const groups = items.groupBy((item) => (item.n === 9 ? null : [item.ref, item.n]));
      groups.count('counts').toView('counts');
      groups
        .aggregate('sums', {
          initial: () => ({ rows: 0, sum: 0 }),
          add: ({ rows, sum }, n) => ({ rows: rows + 1, sum: sum + n }),
          subtract: ({ rows, sum }, n) => (rows === 1 ? null : { rows: rows - 1, sum: sum - n }),
        })
        .toView('sums')
        .groupBy(({ sum }) => [sum % 2 === 0 ? 'even' : 'odd', sum])
        .reduce('parity', { add: (a, b) => a + b, subtract: (a, b) => a - b })
        .toView('parity');
    });
    fc.assert(
      fc.property(steps('items'), (all) => {
        const { one, many } = run(topology, all);
        for (const view of ['counts', 'sums', 'parity']) {
          expect(withoutZeros(many.view(view)), view).toEqual(withoutZeros(one.view(view).rows()));
        }
      }),
      fuzzRuns(300),
    );
  });

  it('of joins by foreign key, one behind the other, and of a table with itself', () => {
    const by = { foreignKey: (item: Item): string | null => item.ref };
    const joiner = (left: Item, right: Item | null): Item => ({ n: left.n * 100 + (right?.n ?? 50), ref: left.ref });
    const topology = defineTopology('references', (t) => {
      const left = itemsOf(t, 'left').toTable('left') as Table<Item>;
      const right = itemsOf(t, 'right').toTable('right') as Table<Item>;
      const inner = left.join(right, 'inner', by, joiner).toView('inner');
      const all = left.leftJoin(right, 'all', by, joiner).toView('all');
      all.join(inner, 'second', by, joiner).toView('second');
      left.leftJoin(left, 'family', by, joiner).toView('family');
      left
        .filter((item) => item.n < 7)
        .leftJoin(
          right.map((item) => item),
          'copied',
          by,
          joiner,
        )
        .toView('copied');
    });
    fc.assert(
      fc.property(steps('left', 'right'), (all) => {
        const { one, many } = run(topology, all);
        for (const view of ['inner', 'all', 'second', 'family', 'copied']) {
          expect(many.view(view), view).toEqual(new Map(one.view(view).rows()));
        }
      }),
      fuzzRuns(500),
    );
  });

  it('of what is counted behind a join by foreign key with a row of a fold', () => {
    const topology = defineTopology('chain', (t) => {
      const items = itemsOf(t, 'items').toTable('items') as Table<Item>;
      const sums = items
        .groupBy((item) => [item.ref, item.n])
        .aggregate('sums', { initial: () => 0, add: (sum, n) => sum + n, subtract: (sum, n) => sum - n });
      items
        .join(sums, 'with-sum', { foreignKey: (item) => item.ref }, (item, sum) => ({ n: item.n, sum }))
        .toView('with-sum')
        .groupBy(({ n, sum }) => [sum % 3, n])
        .count('by-sum')
        .toView('by-sum');
    });
    expect(topology.hops.map(({ level }) => level)).toEqual([1, 2, 3, 4]);
    fc.assert(
      fc.property(steps('items'), (all) => {
        const { one, many } = run(topology, all);
        expect(many.view('with-sum')).toEqual(new Map(one.view('with-sum').rows()));
        expect(withoutZeros(many.view('by-sum'))).toEqual(withoutZeros(one.view('by-sum').rows()));
      }),
      fuzzRuns(300),
    );
  });

  it('of a global table: every partition has the rows that it has', () => {
    const topology = defineTopology('global', (t) => {
      const shops = t.globalTable(
        'shops',
        { schema: Update, key: 'key', eventTime: 'at', guarantee: 'at-least-once' },
        (row: number | null, { n }) => (n === null ? null : (row ?? 0) * 3 + n),
      );
      shops.toView('shops');
      itemsOf(t, 'items')
        .leftJoin(shops, 'found', { key: (item) => item.ref }, (_, shop) => ({ shop }))
        .toTable('items')
        .toView('found');
    });
    fc.assert(
      fc.property(steps('shops'), (all) => {
        const { one, many } = run(topology, all);
        expect(many.view('shops')).toEqual(new Map(one.view('shops').rows()));
        const places = new Set<number>();
        for (let n = 0; n < 60; n++) {
          const event = { key: `${n}`, at: 31, n, ref: 'abc'[n % 3] as string };
          one.send('items', event);
          many.send('items', event);
          places.add(many.partitionOf(event.key));
        }
        expect(places.size).toBe(PARTITIONS);
        expect(many.view('found')).toEqual(new Map(one.view('found').rows()));
      }),
      fuzzRuns(100),
    );
  });
});
