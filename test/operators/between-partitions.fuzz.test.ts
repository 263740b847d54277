import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { Table } from '../../src/topology/table.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { ScatteredDriver } from './scattered-driver.ts';
import { type Item, itemsOf, type UpdateEvent, update } from './table-fixtures.ts';

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
});
