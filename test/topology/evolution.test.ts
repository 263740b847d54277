import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import { DEAD_LETTERS_STORE, laneStoreId } from '../../src/worker/lane-stores.ts';
import { open, save } from './evolution-fixtures.ts';

const Sale = Type.Object({ sku: Type.String(), cents: Type.Integer() });

const first = defineTopology('sales', (t) => {
  t.stream('sales', { schema: Sale, key: 'sku' })
    .groupByKey()
    .aggregate('totals', { initial: () => 0, add: (cents: number, sale) => cents + sale.cents })
    .toView('totals');
});

/** The state was a number, became an object, and then got a count. */
function third(upcast: Record<number, (value: never) => unknown>): CompiledTopology {
  return defineTopology('sales', { version: '3' }, (t) => {
    t.stream('sales', { schema: Sale, key: 'sku' })
      .groupByKey()
      .aggregate('totals', {
        version: 3,
        upcast,
        initial: () => ({ cents: 0, count: 0 }),
        add: (total, sale) => ({ cents: total.cents + sale.cents, count: total.count + 1 }),
      })
      .toView('totals');
  });
}

const WAY = {
  1: (cents: number) => ({ cents }),
  2: (total: { cents: number }) => ({ ...total, count: 1 }),
} as Record<number, (value: never) => unknown>;

function savedByFirst(): SimulatedCheckpoints {
  const checkpoints = new SimulatedCheckpoints();
  const lane = open(first, checkpoints.openForRead());
  lane.sell('latte', 400);
  lane.sell('mocha', 450);
  save(lane, checkpoints, 1);
  return checkpoints;
}

describe('state of an earlier version', () => {
  it('is brought up to date when it is read, and kept as what it has become', () => {
    const checkpoints = savedByFirst();
    const lane = open(third(WAY), checkpoints.openForRead());
    const store = lane.state.store(laneStoreId(0));
    expect(store.get('mocha')).toEqual({ cents: 450, count: 1 });
    lane.sell('latte', 100);
    expect(store.get('latte')).toEqual({ cents: 500, count: 2 });
    expect(store.range('', undefined, 10)).toEqual([
      ['latte', { cents: 500, count: 2 }],
      ['mocha', { cents: 450, count: 1 }],
    ]);
    save(lane, checkpoints, 2);
    const again = open(third(WAY), checkpoints.openForRead()).state.store(laneStoreId(0));
    expect(again.get('latte')).toEqual({ cents: 500, count: 2 });
    expect(again.get('mocha')).toEqual({ cents: 450, count: 1 });
  });

  it('that could not be read keeps a topology from starting, and says what is missing', () => {
    const { 1: one } = WAY as { 1: (value: never) => unknown };
    expect(() => open(third({ 1: one }), savedByFirst().openForRead())).toThrowError(
      expect.objectContaining({
        code: 'ERR_STATE_VERSION',
        message: expect.stringContaining('store=totals may hold values of version=1, and there is no way from 2 to 3'),
      }),
    );
  });

  it('of a later topology is not read by an earlier one', () => {
    const checkpoints = savedByFirst();
    const lane = open(third(WAY), checkpoints.openForRead());
    lane.sell('latte', 1);
    save(lane, checkpoints, 2);
    expect(() => open(first, checkpoints.openForRead())).toThrowError(
      expect.objectContaining({ code: 'ERR_STATE_VERSION', message: expect.stringContaining('version=3') }),
    );
  });

  it('whose upcaster throws makes a dead letter of each event that needs it, and holds up no other key', () => {
    const failing = {
      ...WAY,
      2: (total: { cents: number }) => {
        if (total.cents === 400) throw new RangeError('not this one');
        return { ...total, count: 1 };
      },
    } as Record<number, (value: never) => unknown>;
    const lane = open(third(failing), savedByFirst().openForRead());
    lane.sell('latte', 1);
    lane.sell('mocha', 1);
    expect(lane.state.store(laneStoreId(0)).get('mocha')).toEqual({ cents: 451, count: 2 });
    const [letter] = lane.state.store(DEAD_LETTERS_STORE).range('', undefined, 10);
    expect(letter?.[1]).toMatchObject({
      key: 'latte',
      errors: expect.arrayContaining([
        expect.stringContaining('cannot be read as version=3: RangeError: not this one'),
      ]),
    });
  });

  it('is found by its name, wherever it stands in the topology', () => {
    const topology = defineTopology('sales', { version: '2' }, (t) => {
      const sales = t.stream('sales', { schema: Sale, key: 'sku' });
      sales.groupByKey().count('counts').toView('counts');
      sales
        .groupByKey()
        .aggregate('totals', { initial: () => 0, add: (cents: number, sale) => cents + sale.cents })
        .toView('totals');
    });
    const checkpoints = savedByFirst();
    const lane = open(topology, checkpoints.openForRead());
    lane.sell('latte', 100);
    save(lane, checkpoints, 2);
    const { state } = open(topology, checkpoints.openForRead());
    const rows = [0, 1].map((place) => state.store(laneStoreId(place)).range('', undefined, 10));
    expect(rows).toEqual([
      [['latte', 1]],
      [
        ['latte', 500],
        ['mocha', 450],
      ],
    ]);
  });

  it('of an empty store asks for nothing', () => {
    const checkpoints = new SimulatedCheckpoints();
    save(open(first, checkpoints.openForRead()), checkpoints, 0);
    const lane = open(third({}), checkpoints.openForRead());
    lane.sell('latte', 1);
    save(lane, checkpoints, 1);
    expect(() => open(third({}), checkpoints.openForRead())).not.toThrow();
  });
});

describe('versions in a topology', () => {
  it.each([
    [{ version: 0 }, 'version is 0'],
    [{ version: 1.5 }, 'version is 1.5'],
    [{ version: 2, upcast: { 2: () => 0 } }, 'upcast has a way from version 2'],
    [{ version: 2, upcast: { 1: 'x' } }, 'its upcast from version 1 is a string'],
    [{ version: 2, upcast: [] }, 'upcast is an array'],
  ])('%j is a mistake', (options, problem) => {
    expect(() =>
      defineTopology('t', (t) => {
        t.stream('sales', { schema: Sale, key: 'sku' })
          .groupByKey()
          .aggregate('totals', { initial: () => 0, add: (n: number) => n, ...(options as object) })
          .toView('totals');
      }),
    ).toThrowError(expect.objectContaining({ message: expect.stringContaining(problem) }));
  });
});
