import { describe, expect, it } from 'vitest';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { Stream } from '../../src/topology/stream.ts';
import type { Table } from '../../src/topology/table.ts';
import { type Item, itemsOf, journalOf, Update } from './table-fixtures.ts';

const joiner = (event: Item, row: Item | null): string => `${event.n}-${row?.n ?? 'none'}`;

/** Sends `left a 1 @5` and so on; `-` is no value. @returns what came out */
function run(build: (t: TopologyBuilder) => Stream<unknown>, ...events: string[]): string[] {
  const topology = defineTopology('join', (t) => void build(t).toJournal('out', { keep: 1000 }));
  const driver = new TopologyTestDriver(topology);
  for (const event of events) {
    const [stream, key, n, at] = event.split(/[ @]+/) as [string, string, string, string];
    driver.send(stream, { key, n: n === '-' ? null : Number(n), at: Number(at) });
  }
  return journalOf(driver, 'out');
}

const tableOf = (t: TopologyBuilder, history?: number): Table<Item> =>
  itemsOf(t, 'right').toTable('right', history === undefined ? {} : { history }) as Table<Item>;

describe('a join of a stream with a table', () => {
  const events = [
    'left a 1 @1',
    'right a 2 @9',
    'left a 3 @5',
    'left b 4 @6',
    'right a - @7',
    'left a 5 @8',
    'left a - @9',
  ];

  it('joins an event with the row of then, under the time of the event', () => {
    expect(run((t) => itemsOf(t, 'left').join(tableOf(t), 'joined', joiner), ...events)).toEqual(['a="3-2"@5']);
  });

  it('passes on what has no row if it is a left one', () => {
    expect(run((t) => itemsOf(t, 'left').leftJoin(tableOf(t), 'joined', joiner), ...events)).toEqual([
      'a="1-none"@1',
      'a="3-2"@5',
      'b="4-none"@6',
      'a="5-none"@8',
    ]);
  });

  it('keeps a copy of a table that has no store', () => {
    const build = (t: TopologyBuilder): Stream<unknown> => {
      const doubled = tableOf(t)
        .filter((item) => item.n < 9)
        .map((item) => ({ ...item, n: item.n * 2 }));
      return itemsOf(t, 'left').leftJoin(doubled, 'joined', joiner);
    };
    expect(run(build, 'right a 2 @1', 'left a 1 @2', 'right a 9 @3', 'left a 1 @4')).toEqual([
      'a="1-4"@2',
      'a="1-none"@4',
    ]);
  });

  it('takes an event without a key for a left one only', () => {
    const build =
      (kind: 'join' | 'leftJoin') =>
      (t: TopologyBuilder): Stream<unknown> => {
        const keyless = itemsOf(t, 'left').keyBy(() => null);
        const table = tableOf(t);
        return kind === 'join' ? keyless.join(table, 'joined', joiner) : keyless.leftJoin(table, 'joined', joiner);
      };
    expect(run(build('join'), 'left a 1 @1')).toEqual([]);
    expect(run(build('leftJoin'), 'left a 1 @1')).toEqual(['="1-none"@1']);
  });

  it('sees the row that the event itself has made, where the table was written down before it', () => {
    const build = (t: TopologyBuilder): Stream<unknown> => {
      const items = itemsOf(t, 'left');
      const table = items.toTable('latest') as Table<Item>;
      return items.join(table, 'joined', joiner);
    };
    expect(run(build, 'left a 1 @1', 'left a 2 @2')).toEqual(['a="1-1"@1', 'a="2-2"@2']);
  });

  it('hands its joiner the context, and lets it return null but no promise', () => {
    const build =
      (joined: unknown) =>
      (t: TopologyBuilder): Stream<unknown> =>
        itemsOf(t, 'left').leftJoin(tableOf(t), 'joined', (_, __, context) =>
          joined === 'key' ? context.key : joined,
        );
    expect(run(build('key'), 'left a 1 @1')).toEqual(['a="a"@1']);
    expect(run(build(null), 'left a 1 @1')).toEqual(['a=null@1']);
    expect(() => run(build(Promise.resolve()), 'left a 1 @1')).toThrow('operator=joined');
    expect(() => run(build(undefined), 'left a 1 @1')).toThrow('expected the joined value');
  });
});

