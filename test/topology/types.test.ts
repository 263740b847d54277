import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { LateEvent } from '../../src/operators/late-events.ts';
import type { LookupContext, LookupFailure } from '../../src/operators/lookup.ts';
import type { Context } from '../../src/operators/operator-context.ts';
import type { WindowBounds } from '../../src/operators/window-key.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { GlobalTable } from '../../src/topology/global-table.ts';
import type { GroupedStream } from '../../src/topology/grouped-stream.ts';
import type { GroupedTable } from '../../src/topology/grouped-table.ts';
import type { Stream } from '../../src/topology/stream.ts';
import type { Table, WindowedTable } from '../../src/topology/table.ts';
import type { KeyMark } from '../../src/topology/window-keys.ts';
import { session, tumbling } from '../../src/topology/windows.ts';

const Placed = Type.Object({
  type: Type.Literal('placed'),
  orderId: Type.String(),
  at: Type.Integer(),
  cents: Type.Integer(),
});
const Ready = Type.Object({ type: Type.Literal('ready'), orderId: Type.String(), by: Type.Optional(Type.String()) });
const Event = Type.Union([Placed, Ready]);

interface PlacedEvent {
  type: 'placed';
  orderId: string;
  at: number;
  cents: number;
}
interface ReadyEvent {
  type: 'ready';
  orderId: string;
  by?: string;
}
type OrderEvent = PlacedEvent | ReadyEvent;

