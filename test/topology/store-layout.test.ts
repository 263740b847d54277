import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { listState, valueState } from '../../src/operators/process-state.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { StateDeclarations } from '../../src/topology/process-node.ts';
import type { Table } from '../../src/topology/table.ts';
import { calendarDays, hopping, session, tumbling, type WindowDefinition } from '../../src/topology/windows.ts';
import { DEAD_LETTERS_STORE } from '../../src/worker/lane-stores.ts';
import { open, save } from './evolution-fixtures.ts';

const Sale = Type.Object({ sku: Type.String(), cents: Type.Integer() });
type Events = ReturnType<typeof stream>;
type Build = (events: Events) => Pick<Table<unknown>, 'toView'>;

const stream = (t: TopologyBuilder) => t.stream('sales', { schema: Sale, key: 'sku' });
const cents = (sale: { cents: number }): number => sale.cents;

function sales(version: string, build: Build): CompiledTopology {
  return defineTopology('sales', { version }, (t) => {
    build(stream(t)).toView('shown');
  });
}

/** Opens the second with what the first has saved, and sells something. @returns how many dead letters there are */
function change(first: Build, second: Build): number {
  const checkpoints = new SimulatedCheckpoints();
  const before = open(sales('1', first), checkpoints.openForRead());
  before.sell('latte', 400);
  save(before, checkpoints, 0);
  const after = open(sales('2', second), checkpoints.openForRead());
  after.sell('latte', 100);
  return after.state.store(DEAD_LETTERS_STORE).size;
}

const windowed =
  (definition: WindowDefinition): Build =>
  (events) =>
    events
      .groupByKey()
      .window(definition as WindowDefinition<'tumbling'>)
      .count('kept', { emit: 'final' });
const kept =
  (state: StateDeclarations): Build =>
  (events) =>
    events.process('kept', {
      state,
      onEvent: (sale, { state, emit }) => {
        const due = (state as Record<string, { add?: (n: number) => void; set?: (n: number) => void }>)['due'];
        due?.set?.(sale.cents);
        due?.add?.(sale.cents);
        emit(sale);
      },
    });
const grouped = (kind: 'min' | 'max'): Build => {
  return (events) =>
    events
      .toTable('rows')
      .groupBy((row) => ['all', row])
      [kind]('kept', cents);
};
const grace = 0;

describe('what is kept, under the name of another operator', () => {
  it.each<[string, Build, Build, string]>([
    [
      'other windows',
      windowed(tumbling({ size: 10, grace })),
      windowed(session({ gap: 10, grace })),
      'store=kept was written with rows=a row per window, and cannot be read with rows=session windows in a row: leave that as it was, and give what is new another name',
    ],
    [
      'other panes',
      windowed(hopping({ size: 10, advance: 5, grace })),
      windowed(hopping({ size: 10, advance: 2, grace })),
      'store=kept:panes was written with advance=5 ms, and cannot be read with advance=2 ms',
    ],
    [
      'ranked events',
      (events) => events.groupByKey().count('kept'),
      (events) => events.groupByKey().topN('kept', 1, cents),
      'store=kept was written with rows=a value per key, and cannot be read with rows=topN',
    ],
    [
      'numbers in the other order',
      grouped('min'),
      grouped('max'),
      'store=kept was written with rows=min of groups, and cannot be read with rows=max of groups',
    ],
    [
      'state that expires now',
      kept({ due: valueState<number>() }),
      kept({ due: valueState<number>({ ttl: '1h' }) }),
      'store=kept was written with state due=value, and cannot be read with state due=value with a ttl',
    ],
    [
      'another kind of state',
      kept({ due: valueState<number>() }),
      kept({ due: listState<number>() }),
      'store=kept was written with state due=value, and cannot be read with state due=list',
    ],
  ])('is not read: %s', (_, first, second, message) => {
    expect(() => change(first, second)).toThrow(
      expect.objectContaining({ code: 'ERR_STATE_VERSION', message: expect.stringContaining(message) }),
    );
  });

  it.each<[string, Build, Build]>([
    ['windows of another size', windowed(tumbling({ size: 10, grace })), windowed(tumbling({ size: 20, grace }))],
    ['days', windowed(tumbling({ size: 10, grace })), windowed(calendarDays({ zone: 'UTC', grace }))],
    ['sessions of another gap', windowed(session({ gap: 10, grace })), windowed(session({ gap: 20, grace }))],
    [
      'a count that has become a state',
      (events) => events.groupByKey().count('kept'),
      (events) =>
        events.groupByKey().aggregate('kept', {
          version: 2,
          upcast: { 1: (count: number) => ({ count }) },
          initial: () => ({ count: 0 }),
          add: ({ count }) => ({ count: count + 1 }),
        }),
    ],
    [
      'one state more',
      kept({ due: valueState<number>() }),
      kept({ due: valueState<number>(), all: listState<number>({ ttl: '1h' }) }),
    ],
    [
      'one state less',
      kept({ due: valueState<number>(), all: listState<number>() }),
      kept({ due: valueState<number>() }),
    ],
  ])('is read: %s', (_, first, second) => {
    expect(change(first, second)).toBe(0);
  });
});
