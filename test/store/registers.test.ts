import { describe, expect, it } from 'vitest';
import type { PartitionState } from '../../src/store/partition-state.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { metaAt, stateOf } from './state-fixtures.ts';

function save(state: PartitionState, checkpoints: SimulatedCheckpoints, offset: number): void {
  const sink = checkpoints.openSink(checkpoints.openForRead());
  sink.begin();
  state.beginCut();
  while (!state.encodeSlice(sink, 1_000));
  sink.finish(metaAt(offset));
  expect(sink.result()).toBe('committed');
}

function registersOf(state: PartitionState, storeId: number): number[] {
  return [0, 1, 2, 3].map((index) => state.store(storeId).readRegister(index));
}

describe('Registers', () => {
  it('were never written at first, and keep what is written apart by store and index', () => {
    const state = stateOf(null, { stores: 2 });
    expect(registersOf(state, 0)).toEqual([-Infinity, -Infinity, -Infinity, -Infinity]);
    state.store(0).writeRegister(3, 1.5);
    state.store(1).writeRegister(0, -7);
    expect(registersOf(state, 0)).toEqual([-Infinity, -Infinity, -Infinity, 1.5]);
    expect(registersOf(state, 1)).toEqual([-7, -Infinity, -Infinity, -Infinity]);
  });

  it('are taken back with their event, however often it wrote them', () => {
    const state = stateOf(null);
    const store = state.store(0);
    store.writeRegister(0, 1);
    state.beginEvent();
    store.writeRegister(0, 2);
    store.writeRegister(0, 3);
    store.writeRegister(1, 4);
    state.undoEvent();
    expect(registersOf(state, 0)).toEqual([1, -Infinity, -Infinity, -Infinity]);
    state.beginEvent();
    store.writeRegister(0, 5);
    state.commitEvent();
    expect(store.readRegister(0)).toBe(5);
  });

  it('outlive a restart as the checkpoint froze them, not as they went on', () => {
    const checkpoints = new SimulatedCheckpoints();
    const state = stateOf(checkpoints.openForRead(), { stores: 2 });
    state.store(0).writeRegister(0, 1);
    state.store(1).writeRegister(2, 2 ** 52 + 1);
    const sink = checkpoints.openSink(checkpoints.openForRead());
    sink.begin();
    state.beginCut();
    state.store(0).writeRegister(0, 99);
    while (!state.encodeSlice(sink, 1_000));
    sink.finish(metaAt(1));
    expect(sink.result()).toBe('committed');
    const restarted = stateOf(checkpoints.openForRead(), { stores: 2 });
    expect(registersOf(restarted, 0)).toEqual([1, -Infinity, -Infinity, -Infinity]);
    expect(registersOf(restarted, 1)).toEqual([-Infinity, -Infinity, 2 ** 52 + 1, -Infinity]);
  });

  it('of a cut that came to nothing are in the next one', () => {
    const checkpoints = new SimulatedCheckpoints();
    const state = stateOf(checkpoints.openForRead());
    state.store(0).writeRegister(1, 8);
    state.beginCut();
    state.abandonCut();
    save(state, checkpoints, 1);
    expect(stateOf(checkpoints.openForRead()).store(0).readRegister(1)).toBe(8);
  });
});

describe('StateStore for operators', () => {
  it('a timed store gives the time back that came with the value, in memory and after a restart', () => {
    const checkpoints = new SimulatedCheckpoints();
    const state = stateOf(checkpoints.openForRead(), { isTimed: true });
    const store = state.store(0);
    store.put('a', { n: 1 }, 1_763_600_000_000);
    store.put('b', 'text', -5);
    expect(store.get('a')).toEqual({ n: 1 });
    expect(store.time).toBe(1_763_600_000_000);
    save(state, checkpoints, 1);
    const again = stateOf(checkpoints.openForRead(), { isTimed: true }).store(0);
    expect([again.get('b'), again.time]).toEqual(['text', -5]);
    expect([again.get('a'), again.time]).toEqual([{ n: 1 }, 1_763_600_000_000]);
    expect(again.range('', undefined, 10)).toEqual([
      ['a', { n: 1 }],
      ['b', 'text'],
    ]);
  });

  it('a range shows what the event under way wrote and deleted, over what the checkpoint has', () => {
    const checkpoints = new SimulatedCheckpoints();
    const state = stateOf(checkpoints.openForRead());
    for (const key of ['a', 'c', 'e', 'g']) state.store(0).put(key, key);
    save(state, checkpoints, 1);
    const restarted = stateOf(checkpoints.openForRead());
    const store = restarted.store(0);
    restarted.beginEvent();
    store.put('d', 'new');
    store.put('e', 'changed');
    store.delete('c');
    const within = [
      ['d', 'new'],
      ['e', 'changed'],
    ];
    expect(store.range('b', 'g', 10)).toEqual(within);
    expect(store.range('b', 'g', 1)).toEqual(within.slice(0, 1));
    restarted.undoEvent();
    expect(store.range('b', undefined, 10)).toEqual([
      ['c', 'c'],
      ['e', 'e'],
      ['g', 'g'],
    ]);
  });
});