describe('a join of a stream with a versioned table', () => {
  const events = ['right a 1 @10', 'right a 2 @20', 'right a - @30', 'right a 3 @40', 'right a 9 @25'];
  const asked = ['left a 0 @5', 'left a 0 @10', 'left a 0 @24', 'left a 0 @25', 'left a 0 @30', 'left a 0 @99'];

  it('looks up the row of the event’s time', () => {
    const joined = run((t) => itemsOf(t, 'left').leftJoin(tableOf(t, 100), 'joined', joiner), ...events, ...asked);
    expect(joined).toEqual(['a="0-none"@5', 'a="0-1"@10', 'a="0-2"@24', 'a="0-9"@25', 'a="0-none"@30', 'a="0-3"@99']);
  });

  it('does so through maps and filters', () => {
    const build = (t: TopologyBuilder): Stream<unknown> => {
      const derived = tableOf(t, 100)
        .filter((item) => item.n !== 2)
        .map('tenfold', (item) => ({ ...item, n: item.n * 10 }));
      return itemsOf(t, 'left').leftJoin(derived, 'joined', joiner);
    };
    expect(run(build, ...events, ...asked)).toEqual([
      'a="0-none"@5',
      'a="0-10"@10',
      'a="0-none"@24',
      'a="0-90"@25',
      'a="0-none"@30',
      'a="0-30"@99',
    ]);
  });

  it('puts a failure of a map on the way down to that map', () => {
    const build = (t: TopologyBuilder): Stream<unknown> => {
      // The table itself is not followed by it, so that it is asked at the join only.
      const derived = tableOf(t, 100).map('broken', (item) => (item.n === 1 ? item : (undefined as unknown as Item)));
      return itemsOf(t, 'left').leftJoin(derived, 'joined', joiner);
    };
    expect(() => run(build, 'right a 2 @10', 'left a 0 @11')).toThrow('operator=broken');
  });

  it('holds events back for their rows', () => {
    const build = (t: TopologyBuilder): Stream<unknown> =>
      itemsOf(t, 'left').join(tableOf(t, 100), 'joined', { grace: 5 }, joiner);
    expect(run(build, 'left a 1 @10', 'right a 7 @9', 'left a 2 @12', 'left b 3 @15', 'left a 4 @9')).toEqual([
      'a="1-7"@10',
      'a="4-7"@9',
    ]);
  });
});

describe('a join of a stream with a global table', () => {
  const shops = (t: TopologyBuilder, kind: 'join' | 'leftJoin'): Stream<unknown> => {
    const items = itemsOf(t, 'left');
    const table = t.globalTable(
      'right',
      { schema: Update, key: 'key', guarantee: 'at-least-once', eventTime: 'at' },
      (_: Item | null, { n }) => (n === null ? null : { n, ref: null }),
    );
    const byShop = { key: ({ n }: Item) => (n === 0 ? null : n) };
    table.toView('shops');
    return kind === 'join'
      ? items.join(table, 'joined', byShop, joiner)
      : items.leftJoin(table, 'joined', byShop, joiner);
  };
  const events = [
    'left a 1 @1',
    'right 1 5 @2',
    'left a 1 @3',
    'left a 0 @4',
    'left a - @5',
    'right 1 - @6',
    'left a 1 @7',
  ];

  it('looks up the row under the key that the event names', () => {
    expect(run((t) => shops(t, 'join'), ...events)).toEqual(['a="1-5"@3']);
    expect(run((t) => shops(t, 'leftJoin'), ...events)).toEqual([
      'a="1-none"@1',
      'a="1-5"@3',
      'a="0-none"@4',
      'a="1-none"@7',
    ]);
  });

  it('is there in every partition; a view shows each row once, and the rule has decided once', () => {
    const topology = defineTopology('global', (t) => {
      const shops = t.globalTable(
        'shops',
        { schema: Update, key: 'key', guarantee: 'at-least-once', eventTime: 'at' },
        (row: { n: number; random: number } | null, { n }, context) =>
          n === null ? null : { n: (row?.n ?? 0) + n, random: context.random() },
      );
      shops.toView('shops');
      itemsOf(t, 'items')
        .leftJoin(shops, 'joined', { key: ({ ref }) => ref }, (_, shop) => shop)
        .toTable('items')
        .toView('found');
    });
    const driver = new TopologyTestDriver(topology, { partitionCount: 5 });
    for (const n of [1, 2, 3]) driver.send('shops', { key: 'a', n, at: n });
    driver.send('shops', { key: 'b', n: 1, at: 4 });
    driver.send('shops', { key: 'b', n: null, at: 5 });
    const [[key, row], ...others] = driver.view<{ n: number }>('shops').rows() as [[string, { n: number }]];
    expect([key, row.n, others]).toEqual(['a', 6, []]);
    expect(driver.changes('shops')).toHaveLength(5);
    const places = new Set(
      Array.from({ length: 40 }, (_, n) => driver.send('items', { key: `i-${n}`, n, ref: 'a', at: 6 }).partition),
    );
    expect(places.size).toBe(5);
    expect(driver.view('found').rows()).toEqual(Array.from({ length: 40 }, (_, n) => [`i-${n}`, row]).sort());
    driver.send('items', { key: 'i-0', n: 0, ref: 'b', at: 7 });
    expect(driver.view('found').get('i-0')).toBeUndefined();
  });
});
