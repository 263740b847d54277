import { describe, expect, it } from 'vitest';
import type { ScanOptions, StateStore } from '../../src/store/state-store.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { metaAt, stateOf } from './state-fixtures.ts';

function keysOf(store: StateStore, options: ScanOptions, maxRows = 500): { keys: string[]; slices: number } {
  const cursor = store.scan(options);
  const keys: string[] = [];
  let slices = 0;
  for (; !cursor.isDone; slices++) {
    const rows = cursor.next(maxRows);
    if (rows !== 'more') keys.push(...rows.map(({ key }) => key));
  }
  return { keys, slices };
}

describe('StateStore', () => {
  it.each([
    null,
    0,
    -1,
    2 ** 53 - 1,
    1.5,
    true,
    '',
    'flat white ☕',
    'x'.repeat(70_000),
    [],
    [1, [2, [3]]],
    {},
    { a: { b: { c: [{ d: null }] } }, 'with space': 1 },
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`sku-${i}`, i])),
  ])('get gives a value back that is equal to what was put, and not the same (%#)', (value) => {
    const store = stateOf(null).store(0);
    store.put('k', value);
    expect(store.get('k')).toEqual(value);
    if (value !== null && typeof value === 'object') expect(store.get('k')).not.toBe(store.get('k'));
  });

  it('get gives bytes back that later writes leave alone', () => {
    const store = stateOf(null).store(0);
    store.put('k', { bytes: Buffer.from('as it came') });
    const { bytes } = store.get('k') as { bytes: Uint8Array };
    for (let i = 0; i < 100; i++) store.put('k', { bytes: Buffer.alloc(10, i) });
    expect(Buffer.from(bytes).toString()).toBe('as it came');
  });

  it('objects of more shapes than there are numbers for are kept too', () => {
    const checkpoints = new SimulatedCheckpoints();
    const reader = checkpoints.openForRead();
    const state = stateOf(reader);
    const shaped = (i: number): object => ({ [`member-${i}`]: i, other: { [`inner-${i}`]: [i] } });
    for (let i = 0; i < 600; i++) state.store(0).put(`key-${i}`, shaped(i));
    const sink = checkpoints.openSink(reader);
    sink.begin();
    state.beginCut();
    while (!state.encodeSlice(sink, 10_000));
    sink.finish(metaAt(1));
    expect(sink.result()).toBe('committed');
    const restarted = stateOf(checkpoints.openForRead());
    for (let i = 0; i < 600; i++) {
      expect(state.store(0).get(`key-${i}`)).toEqual(shaped(i));
      expect(restarted.store(0).get(`key-${i}`)).toEqual(shaped(i));
    }
    restarted.store(0).put('new', { never: 'seen', before: 1 });
    expect(restarted.store(0).get('new')).toEqual({ never: 'seen', before: 1 });
  });

  it('put refuses what cannot be kept and leaves the row as it was', () => {
    const state = stateOf(null);
    const store = state.store(0);
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    store.put('k', 'before');
    for (const value of ['x'.repeat(5 * 1024 * 1024), cycle, { call: () => 1 }]) {
      expect(() => store.put('k', value)).toThrowError(expect.objectContaining({ code: 'ERR_OPERATOR_FAILED' }));
    }
    expect(() => store.put('k'.repeat(1_025), 1)).toThrowError(
      expect.objectContaining({ code: 'ERR_OPERATOR_FAILED' }),
    );
    expect(() => store.put('k', undefined)).toThrowError(/undefined/);
    expect([store.get('k'), store.size]).toEqual(['before', 1]);
    store.put('k', { after: 'a failure' });
    expect(store.get('k')).toEqual({ after: 'a failure' });
  });

  it('scan merges tens of thousands of changed rows with those of the environment, in slices', () => {
    const checkpoints = new SimulatedCheckpoints();
    const reader = checkpoints.openForRead();
    const state = stateOf(reader);
    const store = state.store(0);
    const expected = new Set<string>();
    const put = (n: number): void => {
      store.put(`key-${n}`, n);
      expected.add(`key-${n}`);
    };
    for (let n = 0; n < 30_000; n++) put((n * 7919) % 100_000);
    const sink = checkpoints.openSink(reader);
    sink.begin();
    state.beginCut();
    while (!state.encodeSlice(sink, 10 ** 6));
    for (let n = 0; n < 20_000; n++) put((n * 104_729) % 100_000);
    for (let n = 0; n < 100_000; n += 3) if (store.delete(`key-${n}`)) expected.delete(`key-${n}`);
    const inOrder = [...expected].sort();
    const { keys, slices } = keysOf(store, { limit: 10 ** 6 });
    expect(keys.join()).toBe(inOrder.join());
    expect(slices).toBeGreaterThan(inOrder.length / 500);
    sink.finish(metaAt(1));
    expect(sink.result()).toBe('committed');
    state.confirmCut();
    for (let n = 200_000; n < 201_000; n++) put(n);
    expect(keysOf(store, { limit: 10 ** 6 }).keys.join()).toBe([...expected].sort().join());
    const page = keysOf(store, { from: 'key-5', to: 'key-6', after: 'key-55', limit: 40 }, 7).keys;
    expect(page).toEqual(
      [...expected]
        .sort()
        .filter((key) => key > 'key-55' && key < 'key-6')
        .slice(0, 40),
    );
    expect(store.size).toBe(expected.size);
  });

  it('scan passes over a long stretch of deleted rows without holding its lane', () => {
    const state = stateOf(null);
    const store = state.store(0);
    for (let n = 10_000; n < 60_000; n++) store.put(`key-${n}`, n);
    for (let n = 10_000; n < 59_999; n++) store.delete(`key-${n}`);
    const cursor = store.scan({ limit: 10 });
    let pauses = 0;
    for (let rows = cursor.next(10); ; rows = cursor.next(10)) {
      if (rows !== 'more') {
        expect(rows).toEqual([{ key: 'key-59999', value: 59_999 }]);
        break;
      }
      pauses += 1;
    }
    expect(pauses).toBeGreaterThan(10);
  });

  it('scan sees what an event has written so far, and not what was undone', () => {
    const state = stateOf(null);
    const store = state.store(0);
    store.put('a', 1);
    state.beginEvent();
    store.put('b', 2);
    store.delete('a');
    expect(keysOf(store, { limit: 9 }).keys).toEqual(['b']);
    state.undoEvent();
    expect(keysOf(store, { limit: 9 }).keys).toEqual(['a']);
  });
});

