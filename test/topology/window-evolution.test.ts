import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import {
  calendarDays,
  countWindow,
  hopping,
  session,
  sliding,
  tumbling,
  type WindowDefinition,
} from '../../src/topology/windows.ts';
import { laneStores } from '../../src/worker/lane-stores.ts';
import { type Lane, open, save } from './evolution-fixtures.ts';

const Sale = Type.Object({ sku: Type.String(), cents: Type.Integer() });

type Emit = 'updates' | 'final';

const panesOf = (emit: Emit): { panes?: boolean } => (emit === 'final' ? { panes: true } : {});

/** A window's state is the sum of its cents. */
function first(window: WindowDefinition, emit: Emit): CompiledTopology {
  return defineTopology('sales', (t) => {
    const rows = t
      .stream('sales', { schema: Sale, key: 'sku' })
      .groupByKey()
      .window(window as WindowDefinition<'session'>)
      .aggregate(
        'sums',
        { initial: () => 0, add: (sum: number, { cents }) => sum + cents, merge: (a, b) => a + b, ...panesOf(emit) },
        { emit },
      );
    rows.toView('sums');
    rows.suppress('calm', { untilTimeLimit: 6 }).toView('calm', { key: (sum, key) => `${key}/${sum > 0}` });
    rows.map((sum) => `${sum}`).toView('texts');
  });
}

interface Sum {
  readonly cents: number;
}

/** It has become an object, and the texts say what they are in. */
function second(window: WindowDefinition, emit: Emit): CompiledTopology {
  return defineTopology('sales', { version: '2' }, (t) => {
    const rows = t
      .stream('sales', { schema: Sale, key: 'sku' })
      .groupByKey()
      .window(window as WindowDefinition<'session'>)
      .aggregate<Sum>(
        'sums',
        {
          version: 2,
          upcast: { 1: (cents: number): Sum => ({ cents }) },
          initial: () => ({ cents: 0 }),
          add: (sum, { cents }) => ({ cents: sum.cents + cents }),
          merge: (a, b) => ({ cents: a.cents + b.cents }),
          ...panesOf(emit),
        },
        { emit },
      );
    rows.toView('sums');
    rows.suppress('calm', { untilTimeLimit: 6 }).toView('calm', { key: (sum, key) => `${key}/${sum.cents > 0}` });
    rows
      .map(({ cents }) => `${cents} ct`)
      .toView('texts', { version: 2, upcast: { 1: (text: string) => `${text} ct` } });
  });
}

const VIEWS = ['rows:sums', 'view:calm', 'rows:texts'];

function rowsOf(lane: Lane, topology: CompiledTopology): unknown[] {
  const stores = laneStores(topology).filter(({ name }) => VIEWS.includes(name));
  expect(stores).toHaveLength(VIEWS.length);
  return stores.map(({ id, name }) => [name, lane.state.store(id).range('', undefined, 1000)]);
}

/** Events happen a ms after each other. */
function sell(lane: Lane, count: number): void {
  for (let n = 0; n < count; n++) lane.sell(n % 3 === 0 ? 'latte' : 'mocha', 100 + n);
}

describe('windows of an earlier version', () => {
  it.each<[WindowDefinition, Emit?]>([
    [tumbling({ size: 20, grace: 0 })],
    [calendarDays({ zone: 'UTC', grace: 0 })],
    [hopping({ size: 20, advance: 5, grace: 10 })],
    [hopping({ size: 6, advance: 4, grace: 1 }), 'final'],
    [sliding({ difference: 10, grace: 5 })],
    [session({ gap: 5, grace: 0 })],
    [session({ timeout: 8, grace: 0 })],
    [countWindow({ size: 5, every: 2 })],
  ])('of %j are brought up to date, with rows that wait and rows that are kept', (window, emit = 'updates') => {
    const checkpoints = new SimulatedCheckpoints();
    const before = open(first(window, emit), checkpoints.openForRead());
    sell(before, 10);
    save(before, checkpoints, 9);

    const topology = second(window, emit);
    const lane = open(topology, checkpoints.openForRead());
    const reference = open(topology, new SimulatedCheckpoints().openForRead());
    sell(reference, 10);
    expect(rowsOf(lane, topology)).toEqual(rowsOf(reference, topology));
    sell(lane, 12);
    sell(reference, 12);
    expect(rowsOf(lane, topology)).toEqual(rowsOf(reference, topology));

    save(lane, checkpoints, 21);
    expect(rowsOf(open(topology, checkpoints.openForRead()), topology)).toEqual(rowsOf(reference, topology));
  });

  it('take their versions from the table that they show', () => {
    expect(() =>
      defineTopology('t', (t) => {
        t.stream('sales', { schema: Sale, key: 'sku' })
          .groupByKey()
          .window(tumbling({ size: 1, grace: 0 }))
          .aggregate('sums', { version: 2, upcast: { 1: (n: number) => n }, initial: () => 0, add: (n) => n })
          .toView('sums', { version: 2, upcast: { 1: (n: number) => n } });
      }),
    ).toThrow("view 'sums': it shows the rows of its table, which has the version; leave version and upcast out");
  });
});
