import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Context } from '../../src/operators/operator-context.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { GroupedStream } from '../../src/topology/grouped-stream.ts';
import type { Stream } from '../../src/topology/stream.ts';
import type { Table } from '../../src/topology/table.ts';

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
    expectTypeOf(events).toEqualTypeOf<Stream<OrderEvent>>();

    // filter narrows by a type guard, written or inferred, and else keeps the type
    expectTypeOf(events.filter((event) => event.type === 'placed')).toEqualTypeOf<Stream<PlacedEvent>>();
    expectTypeOf(events.filter('placed', (event): event is PlacedEvent => event.type === 'placed')).toEqualTypeOf<
      Stream<PlacedEvent>
    >();
    expectTypeOf(events.filter('long-id', (event) => event.orderId.length > 3)).toEqualTypeOf<Stream<OrderEvent>>();

    // map and flatMap take the result's type
    expectTypeOf(events.map((event) => event.orderId)).toEqualTypeOf<Stream<string>>();
    expectTypeOf(events.map('named', (event, context) => ({ at: context.eventTime, id: event.orderId }))).toEqualTypeOf<
      Stream<{ at: number; id: string }>
    >();
    expectTypeOf(events.flatMap((event) => [event.orderId, 1])).toEqualTypeOf<Stream<string | number>>();

    // branch knows its ways
    const ways = events.branch('kind', {
      placed: (event): event is PlacedEvent => event.type === 'placed',
      long: (event) => event.orderId.length > 3,
    });
    expectTypeOf(ways.placed).toEqualTypeOf<Stream<PlacedEvent>>();
    expectTypeOf(ways.long).toEqualTypeOf<Stream<OrderEvent>>();
    expectTypeOf(ways.otherwise).toEqualTypeOf<Stream<OrderEvent>>();
    // @ts-expect-error there is no such way
    ways.sideways;

    // merge unites
    expectTypeOf(ways.placed.merge(events.map(() => 'text'))).toEqualTypeOf<Stream<PlacedEvent | string>>();

    // folds
    const byOrder = events.groupByKey();
    expectTypeOf(byOrder).toEqualTypeOf<GroupedStream<OrderEvent>>();
    expectTypeOf(byOrder.count('count')).toEqualTypeOf<Table<number>>();
    expectTypeOf(byOrder.reduce('last', (_, event) => event)).toEqualTypeOf<Table<OrderEvent>>();
    const sums = ways.placed.groupByKey().aggregate('sum', {
      initial: () => ({ cents: 0 }),
      add: (state, event) => ({ cents: state.cents + event.cents }),
    });
    expectTypeOf(sums).toEqualTypeOf<Table<{ cents: number }>>();

    // tables
    expectTypeOf(events.toTable('latest')).toEqualTypeOf<Table<OrderEvent>>();
    expectTypeOf(events.toTable('same', (current, event) => current ?? event)).toEqualTypeOf<Table<OrderEvent>>();
    const life = events.toTable('life', (current: string | null, event) => (current === null ? event.type : null));
    expectTypeOf(life).toEqualTypeOf<Table<'placed' | 'ready'>>();
    expectTypeOf(sums.filter((row) => row.cents > 0)).toEqualTypeOf<Table<{ cents: number }>>();
    expectTypeOf(sums.map((row) => row.cents)).toEqualTypeOf<Table<number>>();
    expectTypeOf(sums.toView('sums', { key: (row, key) => `${row.cents}/${key}` })).toEqualTypeOf<
      Table<{ cents: number }>
    >();
    expectTypeOf(t.from('map', Placed)).toEqualTypeOf<Stream<PlacedEvent>>();

    // what a function is given
    events.filter((event, context) => {
      expectTypeOf(event).toEqualTypeOf<OrderEvent>();
      expectTypeOf(context).toEqualTypeOf<Context>();
      expectTypeOf(context.key).toEqualTypeOf<string>();
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
    // @ts-expect-error the key of a view is text
    sums.toView('wrong', { key: (row) => row.cents });
    // @ts-expect-error functions of a table depend on the row alone
    sums.filter((row, context: Context) => row.cents > context.now());
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