describe('PartitionState', () => {
  it('wantsCut when dirty rows take up the cache, until they are cut', () => {
    const state = stateOf(null, { cacheBytes: 100_000 });
    expect(state.wantsCut).toBe(false);
    for (let n = 0; n < 1_000; n++) state.store(0).put(`key-${n}`, { n, text: 'some text' });
    expect(state.wantsCut).toBe(true);
    state.beginCut();
    expect(state.wantsCut).toBe(false);
    state.abandonCut();
    expect(state.wantsCut).toBe(true);
  });

  it('refuses calls out of order', () => {
    const state = stateOf(null);
    expect(() => state.store(9)).toThrowError(/store place=9/);
    expect(() => state.commitEvent()).toThrowError(/commitEvent/);
    expect(() => state.undoEvent()).toThrowError(/undoEvent/);
    state.beginEvent();
    expect(() => state.beginEvent()).toThrowError(/within an event/);
    expect(() => state.beginCut()).toThrowError(/event/);
    state.commitEvent();
    expect(() => state.encodeSlice({ hasRoom: () => true, tryRow: () => true }, 1)).toThrowError(/without a cut/);
    expect(() => state.abandonCut()).toThrowError(/without a cut/);
    state.store(0).put('k', 1);
    state.beginCut();
    expect(() => state.beginCut()).toThrowError(/within a cut/);
    expect(() => state.confirmCut()).toThrowError(/before all/);
  });

  it('stats count rows, hits, misses and evictions', () => {
    const state = stateOf(new SimulatedCheckpoints().openForRead(), { cacheBytes: 0 });
    state.beginEvent();
    state.store(0).get('a');
    state.store(0).get('b');
    state.store(0).get('a');
    state.store(0).put('a', 1);
    state.commitEvent();
    expect(state.stats()).toMatchObject({ rows: 1, cachedRows: 1, hits: 0, misses: 3, evictions: 2, frozenBytes: 0 });
    expect(state.stats().dirtyBytes).toBeGreaterThan(0);
    state.beginCut();
    expect(state.stats()).toMatchObject({ dirtyBytes: 0 });
    expect(state.stats().frozenBytes).toBeGreaterThan(0);
  });
});
