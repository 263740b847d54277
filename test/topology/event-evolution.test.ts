import { type TSchema, Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { Evolution } from '../../src/topology/evolution.ts';
import type { Table } from '../../src/topology/table.ts';
import type { TopologyError } from '../../src/topology/topology-error.ts';
import { tumbling } from '../../src/topology/windows.ts';
import { DEAD_LETTERS_STORE, laneStoreId, laneStores } from '../../src/worker/lane-stores.ts';
import { open, save } from './evolution-fixtures.ts';

const Sale = Type.Object({ sku: Type.String(), cents: Type.Integer() });
const Now = Type.Object({ sku: Type.String(), amount: Type.Integer() });
const UPCAST = { 1: ({ sku, cents }: { sku: string; cents: number }) => ({ sku, amount: cents }) };

type Events = ReturnType<TopologyBuilder['stream']>;

function sales(
  schema: TSchema,
  evolution: Evolution,
  build: (events: Events, t: TopologyBuilder) => void,
): CompiledTopology {
  return defineTopology('sales', { version: JSON.stringify(evolution) }, (t) => {
    build(t.stream('sales', { schema, key: 'sku' as never, ...evolution }), t);
  });
}

function savedBy(topology: CompiledTopology): SimulatedCheckpoints {
  const checkpoints = new SimulatedCheckpoints();
  const lane = open(topology, checkpoints.openForRead());
  lane.sell('latte', 400);
  lane.sell('mocha', 450);
  save(lane, checkpoints, 1);
  return checkpoints;
}

const latest = (events: Events): unknown =>
  events
    .groupByKey()
    .reduce('latest', (_, event) => event)
    .toView('latest');
const mistakesOf = (build: (t: TopologyBuilder) => void): string[] => {
  try {
    defineTopology('t', build);
  } catch (error) {
    return (error as TopologyError).mistakes.map(({ node, problem, remedy }) => `${node}: ${problem}; ${remedy}`);
  }
  return [];
};

describe('events that are kept, of a stream whose schema has changed', () => {
  it('keep a topology from starting that has the same version', () => {
    const checkpoints = savedBy(sales(Sale, {}, latest));
    expect(() => open(sales(Now, {}, latest), checkpoints.openForRead())).toThrowError(
      expect.objectContaining({
        code: 'ERR_STATE_VERSION',
        message:
          'store=latest holds events of stream=sales version=1, whose schema has changed: /amount is required now. Give the stream version: 2 and upcast: { 1: (event) => … }, which is (event) => event if what is kept can be read as it is',
      }),
    );
  });

  it('may be read as they are where nothing is asked for that they have not', () => {
    const checkpoints = savedBy(sales(Sale, {}, latest));
    const More = Type.Object({ ...Sale.properties, note: Type.Optional(Type.String()) });
    const lane = open(sales(More, {}, latest), checkpoints.openForRead());
    lane.sell('latte', 1);
    save(lane, checkpoints, 2);
    const Most = Type.Object({ ...More.properties, note: Type.String() });
    expect(() => open(sales(Most, {}, latest), checkpoints.openForRead())).toThrowError('/note is required now');
  });

  it('do not matter where none is kept', () => {
    const checkpoints = new SimulatedCheckpoints();
    save(open(sales(Sale, {}, latest), checkpoints.openForRead()), checkpoints, 0);
    expect(() => open(sales(Now, {}, latest), checkpoints.openForRead())).not.toThrow();
  });

  it('are brought up to date behind what passes them on, and by another operator without a way not', () => {
    const build = (events: Events): unknown => latest(events.filter(() => true).keyBy(() => 'one'));
    const checkpoints = savedBy(sales(Sale, {}, build));
    const lane = open(sales(Now, { version: 2, upcast: UPCAST }, build), checkpoints.openForRead());
    expect(lane.state.store(laneStoreId(0)).get('one')).toEqual({ sku: 'mocha', amount: 450 });
    expect(() => open(sales(Now, { version: 2 }, build), checkpoints.openForRead())).toThrowError(
      'store=latest may hold values of version=1, and there is no way from 1 to 2',
    );
  });

  it('made by a function, have the versions that are said behind it', () => {
    const before = (events: Events): unknown =>
      latest(events.map((event) => (event as { cents: number }).cents) as never);
    const after =
      (evolution: Evolution) =>
      (events: Events): unknown =>
        latest(
          events.map((event) => ({ cents: (event as { cents: number }).cents })).withEvolution(evolution) as never,
        );
    const checkpoints = savedBy(sales(Sale, {}, before));
    const upcast = { 1: (cents: number) => ({ cents }) };
    const lane = open(sales(Sale, { version: 1 }, after({ version: 2, upcast })), checkpoints.openForRead());
    expect(lane.state.store(laneStoreId(0)).get('latte')).toEqual({ cents: 400 });
  });

  it.each([400, 450])('that cannot be brought up to date become dead letters when due, each once: %i', (bad) => {
    const upcast = {
      1: ({ sku, cents }: { sku: string; cents: number }) => {
        if (cents === bad) throw new RangeError('not this one');
        return { sku, amount: cents };
      },
    };
    const build = (events: Events): unknown => events.delay('later', 10).toJournal('out', { keep: 10 });
    const checkpoints = savedBy(sales(Sale, {}, build));
    const lane = open(sales(Now, { version: 2, upcast }, build), checkpoints.openForRead());
    lane.fire(1000);
    const letters = lane.state.store(DEAD_LETTERS_STORE).range('', undefined, 10);
    expect(letters.map(([, letter]) => (letter as { key: string }).key)).toEqual([bad === 400 ? 'latte' : 'mocha']);
    const out = lane.state.store(laneStoreId(2)).range('', undefined, 10);
    const left = bad === 400 ? { sku: 'mocha', amount: 450 } : { sku: 'latte', amount: 400 };
    expect(out.map(([, entry]) => (entry as { value: unknown }).value)).toEqual([left]);
  });
});

describe('what rows bring to groups, of an earlier version', () => {
  type Row = { sku: string; cents?: number; amount?: number };
  const numberOf = ({ cents, amount }: Row): number => (cents ?? amount) as number;
  /** One group with the two greatest, the least and one of all rows, and a sum in an object. */
  const groups =
    (evolution: Evolution, sums: Evolution & { readonly of: (cents: number) => unknown }) =>
    (events: Events): void => {
      const all = (events.toTable('rows') as unknown as Table<Row>).groupBy((row) => ['all', row]);
      const grouped = evolution.version === undefined ? all : all.withEvolution(evolution);
      grouped.topN('top', 1, numberOf).toView('top', { key: (_, key) => `top/${key}` });
      grouped.min('least', numberOf).toView('least');
      grouped.max('most', numberOf).toView('most');
      grouped.reduce('one', { add: (_, row) => row, subtract: (row) => row }).toView('one');
      const { of, ...versions } = sums;
      const sum = (state: unknown): number => (typeof state === 'number' ? state : (state as { sum: number }).sum);
      grouped
        .aggregate('sum', {
          ...versions,
          initial: () => of(0),
          add: (state, row) => of(sum(state) + numberOf(row)),
          subtract: (state, row) => of(sum(state) - numberOf(row)),
        })
        .toView('sum');
    };
  const before = groups({}, { of: (cents) => cents });
  const after = groups(
    { version: 2, upcast: UPCAST },
    { version: 2, upcast: { 1: (sum: number) => ({ sum }) }, of: (sum) => ({ sum }) },
  );

  it('is brought up to date, also the rows behind the first', () => {
    const checkpoints = savedBy(sales(Sale, {}, before));
    const topology = sales(Now, { version: 2, upcast: UPCAST }, after);
    const lane = open(topology, checkpoints.openForRead());
    const rowsOf = (name: string): unknown[] => {
      const { id } = laneStores(topology).find((store) => store.name === name) as { id: number };
      return lane.state
        .store(id)
        .range('', undefined, 10)
        .map(([, value]) => value);
    };
    expect(rowsOf('view:top')).toEqual([[{ sku: 'mocha', amount: 450 }]]);
    expect(rowsOf('top:rows')).toEqual([
      { sku: 'mocha', amount: 450 },
      { sku: 'latte', amount: 400 },
    ]);
    lane.take({ sku: 'mocha', amount: 1 });
    expect(rowsOf('view:top')).toEqual([[{ sku: 'latte', amount: 400 }]]);
    expect([rowsOf('least'), rowsOf('most'), rowsOf('sum')]).toEqual([[1], [400], [{ sum: 401 }]]);
    expect(rowsOf('one')).toEqual([{ sku: 'mocha', amount: 1 }]);
    expect(lane.state.store(DEAD_LETTERS_STORE).size).toBe(0);
  });

  it('keeps a topology from starting that has no way', () => {
    const checkpoints = savedBy(sales(Sale, {}, before));
    const without = groups({ version: 2 }, { of: (cents) => cents });
    expect(() => open(sales(Now, { version: 2, upcast: UPCAST }, without), checkpoints.openForRead())).toThrowError(
      'store=top may hold values of version=1, and there is no way from 1 to 2',
    );
  });

  it('is said once', () => {
    const mistakes = mistakesOf((t) => {
      t.stream('s', { schema: Sale, key: 'sku' })
        .toTable('rows')
        .groupBy((row) => ['all', row])
        .withEvolution({ version: 2 })
        .withEvolution({ version: 3 })
        .topN('top', 1, ({ cents }) => cents)
        .toView('top');
    });
    expect(mistakes).toEqual([
      "groupBy of toTable 'rows': withEvolution says again what form its values have; leave one of both out",
    ]);
  });
});

describe('events that are passed on in something of the engine’s', () => {
  const hour = 3_600_000;
  const steps = [
    { name: 'first', when: () => true },
    { name: 'last', when: (event: unknown) => (event as { sku: string }).sku === 'mocha' },
  ] as const;
  const build = (events: Events): void => {
    const one = events.keyBy(() => 'one');
    const windows = one
      .groupByKey()
      .window(tumbling({ size: 1, grace: 0 }))
      .count('count');
    windows.toView('count');
    windows.late.toJournal('late', { keep: 10 });
    one.pattern('pairs', { steps, within: hour }).toJournal('pairs', { keep: 10 });
    const alone = one.pattern('alone', { steps: [steps[0], { name: 'never', when: () => false }], within: 1 });
    alone.timedOut.toJournal('timed-out', { keep: 10 });
    alone.toJournal('never', { keep: 10 });
  };
  const JOURNALS = ['journal:late', 'journal:pairs', 'journal:timed-out'];

  it('are brought up to date where they are: late events, matches and what came to nothing', () => {
    const checkpoints = new SimulatedCheckpoints();
    const topology = sales(Sale, {}, build);
    const lane = open(topology, checkpoints.openForRead());
    lane.sell('latte', 400);
    lane.sell('mocha', 450);
    lane.takeAt({ sku: 'mocha', cents: 3 }, 0);
    lane.fire(hour);
    save(lane, checkpoints, 2);
    const now = sales(Now, { version: 2, upcast: UPCAST }, build);
    const { state } = open(now, checkpoints.openForRead());
    const kept = laneStores(now)
      .filter(({ name }) => JOURNALS.includes(name))
      .map(({ id }) => state.store(id).range('', undefined, 10));
    const values = kept.map((rows) => rows.map(([, entry]) => (entry as { value: unknown }).value));
    expect(values).toMatchObject([
      [{ event: { sku: 'mocha', amount: 3 } }],
      [{ first: { sku: 'latte', amount: 400 }, last: { sku: 'mocha', amount: 450 } }],
      [
        { matched: { first: { amount: 400 } } },
        { matched: { first: { amount: 450 } } },
        { matched: { first: { amount: 3 } } },
      ],
    ]);
  });

  it('keep a topology from starting that has no way', () => {
    const checkpoints = savedBy(sales(Sale, {}, build));
    expect(() => open(sales(Now, { version: 2 }, build), checkpoints.openForRead())).toThrowError(
      'store=journal:pairs may hold values of version=1, and there is no way from 1 to 2',
    );
  });

  it('of streams that have different versions, have one that is said', () => {
    const mistakes = mistakesOf((t) => {
      const [a, b] = [
        t.stream('a', { schema: Sale, key: 'sku' }),
        t.stream('b', { schema: Sale, key: 'sku', version: 2 }),
      ];
      const counts = a
        .groupByKey()
        .cogroup((n: number) => n + 1)
        .cogroup(b.groupByKey(), (n) => n - 1)
        .window(tumbling({ size: 1, grace: 0 }))
        .aggregate('counts', { initial: () => 0, version: 2, upcast: { 1: (n: number) => n } });
      counts.toView('counts');
      counts.late.toJournal('late', { keep: 1 });
      const others = a.join(b, 'pairs', { within: 1, grace: 0 }, (one) => one);
      others.toView('joined');
      others.late.withEvolution({ version: 2 }).toJournal('said', { keep: 1 });
    });
    expect(mistakes).toEqual([
      "journal 'late': it keeps events of several streams, which have versions of their own; say before it what they have become: .withEvolution({ version, upcast })",
    ]);
  });
});

describe('versions of streams, written down wrongly', () => {
  it('merged, with different ones, say nothing of what is kept', () => {
    const mistakes = mistakesOf((t) => {
      const [a, b] = [
        t.stream('a', { schema: Sale, key: 'sku' }),
        t.stream('b', { schema: Sale, key: 'sku', version: 2 }),
      ];
      a.merge(b).toView('both');
      a.merge(b).groupByKey().count('count').toView('count');
      a.merge(b)
        .withEvolution({ version: 2 })
        .groupByKey()
        .reduce('said', (one) => one)
        .toView('said');
    });
    expect(mistakes).toEqual([
      "toTable 'both': it keeps events of several streams, which have versions of their own; say before it what they have become: .withEvolution({ version, upcast })",
    ]);
  });

  it.each([
    [
      'of a stream, in both places',
      (t: TopologyBuilder) => t.stream('s', { schema: Sale, key: 'sku' }).withEvolution({ version: 2 }).toView('v'),
      "stream 's'",
    ],
    [
      'of a table, in both places',
      (t: TopologyBuilder) =>
        t
          .stream('s', { schema: Sale, key: 'sku' })
          .toTable('v', { version: 2 })
          .withEvolution({ version: 2 })
          .toView('v'),
      "toTable 'v'",
    ],
    [
      'twice',
      (t: TopologyBuilder) =>
        t
          .stream('s', { schema: Sale, key: 'sku' })
          .map((e) => e)
          .withEvolution({ version: 2 })
          .withEvolution({ version: 3 })
          .toView('v'),
      "map 'map#1'",
    ],
    [
      'no whole number',
      (t: TopologyBuilder) => t.stream('s', { schema: Sale, key: 'sku', version: 1.5 }).toView('v'),
      "stream 's'",
    ],
  ])('%s', (_, build, node) => {
    expect(mistakesOf(build).map((mistake) => mistake.split(':')[0])).toEqual([node]);
  });
});
