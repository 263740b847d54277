import { describe, expect, it } from 'vitest';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { Stream } from '../../src/topology/stream.ts';
import type { Table } from '../../src/topology/table.ts';
import { TopologyError } from '../../src/topology/topology-error.ts';
import { tumbling } from '../../src/topology/windows.ts';
import { Order } from './schemas.ts';

type OrderEvent = { orderId: string; storeId: string; totalCents: number };
type Anything = (...args: unknown[]) => Stream<unknown> & Table<unknown>;

const STREAM = { schema: Order, key: 'orderId' } as const;

/** The mistakes of a topology with a stream and a table of it, as text. */
function mistakesOf(
  build: (t: TopologyBuilder, stream: Stream<OrderEvent>, table: Table<OrderEvent>) => void,
): string[] {
  try {
    defineTopology('shop', (t) => {
      const stream = t.stream('orders', STREAM);
      const table = stream.toTable('rows').toView('rows');
      build(t, stream, table);
    });
  } catch (error) {
    expect(error).toBeInstanceOf(TopologyError);
    return (error as TopologyError).mistakes.map(({ node, problem, remedy }) => `${node}: ${problem}; ${remedy}`);
  }
  return [];
}

/** The language as JavaScript sees it: nothing is checked before it runs. */
const loose = (owner: object, method: string): Anything =>
  (owner as Record<string, Anything>)[method]?.bind(owner) as Anything;