/** The compiler is the test here: this file is checked by the last test below. */
function typesOfTheLanguage(): void {
  defineTopology('types', (t) => {
    const events = t.stream('events', {
      schema: Event,
      key: 'orderId',
      id: [{ field: 'orderId', when: (event) => event.type === 'placed' }, 'by'],
      eventTime: 'at',
    });
    expectTypeOf(events).toEqualTypeOf<Stream<OrderEvent, 'plain'>>();

    // filter narrows by a type guard, written or inferred, and else keeps the type
    expectTypeOf(events.filter((event) => event.type === 'placed')).toEqualTypeOf<Stream<PlacedEvent, 'plain'>>();
    expectTypeOf(events.filter('placed', (event): event is PlacedEvent => event.type === 'placed')).toEqualTypeOf<
      Stream<PlacedEvent, 'plain'>
    >();
    expectTypeOf(events.filter('long-id', (event) => event.orderId.length > 3)).toEqualTypeOf<
      Stream<OrderEvent, 'plain'>
    >();

    // map and flatMap take the result's type
    expectTypeOf(events.map((event) => event.orderId)).toEqualTypeOf<Stream<string, 'plain'>>();
    expectTypeOf(events.map('named', (event, context) => ({ at: context.eventTime, id: event.orderId }))).toEqualTypeOf<
      Stream<{ at: number; id: string }, 'plain'>
    >();
    expectTypeOf(events.flatMap((event) => [event.orderId, 1])).toEqualTypeOf<Stream<string | number, 'plain'>>();

    // branch knows its ways
    const ways = events.branch('kind', {
      placed: (event): event is PlacedEvent => event.type === 'placed',
      long: (event) => event.orderId.length > 3,
    });
    expectTypeOf(ways.placed).toEqualTypeOf<Stream<PlacedEvent, 'plain'>>();
    expectTypeOf(ways.long).toEqualTypeOf<Stream<OrderEvent, 'plain'>>();
    expectTypeOf(ways.otherwise).toEqualTypeOf<Stream<OrderEvent, 'plain'>>();
    // @ts-expect-error there is no such way
    ways.sideways;

    // merge unites
    expectTypeOf(ways.placed.merge(events.map(() => 'text'))).toEqualTypeOf<Stream<PlacedEvent | string, 'plain'>>();

    // folds
    const byOrder = events.groupByKey();
    expectTypeOf(byOrder).toEqualTypeOf<GroupedStream<OrderEvent, 'plain'>>();
    expectTypeOf(byOrder.count('count')).toEqualTypeOf<Table<number, 'plain'>>();
    expectTypeOf(byOrder.reduce('last', (_, event) => event)).toEqualTypeOf<Table<OrderEvent, 'plain'>>();
    const sums = ways.placed.groupByKey().aggregate('sum', {
      initial: () => ({ cents: 0 }),
      add: (state, event) => ({ cents: state.cents + event.cents }),
    });
    expectTypeOf(sums).toEqualTypeOf<Table<{ cents: number }, 'plain'>>();

    // tables
    expectTypeOf(events.toTable('latest')).toEqualTypeOf<Table<OrderEvent, 'plain'>>();
    expectTypeOf(events.toTable('same', (current, event) => current ?? event)).toEqualTypeOf<
      Table<OrderEvent, 'plain'>
    >();
    const life = events.toTable('life', (current: string | null, event) => (current === null ? event.type : null));
    expectTypeOf(life).toEqualTypeOf<Table<'placed' | 'ready', 'plain'>>();
    expectTypeOf(sums.filter((row) => row.cents > 0)).toEqualTypeOf<Table<{ cents: number }, 'plain'>>();
    expectTypeOf(sums.map((row) => row.cents)).toEqualTypeOf<Table<number, 'plain'>>();
    expectTypeOf(sums.toView('sums', { key: (row, key) => `${row.cents}/${key}` })).toEqualTypeOf<
      Table<{ cents: number }, 'plain'>
    >();
    expectTypeOf(t.from('map', Placed)).toEqualTypeOf<Stream<PlacedEvent>>();
    expectTypeOf(sums.toStream().toTable('present')).toEqualTypeOf<Table<{ cents: number }, 'plain'>>();
    expectTypeOf(sums.toStream().toView('present')).toEqualTypeOf<Table<{ cents: number }, 'plain'>>();
    expectTypeOf(sums.toStream().toTable('told', (_, row) => row)).toEqualTypeOf<Table<{ cents: number }, 'plain'>>();
    expectTypeOf(events.toTable('versioned', { history: '5m' })).toEqualTypeOf<Table<OrderEvent, 'plain'>>();
    expectTypeOf(events.toTable('texts', (_: string | null) => 'text', { history: 1 })).toEqualTypeOf<
      Table<string, 'plain'>
    >();
    const menu = t.globalTable(
      'menu',
      { schema: Ready, key: 'orderId' },
      (_: number | null, item) => item.by?.length ?? 0,
    );
    expectTypeOf(menu).toEqualTypeOf<GlobalTable<number>>();

    // joins with tables
    const numbers = events.groupByKey().count('numbers');
    expectTypeOf(events.join(numbers, 'a', (event, n) => event.orderId + n)).toEqualTypeOf<Stream<string, 'plain'>>();
    expectTypeOf(sums.toStream().join(numbers, 'b', (event, n) => event.cents + n)).toEqualTypeOf<
      Stream<number, 'plain'>
    >();
    expectTypeOf(events.leftJoin(numbers, 'c', { grace: 1 }, (_, n) => n)).toEqualTypeOf<
      Stream<number | null, 'plain'>
    >();
    const byId = { key: (event: OrderEvent): string => event.orderId };
    expectTypeOf(events.leftJoin(menu, 'd', byId, (_, n) => n)).toEqualTypeOf<Stream<number | null, 'plain'>>();
    expectTypeOf(sums.join(numbers, 'e', (row, n) => row.cents + n)).toEqualTypeOf<Table<number, 'plain'>>();
    expectTypeOf(sums.leftJoin(numbers, 'f', (row, n) => ({ row, n }))).toEqualTypeOf<
      Table<{ row: { cents: number }; n: number | null }, 'plain'>
    >();
    expectTypeOf(sums.outerJoin(life, 'g', (row, text) => ({ row, text }))).toEqualTypeOf<
      Table<{ row: { cents: number } | null; text: 'placed' | 'ready' | null }, 'plain'>
    >();
    const byCents = { foreignKey: (row: { cents: number }): number => row.cents };
    expectTypeOf(sums.join(life, 'h', byCents, (_, text) => text)).toEqualTypeOf<Table<'placed' | 'ready', 'plain'>>();

    // folds of tables
    const groups = sums.groupBy((row, key) => [key, row.cents]);
    expectTypeOf(groups).toEqualTypeOf<GroupedTable<number>>();
    expectTypeOf(groups.count('i')).toEqualTypeOf<Table<number, 'plain'>>();
    expectTypeOf(groups.reduce('j', { add: (a, b) => a + b, subtract: () => null })).toEqualTypeOf<
      Table<number, 'plain'>
    >();
    expectTypeOf(
      groups.aggregate('k', { initial: () => '', add: (text, n) => text + n, subtract: (text) => text }),
    ).toEqualTypeOf<Table<string, 'plain'>>();
    expectTypeOf(groups.sum('k1', (n) => n)).toEqualTypeOf<Table<number, 'plain'>>();
    expectTypeOf(groups.min('k2', (n) => n)).toEqualTypeOf<Table<number, 'plain'>>();
    expectTypeOf(groups.max('k3', (n) => n)).toEqualTypeOf<Table<number, 'plain'>>();
    expectTypeOf(groups.avg('k4', (n) => n)).toEqualTypeOf<Table<number, 'plain'>>();
    expectTypeOf(groups.topN('k5', 3, (n) => n)).toEqualTypeOf<Table<readonly number[], 'plain'>>();

    // answers from outside: as the look-up gives them, or as the schema says, or what stands for them
    const asks = async (event: OrderEvent): Promise<number> => event.orderId.length;
    expectTypeOf(events.enrich('l', { lookup: asks }, (event, n) => event.orderId + n)).toEqualTypeOf<
      Stream<string, 'plain'>
    >();
    expectTypeOf(events.enrich('m', { lookup: () => 'at once' }, (_, text) => text)).toEqualTypeOf<
      Stream<string, 'plain'>
    >();
    const unread = { lookup: async (): Promise<unknown> => ({}), result: Ready };
    expectTypeOf(events.enrich('n', unread, (_, ready) => ready)).toEqualTypeOf<Stream<ReadyEvent, 'plain'>>();
    const lenient = events.enrich('o', { ...unread, onFailure: () => null }, (_, ready) => ready);
    expectTypeOf(lenient).toEqualTypeOf<Stream<ReadyEvent | null, 'plain'>>();
    expectTypeOf(
      events.enrich(
        'p',
        {
          lookup: (event, context) => {
            expectTypeOf(event).toEqualTypeOf<OrderEvent>();
            expectTypeOf(context).toEqualTypeOf<LookupContext>();
            return 1;
          },
          onFailure: (event, failure, context) => {
            expectTypeOf(event).toEqualTypeOf<OrderEvent>();
            expectTypeOf(failure).toEqualTypeOf<LookupFailure>();
            expectTypeOf(context).toEqualTypeOf<Context>();
            return 'none';
          },
        },
        (_, n) => n,
      ),
    ).toEqualTypeOf<Stream<string | number, 'plain'>>();
    expectTypeOf(events.enrich('q', { lookup: asks, onFailure: 'dead-letter' }, (_, n) => n)).toEqualTypeOf<
      Stream<number, 'plain'>
    >();

    // what a function is given
    events.filter((event, context) => {
      expectTypeOf(event).toEqualTypeOf<OrderEvent>();
      expectTypeOf(context).toEqualTypeOf<Context>();
      expectTypeOf(context.key).toEqualTypeOf<string>();
      expectTypeOf(context.window).toEqualTypeOf<WindowBounds | null>();
      return true;
    });

    // @ts-expect-error the key must be there in every variant
    t.stream('a', { schema: Event, key: 'at' });
    // @ts-expect-error the key must be a member
    t.stream('b', { schema: Event, key: 'orderid' });
    // @ts-expect-error the key must be text or a number
    t.stream('c', { schema: Type.Object({ id: Type.Boolean() }), key: 'id' });
    // @ts-expect-error the key must not be optional
    t.stream('d', { schema: Ready, key: 'by' });
    // @ts-expect-error the event time must be a number
    t.stream('e', { schema: Event, key: 'orderId', eventTime: 'by' });
    // @ts-expect-error the id must be a member
    t.stream('f', { schema: Event, key: 'orderId', id: 'number' });
    // @ts-expect-error the condition is given an event of the schema
    t.stream('g', { schema: Event, key: 'orderId', id: [{ field: 'orderId', when: (event) => event.colour === 1 }] });
    // @ts-expect-error no such guarantee
    t.stream('h', { schema: Event, key: 'orderId', guarantee: 'twice' });
    // windows keep the type of their events for those that are late
    const hours = byOrder.window(tumbling({ size: '1h', grace: 0 }));
    const hourly = hours.aggregate('hourly', { initial: () => ({ n: 0 }), add: ({ n }) => ({ n: n + 1 }) });
    expectTypeOf(hourly).toEqualTypeOf<WindowedTable<{ n: number }, OrderEvent, 'plain'>>();
    expectTypeOf(hourly.late).toEqualTypeOf<Stream<LateEvent<OrderEvent>, 'plain'>>();
    expectTypeOf(hourly.map(({ n }) => String(n))).toEqualTypeOf<WindowedTable<string, OrderEvent, 'plain'>>();
    expectTypeOf(hourly.suppress('once', { untilWindowCloses: true })).toEqualTypeOf<typeof hourly>();
    expectTypeOf(hourly.toStream()).toEqualTypeOf<Stream<{ n: number } | null, 'windowed'>>();
    const sessions = byOrder.window(session({ gap: '1h', grace: 0 }));
    const merged = sessions.aggregate('merged', { initial: () => 0, add: (n) => n + 1, merge: (a, b) => a + b });
    expectTypeOf(merged).toEqualTypeOf<WindowedTable<number, OrderEvent, 'plain'>>();
    const both = byOrder.cogroup((n: number) => n + 1).cogroup(events.map(String).groupByKey(), (n, s) => n + s.length);
    expectTypeOf(both.aggregate('both', { initial: () => 0 })).toEqualTypeOf<Table<number, 'plain'>>();

    // what stands under a key and a window meets its like, and keeps its windows until keyBy takes them off
    const inHours = hourly.toStream();
    const plain = events.toTable('plain');
    const near = { within: '1m', grace: 0 } as const;
    expectTypeOf(inHours.map((row) => row?.n ?? 0)).toEqualTypeOf<Stream<number, 'windowed'>>();
    expectTypeOf(inHours.join(merged.toStream(), 'w1', near, () => 1)['~keys']).toEqualTypeOf<KeyMark<'windowed'>>();
    expectTypeOf(inHours.toTable('w2').join(hourly, 'w3', () => 1)).toEqualTypeOf<Table<number, 'windowed'>>();
    expectTypeOf(hourly.join(plain, 'w4', { foreignKey: ({ n }) => n }, () => 1)).toEqualTypeOf<
      Table<number, 'windowed'>
    >();
    expectTypeOf(
      inHours
        .groupByKey()
        .window(session({ gap: 1, grace: 0 }))
        .count('w5').late['~keys'],
    ).toEqualTypeOf<KeyMark<'windowed'>>();
    expectTypeOf(inHours.keyBy((_, { key }) => key)).toEqualTypeOf<Stream<{ n: number } | null, 'plain'>>();
    expectTypeOf(hourly.groupBy(({ n }) => [n, n]).count('w6')).toEqualTypeOf<Table<number, 'plain'>>();
    // of what nobody has said it, it is found out when the topology is built
    const some: Stream<unknown> = inHours;
    some.join(events, 'w7', near, () => 1);
    inHours.join(some, 'w8', near, () => 1);
    events.join(t.from('map', Placed), 'w9', near, () => 1);

    // @ts-expect-error one has windows, the other has not
    inHours.join(events, 'wrong', near, () => 1);
    // @ts-expect-error behind other operators too
    events.leftJoin(inHours.filter(() => true).delay('d', 10), 'wrong', near, () => 1);
    // @ts-expect-error from either side
    events.outerJoin(inHours, 'wrong', near, () => 1);
    // @ts-expect-error a stream with windows and a table without
    inHours.join(plain, 'wrong', () => 1);
    // @ts-expect-error a table with windows and a stream without
    events.leftJoin(hourly, 'wrong', () => 1);
    // @ts-expect-error tables
    hourly.join(plain, 'wrong', () => 1);
    // @ts-expect-error tables made of streams
    plain.outerJoin(inHours.toTable('w10'), 'wrong', () => 1);
    // @ts-expect-error a foreign key names no window
    plain.join(hourly, 'wrong', { foreignKey: () => 1 }, () => 1);
    // @ts-expect-error merged
    events.merge(inHours);
    // @ts-expect-error cogrouped
    byOrder.cogroup((n: number) => n).cogroup(inHours.groupByKey(), (n) => n);
    // @ts-expect-error cancelled by a stream that has none
    inHours.delay('wrong', 10, { cancelledBy: events });

    // @ts-expect-error sessions that grow into each other need a merge
    sessions.aggregate('wrong', { initial: () => 0, add: (n) => n + 1 });
    // @ts-expect-error how late an event may be has to be said
    tumbling({ size: '1h' });
    // @ts-expect-error a table without windows never closes
    byOrder.count('wrong').suppress('wrong', { untilWindowCloses: true });
    // @ts-expect-error an operator answers at once
    events.filter(async () => true);
    // @ts-expect-error a predicate answers true or false
    events.filter((event) => event.orderId);
    // @ts-expect-error flatMap needs an array
    events.flatMap((event) => event.orderId.length);
    // @ts-expect-error what keeps state needs a name
    byOrder.count();
    // @ts-expect-error what keeps state needs a name
    events.toTable((_: null, event) => event);
    // @ts-expect-error the state keeps its type
    byOrder.aggregate('wrong', { initial: () => 0, add: () => 'text' });
    // @ts-expect-error a reducer keeps the type of the events
    byOrder.reduce('wrong', () => 'text');
    // @ts-expect-error there may be no answer
    events.enrich('wrong', { lookup: asks, onFailure: () => null }, (_, n) => n + 1);
    // @ts-expect-error a look-up is given an event of the stream
    events.enrich('wrong', { lookup: ({ colour }) => colour }, (_, n) => n);
    // @ts-expect-error what cannot be answered is a dead letter, or has a function
    events.enrich('wrong', { lookup: asks, onFailure: 'skip' }, (_, n) => n);
    // @ts-expect-error the row may be missing
    events.leftJoin(numbers, 'wrong', (_, n) => n + 1);
    // @ts-expect-error a global table is joined by a key that the event names
    events.join(menu, 'wrong', (_, n) => n);
    // @ts-expect-error either row may be missing
    sums.outerJoin(numbers, 'wrong', (row) => row.cents);
    // @ts-expect-error a row that nothing refers to has no key
    sums.outerJoin(life, 'wrong', byCents, (row) => row);
    // @ts-expect-error a measure is a number
    groups.sum('wrong', (n) => String(n));
    // @ts-expect-error the measure of a row depends on what it brings to its group alone
    groups.max('wrong', (n, context: Context) => n + context.now());
    // @ts-expect-error the number of rows comes before their measure
    groups.topN('wrong', (n: number) => n, 3);
    // @ts-expect-error what was added can be taken out
    groups.aggregate('wrong', { initial: () => 0, add: (a, b) => a + b });
    // @ts-expect-error a group has a key and a value
    sums.groupBy((row) => row.cents);
    // @ts-expect-error the key of a view is text
    sums.toView('wrong', { key: (row) => row.cents });
    // @ts-expect-error functions of a table depend on the row alone
    sums.filter((row, context: Context) => row.cents > context.now());
    const found = events.pattern('names', {
      within: '1m',
      steps: [
        { name: 'placed', when: (event): event is PlacedEvent => event.type === 'placed' },
        { name: 'ready', when: (event, { placed }) => event.orderId === placed.orderId },
        { name: 'again', absent: true, when: (event, matched) => event.orderId === matched.ready.orderId },
        // @ts-expect-error no step has this name
        { name: 'last', when: (event, matched) => event.orderId === matched.reddy.orderId },
      ],
    });
    expectTypeOf(found['~value'].placed).toEqualTypeOf<PlacedEvent>();
    found.map(({ last }) => last.orderId);
    // @ts-expect-error it is absent
    found.map(({ again }) => again);
    // @ts-expect-error either within, or before and after
    events.join(events, 'both', { within: 1, before: 1, after: 1, grace: 0 }, (one) => one);

    events.filter((_, context) => {
      // @ts-expect-error a context is not to be changed
      context.key = 'other';
      return true;
    });
  });
}

describe('the types of the language', () => {
  it('flow from the schema to the view, and mistakes are compile errors', { timeout: 120_000 }, () => {
    expect(typesOfTheLanguage).toBeTypeOf('function');
    const here = fileURLToPath(import.meta.url);
    const root = resolve(dirname(here), '../..');
    const scratch = mkdtempSync(join(tmpdir(), 'moka-types-'));
    try {
      const project = join(scratch, 'tsconfig.json');
      const compilerOptions = { noEmit: true, rootDir: '/', typeRoots: [join(root, 'node_modules/@types')] };
      writeFileSync(
        project,
        JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: [], files: [here] }),
      );
      const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
      const run = spawnSync(process.execPath, [compiler, '-p', project], { cwd: root, encoding: 'utf8' });
      expect(run.stdout + run.stderr).toBe('');
      expect(run.status).toBe(0);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });
});
