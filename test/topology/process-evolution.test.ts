import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { listState, mapState, valueState } from '../../src/operators/process-state.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import { eventType } from '../../src/topology/process-node.ts';
import { DEAD_LETTERS_STORE, laneStores } from '../../src/worker/lane-stores.ts';
import { type Lane, open, save } from './evolution-fixtures.ts';

const Sale = Type.Object({ sku: Type.String(), cents: Type.Integer() });
const TTL = { ttl: '1h' } as const;

/** Keeps numbers, in every kind of state. */
const first = defineTopology('sales', (t) => {
  t.stream('sales', { schema: Sale, key: 'sku' })
    .process('kept', {
      state: {
        last: valueState<number>(),
        all: listState<number>(),
        byCents: mapState<number>(),
        lastForNow: valueState<number>(TTL),
        allForNow: listState<number>(TTL),
        byCentsForNow: mapState<number>(TTL),
        same: valueState<number>(),
      },
      onEvent: ({ cents }, { state }) => {
        for (const one of [state.last, state.lastForNow, state.same]) one.set(cents);
        for (const one of [state.all, state.allForNow]) one.add(cents);
        for (const one of [state.byCents, state.byCentsForNow]) one.set(`${cents}`, cents);
      },
    })
    .toJournal('seen', { keep: 100 });
});

type Price = { readonly cents: number };

/** The numbers have become texts, and then objects. What is emitted is what was there before the event. */
function third(toText: (cents: number) => string = String): CompiledTopology {
  const upcast = { 1: toText, 2: (text: string): Price => ({ cents: Number(text) }) };
  return defineTopology('sales', { version: '3' }, (t) => {
    t.stream('sales', { schema: Sale, key: 'sku' })
      .process('kept', {
        version: 3,
        state: {
          last: valueState<Price>({ upcast }),
          all: listState<Price>({ upcast }),
          byCents: mapState<Price>({ upcast }),
          lastForNow: valueState<Price>({ ...TTL, refresh: 'read', upcast }),
          allForNow: listState<Price>({ ...TTL, upcast }),
          byCentsForNow: mapState<Price>({ ...TTL, upcast }),
          same: valueState<number>(),
        },
        emits: eventType<unknown[]>(),
        onEvent: ({ cents }, { state, emit }) => {
          const [values, lists] = [
            [state.last, state.lastForNow],
            [state.all, state.allForNow],
          ] as const;
          const maps = [state.byCents, state.byCentsForNow];
          emit([
            state.same.get(),
            ...values.map((one) => one.get()),
            ...lists.map((one) => one.get()),
            ...maps.map((one) => one.entries()),
            ...maps.map((one) => one.get('400')),
          ]);
          for (const one of values) one.set({ cents });
          for (const one of lists) one.add({ cents });
          for (const one of maps) one.set(`${cents}`, { cents });
          state.same.set(cents);
        },
      })
      .toJournal('seen', { keep: 100 });
  });
}

function seen(lane: Lane, topology: CompiledTopology): unknown {
  const { id } = laneStores(topology).find(({ name }) => name.includes('seen')) as { id: number };
  const rows = lane.state.store(id).range('', undefined, 100) as [string, { value?: unknown }][];
  return rows.flatMap(([, row]) => (row.value === undefined ? [] : [row.value])).at(-1);
}

function savedByFirst(): SimulatedCheckpoints {
  const checkpoints = new SimulatedCheckpoints();
  const lane = open(first, checkpoints.openForRead());
  lane.sell('latte', 400);
  lane.sell('latte', 450);
  save(lane, checkpoints, 1);
  return checkpoints;
}

const price = (cents: number): Price => ({ cents });
const entry = (cents: number): [string, Price] => [`${cents}`, price(cents)];

describe('state of an operator of an earlier version', () => {
  it('is brought up to date when it is read, whatever its kind', () => {
    const checkpoints = savedByFirst();
    const topology = third();
    const lane = open(topology, checkpoints.openForRead());
    lane.sell('latte', 500);
    const two = [price(400), price(450)];
    const entries = [entry(400), entry(450)];
    const before = [450, price(450), price(450), two, two, entries, entries, price(400), price(400)];
    expect(seen(lane, topology)).toEqual(before);
    save(lane, checkpoints, 2);

    const again = open(topology, checkpoints.openForRead());
    again.sell('latte', 1);
    const three = [...two, price(500)];
    const more = [...entries, entry(500)];
    const then = [500, price(500), price(500), three, three, more, more, price(400), price(400)];
    expect(seen(again, topology)).toEqual(then);
  });

  it('whose upcaster throws makes a dead letter of each event that needs it, and holds up no other key', () => {
    const topology = third((cents) => {
      throw new RangeError(`not ${cents}`);
    });
    const lane = open(topology, savedByFirst().openForRead());
    lane.sell('latte', 1);
    lane.sell('mocha', 1);
    expect(seen(lane, topology)).toEqual([undefined, undefined, undefined, [], [], [], [], undefined, undefined]);
    const letters = lane.state.store(DEAD_LETTERS_STORE).range('', undefined, 10);
    expect(letters.map(([, letter]) => letter)).toEqual([
      expect.objectContaining({
        key: 'latte',
        errors: expect.arrayContaining([
          expect.stringContaining('stored value of version=1 cannot be read as version=3: RangeError: not 450'),
        ]),
      }),
    ]);
  });

  it('cannot be read by an earlier operator', () => {
    const checkpoints = savedByFirst();
    const lane = open(third(), checkpoints.openForRead());
    lane.sell('latte', 1);
    save(lane, checkpoints, 2);
    expect(() => open(first, checkpoints.openForRead())).toThrow(
      expect.objectContaining({ code: 'ERR_STATE_VERSION' }),
    );
  });

  it.each<[object, string]>([
    [{ version: 0 }, 'version is 0'],
    [{ state: { last: valueState({ upcast: { 1: () => 0 } }) } }, "state 'last': upcast has a way from version 1"],
    [{ version: 2, state: { last: valueState({ upcast: { 1: 3 as never } }) } }, 'upcast from version 1 is a number'],
  ])('%j is a mistake', (options, problem) => {
    expect(() =>
      defineTopology('t', (t) => {
        t.stream('sales', { schema: Sale, key: 'sku' })
          .process('kept', { ...options, onEvent: () => {} })
          .toJournal('seen', { keep: 1 });
      }),
    ).toThrow(problem);
  });
});