describe('joins with tables and folds of tables', () => {
  it.each<[string, Parameters<typeof mistakesOf>[0], string[]]>([
    [
      'a join of a stream that is told nothing',
      (_, stream, table) => void loose(stream, 'join')(table, 'j').toView('v'),
      ["join 'j': its joiner is missing; give it a function (event, row, context) => value"],
    ],
    [
      'options of a join with a table',
      (_, stream, table) => void loose(stream, 'join')(table, 'j', { within: '1s', grace: 0 }, () => 1).toView('v'),
      [
        "join 'j': there is no option 'within'; the options are grace",
        "join 'j': it holds events back, but its table knows the latest rows only; give the table a history: toTable(name, { history: '5m' })",
      ],
    ],
    [
      'a grace that is longer than the history',
      (_, stream) => {
        const table = stream.toTable('versioned', { history: '1s' });
        stream.join(table, 'j', { grace: '2s' }, () => 1).toView('v');
      },
      [
        "join 'j': it holds events back for 2000 ms, but the history of its table is 1000 ms; use a history as long as the grace",
      ],
    ],
    [
      'a grace that is none',
      (_, stream) => {
        const table = stream.toTable('versioned', { history: '1s' });
        loose(stream, 'leftJoin')(table, 'j', { grace: 'soon' }, () => 1).toView('v');
      },
      [
        "leftJoin 'j': grace is \"soon\"; use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 0 ms at least",
      ],
    ],
    [
      'a global table that is joined without a key',
      (t, stream) => {
        const menu = t.globalTable('menu', STREAM);
        loose(stream, 'join')(menu, 'j', () => 1).toView('v');
      },
      [
        "join 'j': its options are missing; give it an object with key",
        "join 'j': its key is missing; give it a function (event, context) => string | number | null",
      ],
    ],
    [
      'a global table without a rule that is one',
      (t) => void loose(t, 'globalTable')('menu', STREAM, 'latest').toView('menu'),
      ["globalTable 'menu': its rule is a string; give it a function (current, event, context) => row | null"],
    ],
    [
      'a join of a table with a stream',
      (_, stream, table) => void loose(table, 'join')(stream, 'j', () => 1).toView('v'),
      ["join 'j': it is given something that is no table; give it a table"],
    ],
    [
      'an outer join of a stream with a table',
      (_, stream, table) => void loose(stream, 'outerJoin')(table, 'j', { within: 1, grace: 0 }, () => 1).toView('v'),
      ["outerJoin 'j': it is given something that is no stream; give it streams"],
    ],
    [
      'a foreign key of an outer join',
      (_, __, table) => void loose(table, 'join')(table, 'j', { foreignKey: 'storeId' }, () => 1).toView('v'),
      ["join 'j': its foreignKey is a string; give it a function (row, key) => string | number | null"],
    ],
    [
      'a history of nothing',
      (_, stream) => void stream.toTable('versioned', { history: 0 }).toView('versioned'),
      [
        "toTable 'versioned': history is 0; use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 1 ms at least",
      ],
    ],
    [
      'options of a table that nobody knows',
      (_, stream) =>
        void loose(stream, 'toTable')('t', (_row: unknown, event: unknown) => event, { histroy: 1 }).toView('t'),
      ["toTable 't': there is no option 'histroy'; did you mean 'history'?"],
    ],
    [
      'a fold of a table that cannot take out',
      (_, __, table) => {
        const groups = table.groupBy((row) => [row.storeId, row.totalCents]);
        loose(groups, 'aggregate')('sum', { initial: 0, add: () => 0 }).toView('sum');
      },
      [
        "aggregate 'sum': its initial is a number; give it a function () => state",
        "aggregate 'sum': its subtract is missing; give it a function (state, value) => state | null",
      ],
    ],
    [
      'a reduce of a table without functions',
      (_, __, table) =>
        void loose(
          table.groupBy((row) => [row.storeId, row]),
          'reduce',
        )('r').toView('r'),
      [
        "reduce 'r': its options are missing; give it an object with add, subtract",
        "reduce 'r': its add is missing; give it a function (state, value) => state",
        "reduce 'r': its subtract is missing; give it a function (state, value) => state | null",
      ],
    ],
    [
      'a group that is no function',
      (_, __, table) =>
        void (loose(table, 'groupBy')('storeId') as unknown as ReturnType<typeof table.groupBy>).count('c').toView('c'),
      ["count 'c': its group is a string; give it a function (row, key) => [group, value] | null"],
    ],
    [
      'measures of rows that are none',
      (_, __, table) => {
        const groups = table.groupBy((row) => [row.storeId, row]);
        loose(groups, 'sum')('sum').toView('sum');
        loose(groups, 'topN')('top', 0, 'totalCents').toView('top');
      },
      [
        "sum 'sum': its measure is missing; give it a function (value) => number",
        "topN 'top': n is 0; use a whole number from 1 to 100",
        "topN 'top': its measure is a string; give it a function (value) => number",
      ],
    ],
    [
      'windows on one side',
      (_, stream, table) => {
        const counts = stream
          .groupByKey()
          .window(tumbling({ size: 10, grace: 0 }))
          .count('counts');
        counts.join(table, 'a', () => 1).toView('a');
        table
          .map((row) => row)
          .leftJoin(
            counts.filter((n) => n > 1),
            'b',
            () => 1,
          )
          .toView('b');
        table.join(counts as Table<number>, 'c', { foreignKey: (row) => row.storeId }, () => 1).toView('c');
        stream
          .join(
            counts.join(counts, 'd', () => 1),
            'e',
            () => 1,
          )
          .toView('v');
      },
      [
        "join 'a': one of its tables has windows, the other has not; join tables of the same windows",
        "leftJoin 'b': one of its tables has windows, the other has not; join tables of the same windows",
        "join 'c': its foreign key names no window, but the rows of the other table have windows; use a table without windows on that side",
        "join 'e': its events have no window, but the rows of its table have; join tables of the same windows, or go on from the table's toStream()",
      ],
    ],
    [
      'a join that nobody reads',
      (_, __, table) => void table.join(table, 'j', (row) => row),
      ["join 'j': it has no view, so nobody can read it; add one: .toView('j')"],
    ],
  ])('%s', (_, build, mistakes) => {
    expect(mistakesOf(build)).toEqual(mistakes);
  });

  it('a table of another topology', () => {
    const others: Table<OrderEvent>[] = [];
    defineTopology('other', (t) => {
      others.push(t.stream('orders', STREAM).toView('rows'));
    });
    const [other] = others as [Table<OrderEvent>];
    expect(
      mistakesOf((_, stream, table) => {
        stream.join(other, 'a', () => 1).toView('v');
        table.join(other, 'b', () => 1).toView('b');
      }),
    ).toEqual([
      "join 'a': it is given a table of another topology; give it one of this one",
      "join 'b': it is given a table of another topology; give it one of this one",
    ]);
  });

  it('a foreign key of an outer join', () => {
    const found = mistakesOf((_, __, table) => {
      const options = { foreignKey: (row: OrderEvent): string => row.storeId };
      loose(table, 'outerJoin')(table, 'j', options, () => 1).toView('v');
    });
    expect(found).toEqual([
      "outerJoin 'j': a row that nothing refers to has no key to stand under; use join or leftJoin",
    ]);
  });
});
