import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { Table } from '../../src/topology/table.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { Follower, type Item, itemsOf, journalOf, update } from './table-fixtures.ts';

const KINDS = ['join', 'leftJoin', 'outerJoin'] as const;
const SIDES = ['kept', 'mapped', 'versioned'] as const;
type Kind = (typeof KINDS)[number];
type Side = (typeof SIDES)[number];

/** A table with a store, one without, and one that takes no event from before its latest row. */
function tableOf(t: TopologyBuilder, name: string, side: Side): Table<Item> {
  const items = itemsOf(t, name);
  if (side === 'versioned') return items.toTable(name, { history: '1h' }) as Table<Item>;
  const table = items.toTable(name) as Table<Item>;
  return side === 'kept' ? table : table.map((item) => ({ ...item }));
}

const joiner = (left: Item | null, right: Item | null): string => `${left?.n ?? 'none'}-${right?.n ?? 'none'}`;

function joined(kind: Kind, left: Table<Item>, right: Table<Item>): Table<string> {
  if (kind === 'outerJoin') return left.outerJoin(right, 'joined', joiner);
  return kind === 'join' ? left.join(right, 'joined', joiner) : left.leftJoin(right, 'joined', joiner);
}

function topologyOf(kind: Kind, left: Side, right: Side): CompiledTopology {
  return defineTopology('join', (t) => {
    const [a, b] = [tableOf(t, 'left', left), tableOf(t, 'right', right)];
    joined(kind, a, b).toView('joined').toStream().toJournal('changes', { keep: 1000 });
  });
}

/** One side as anybody would keep it: the latest row of a key, and when it or its deletion was. */
class NaiveSide {
  readonly #rows = new Map<string, { n: number | null; at: number }>();
  readonly #isVersioned: boolean;

  constructor(side: Side) {
    this.#isVersioned = side === 'versioned';
  }

  /** @returns whether the row changes */
  take(key: string, n: number | null, at: number): boolean {
    const row = this.#rows.get(key);
    if (this.#isVersioned && row !== undefined && at < row.at) return false;
    this.#rows.set(key, { n, at });
    return n !== null || (row?.n ?? null) !== null;
  }

  of(key: string): { n: number; at: number } | null {
    const row = this.#rows.get(key);
    return row === undefined || row.n === null ? null : { n: row.n, at: row.at };
  }
}

describe('a join of two tables', () => {
  it('says what a look at both tables after every change would say, and when', () => {
    const event = fc.record({ side: fc.constantFrom<'left' | 'right'>('left', 'right'), update });
    const topologies = new Map<string, CompiledTopology>();
    fc.assert(
      fc.property(
        fc.constantFrom(...KINDS),
        fc.constantFrom(...SIDES),
        fc.constantFrom(...SIDES),
        fc.array(event, { maxLength: 40 }),
        (kind, leftSide, rightSide, events) => {
          const id = `${kind} ${leftSide} ${rightSide}`;
          const topology = topologies.get(id) ?? topologyOf(kind, leftSide, rightSide);
          topologies.set(id, topology);
          const driver = new TopologyTestDriver(topology);
          const follower = new Follower(driver, 'joined');
          const sides = { left: new NaiveSide(leftSide), right: new NaiveSide(rightSide) };
          const shown = new Map<string, string>();
          for (const { side, update: one } of events) {
            const { key, n, at } = one;
            driver.send(side, one);
            const expected: string[] = [];
            if (sides[side].take(key, n, at)) {
              const [left, right] = [sides.left.of(key), sides.right.of(key)];
              const isThere =
                kind === 'outerJoin'
                  ? left !== null || right !== null
                  : left !== null && (kind !== 'join' || right !== null);
              const other = side === 'left' ? right : left;
              const time = Math.max(at, other?.at ?? at);
              const next = isThere ? `${left?.n ?? 'none'}-${right?.n ?? 'none'}` : null;
              if (next !== null || shown.has(key)) expected.push(`${key}=${JSON.stringify(next)}@${time}`);
              if (next === null) shown.delete(key);
              else shown.set(key, next);
            }
            expect(journalOf(driver, 'changes')).toEqual(expected);
            expect(follower.catchUp()).toEqual(shown);
          }
        },
      ),
      fuzzRuns(400),
    );
  });

  it('is right, and each change begins where the last one ended, where all tables hang on one stream', () => {
    const topology = defineTopology('diamonds', (t) => {
      // Both before and after the tables that they are joined with, so that either side is told first.
      const table = itemsOf(t, 'items').toTable('items') as Table<Item>;
      const small = table.filter((item) => item.n < 5);
      const doubled = table.map((item) => item.n * 2);
      const self = table.join(table, 'self', joiner).toView('self');
      self.outerJoin(small, 'with-small', (text, item) => `${text} ${item?.n}`).toView('with-small');
      small.leftJoin(table, 'small-first', joiner).toView('small-first');
      doubled.join(self, 'doubled', (twice, text) => `${twice} ${text}`).toView('doubled');
    });
    fc.assert(
      fc.property(fc.array(update, { maxLength: 30 }), (events) => {
        const driver = new TopologyTestDriver(topology);
        const views = ['self', 'with-small', 'small-first', 'doubled'].map((view) => new Follower(driver, view));
        const rows = new Map<string, number>();
        for (const one of events) {
          driver.send('items', one);
          if (one.n === null) rows.delete(one.key);
          else rows.set(one.key, one.n);
          const all = [...rows];
          const expected = [
            all.map(([key, n]) => [key, `${n}-${n}`]),
            all.map(([key, n]) => [key, `${n}-${n} ${n < 5 ? n : undefined}`]),
            all.filter(([, n]) => n < 5).map(([key, n]) => [key, `${n}-${n}`]),
            all.map(([key, n]) => [key, `${n * 2} ${n}-${n}`]),
          ] as [string, string][][];
          expect(views.map((view) => view.catchUp())).toEqual(expected.map((list) => new Map(list)));
        }
      }),
      fuzzRuns(200),
    );
  });
});
