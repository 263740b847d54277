import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { Table } from '../../src/topology/table.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { ScatteredDriver } from './scattered-driver.ts';
import { Follower, type Item, itemsOf, type UpdateEvent, update } from './table-fixtures.ts';

interface Placed {
  readonly key: string;
  readonly n: number;
}

const VIEWS = ['sum', 'min', 'max', 'avg', 'top', 'most', 'far-sum', 'far-least'];
const TOP = 2;
/** A row with it makes its event fail, when other folds have taken it already. */
const POISON = 7;

const measured = (item: Placed): number => {
  if (item.n === POISON) throw new Error('poison');
  return item.n;
};

const topology = defineTopology('groups', (t) => {
  const items = itemsOf(t, 'items').toTable('items') as Table<Item>;
  // 9 is in no group, ref null neither.
  const groups = items.groupBy((item, key) => (item.n === 9 ? null : [item.ref, { key, n: item.n }]));
  const sums = groups.sum('sum', (item) => item.n).toView('sum');
  groups.min('min', ({ n }) => n).toView('min');
  groups.max('max', ({ n }) => n).toView('max');
  groups.avg('avg', ({ n }) => n).toView('avg');
  groups.topN('top', TOP, ({ n }) => n).toView('top');
  groups.topN('most', 1, measured).toView('most');
  const byParity = sums.groupBy((sum) => [sum % 2 === 0 ? 'even' : 'odd', sum]);
  byParity.sum('far-sum', (sum) => sum).toView('far-sum');
  byParity.topN('far-least', 1, (sum) => -sum).toView('far-least');
});

type Views = Readonly<Record<string, Map<string, unknown>>>;

function naive(rows: ReadonlyMap<string, Item>): Views {
  const groups = new Map<string, Placed[]>();
  for (const [key, { n, ref }] of byKey(rows)) {
    if (ref !== null && n !== 9) groups.set(ref, [...(groups.get(ref) ?? []), { key, n }]);
  }
  const fold = (call: (numbers: readonly number[], rows: readonly Placed[]) => unknown, of = groups) =>
    new Map([...of].map(([group, placed]) => [group, call(numbersOf(placed), placed)] as const));
  const add = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0);
  const first = (count: number) => (_: unknown, placed: readonly Placed[]) =>
    placed.toSorted((a, b) => b.n - a.n).slice(0, count);
  const parities = new Map<string, Placed[]>();
  for (const [key, sum] of fold(add) as Map<string, number>) {
    const parity = sum % 2 === 0 ? 'even' : 'odd';
    parities.set(parity, [...(parities.get(parity) ?? []), { key, n: sum }]);
  }
  return {
    sum: fold(add),
    min: fold((numbers) => Math.min(...numbers)),
    max: fold((numbers) => Math.max(...numbers)),
    avg: fold((numbers) => add(numbers) / numbers.length),
    top: fold(first(TOP)),
    most: fold(first(1)),
    'far-sum': fold(add, parities),
    'far-least': fold((numbers) => [Math.min(...numbers)], parities),
  };
}

function numbersOf(placed: readonly Placed[]): readonly number[] {
  return placed.map(({ n }) => n);
}

const keys = ['a', 'b', 'c', 'd', 'e', '\u{1f600}', '\uffee'];
const change = fc.tuple(update, fc.constantFrom(...keys)).map(([one, key]): UpdateEvent => ({ ...one, key }));

/** Takes the event if it does not fail. */
function take(rows: Map<string, Item>, { key, n, ref }: UpdateEvent): void {
  if (n === null) rows.delete(key);
  else if (n !== POISON || (ref ?? null) === null) rows.set(key, { n, ref: ref ?? null });
}

describe('sum, min, max, avg and topN of a table by group', () => {
  it('equal those of the rows as they are, also after an event that failed; each change begins where the last one ended', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (events) => {
        const driver = new TopologyTestDriver(topology);
        const followers = VIEWS.map((view) => new Follower(driver, view));
        const rows = new Map<string, Item>();
        for (const one of events) {
          const isPoison = one.n === POISON && typeof one.ref === 'string';
          if (isPoison) expect(() => driver.send('items', one)).toThrow('operator=most');
          else driver.send('items', one);
          take(rows, one);
          const expected = naive(rows);
          followers.forEach((follower, index) => {
            const view = VIEWS[index] as string;
            expect(follower.catchUp(), view).toEqual(expected[view]);
          });
        }
      }),
      fuzzRuns(300),
    );
  });

  it('equal them in the end wherever the groups lie and whenever changes arrive', () => {
    const step = fc.oneof(
      change.filter(({ n }) => n !== POISON),
      fc.nat(30),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const driver = new ScatteredDriver(topology, 5);
        const rows = new Map<string, Item>();
        for (const one of steps) {
          if (typeof one === 'number') {
            driver.deliver(one);
            continue;
          }
          driver.send('items', one);
          take(rows, one);
        }
        driver.settle();
        const expected = naive(rows);
        for (const view of VIEWS) {
          expect(driver.view(view), view).toEqual(expected[view]);
        }
      }),
      fuzzRuns(300),
    );
  });

  it('leave nothing behind when all rows are gone', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (events) => {
        const driver = new ScatteredDriver(topology, 3);
        for (const one of events) if (one.n !== POISON) driver.send('items', one);
        for (const key of keys) driver.send('items', { key, at: 100, n: null });
        driver.settle();
        for (const { name } of topology.stores) expect(driver.stored(name), name).toEqual([]);
      }),
      fuzzRuns(100),
    );
  });
});

/** In the order of their bytes, which is not that of their UTF-16 units. */
function byKey(rows: ReadonlyMap<string, Item>): [string, Item][] {
  return [...rows].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
