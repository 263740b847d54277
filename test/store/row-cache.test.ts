import { describe, expect, it } from 'vitest';
import type { RowSink } from '../../src/store/checkpoint.ts';
import { RowCache } from '../../src/store/row-cache.ts';
import { RowCut } from '../../src/store/row-cut.ts';
import { ENTRY_CELL, ENTRY_CUT_CELL, type EvictionPolicy, RowTable } from '../../src/store/row-table.ts';
import { SlabMemory } from '../../src/store/slab-memory.ts';
import { ValueCodec } from '../../src/store/value-codec.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

const EVERYTHING: RowSink = { hasRoom: () => true, tryRow: () => true };

function cacheOf(cacheBytes: number): { cache: RowCache; cut: RowCut; codec: ValueCodec } {
  const cache = new RowCache(1, new RowTable(1, new SimulatedCheckpoints().openForRead(), cacheBytes, 'lru', 1));
  return { cache, cut: new RowCut(cache), codec: new ValueCodec() };
}

/** Bytes of the cells that entries hold, each rounded up as the memory does. */
function heldBytes(cache: RowCache, maxEntry: number): number {
  const cells = new Set<number>();
  for (let id = 1; id <= maxEntry; id++) {
    const entry = cache.rows.entries[id >>> 16];
    if (entry === undefined) break;
    cells.add(entry[((id & 0xffff) << 2) + ENTRY_CELL] as number);
    cells.add(entry[((id & 0xffff) << 2) + ENTRY_CUT_CELL] as number);
  }
  const rounded = new SlabMemory();
  for (const cell of cells) {
    if (cell === 0) continue;
    const words = cache.rows.memory.words[cell >>> 16] as Int32Array;
    const word = (cell & 0xffff) << 2;
    rounded.allocate(8 + (((words[word + 1] as number) + 3) & ~3) + Math.max(0, words[word] as number));
  }
  return rounded.usedBytes;
}

describe('RowCache', () => {
  it('put after undo into a row that the open cut wants keeps the cut row', () => {
    const { cache, cut, codec } = cacheOf(2 ** 30);
    cache.put(0, 'k', 'at the cut', codec);
    cut.beginCut();
    cache.beginEvent();
    cache.put(0, 'k', 'undone', codec);
    cache.undoEvent();
    cache.beginEvent();
    cache.put(0, 'k', 'later', codec);
    cache.commitEvent();
    const handed: string[] = [];
    cut.handOver(
      {
        hasRoom: () => true,
        tryRow: (_storeId, _key, _keyStart, _keyLength, bytes, start, length) => {
          handed.push(codec.decode(bytes, start, start + length) as string);
          return true;
        },
      },
      1_000,
    );
    expect(handed).toEqual(['at the cut']);
    expect(cache.get(0, 'k', codec)).toBe('later');
  });

  it('takes back values of other lengths that were written over the one before, to the byte', () => {
    const { cache, codec } = cacheOf(2 ** 30);
    cache.beginEvent();
    cache.put(0, 'k', 'before', codec);
    cache.put(0, 'other', 1, codec);
    cache.commitEvent();
    const { dirtyBytes } = cache;
    const { usedBytes } = cache.rows.memory;
    cache.beginEvent();
    // Between 17 and 32 bytes with its key: the room of the cell it is in.
    cache.put(0, 'k', 'abc', codec);
    const written = cache.written;
    cache.put(0, 'other', 2, codec);
    cache.put(0, 'k', 'longer one', codec);
    expect(cache.dirtyBytes).toBe(dirtyBytes + 'longer one'.length - 'before'.length);
    cache.undoTo(written);
    expect([cache.get(0, 'k', codec), cache.get(0, 'other', codec)]).toEqual(['abc', 1]);
    cache.put(0, 'k', 'again', codec);
    cache.undoEvent();
    expect([cache.get(0, 'k', codec), cache.get(0, 'other', codec)]).toEqual(['before', 1]);
    expect([cache.dirtyBytes, cache.rows.memory.usedBytes]).toEqual([dirtyBytes, usedBytes]);
  });

  it('commitEvent, undoEvent and cuts free every cell that nobody holds', () => {
    let state = fuzzRuns(1).seed ?? 0;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return (state >>> 8) % below;
    };
    const { cache, cut, codec } = cacheOf(20_000);
    cache.rows.baseSizes[0] = 0;
    let isCutOpen = false;
    for (let step = 0; step < 20_000; step++) {
      cache.beginEvent();
      for (let n = random(4); n > 0; n--) {
        const key = `key-${random(200)}`;
        if (random(4) === 0) cache.delete(0, key);
        else cache.put(0, key, 'v'.repeat(random(30) === 0 ? random(100_000) : random(60)), codec);
      }
      if (random(5) === 0) cache.undoEvent();
      else cache.commitEvent();
      switch (random(30)) {
        case 0:
          if (!isCutOpen) cut.beginCut();
          isCutOpen = true;
          break;
        case 1:
          if (isCutOpen && cut.handOver(EVERYTHING, random(5_000)) >= 0) {
            cut.confirmCut();
            isCutOpen = false;
          }
          break;
        case 2:
          if (isCutOpen && random(3) === 0) {
            cut.abandonCut();
            isCutOpen = false;
          }
          break;
        default:
      }
      if (step % 500 === 0) expect(cache.rows.memory.usedBytes).toBe(heldBytes(cache, 220));
    }
    expect(cache.rows.memory.usedBytes).toBe(heldBytes(cache, 220));
    expect(cache.rows.evictions).toBeGreaterThan(0);
  });

  it('evicts down to its budget once rows are confirmed', () => {
    const { cache, cut, codec } = cacheOf(100_000);
    for (let i = 0; i < 10_000; i++) cache.put(0, `key-${i}`, { i }, codec);
    expect(cache.rows.usedBytes).toBeGreaterThan(500_000);
    cut.beginCut();
    expect(cut.handOver(EVERYTHING, 2 ** 30)).toBeGreaterThan(0);
    cut.confirmCut();
    for (let i = 0; i < 2_000; i++) {
      cache.beginEvent();
      cache.get(0, 'none', codec);
      cache.commitEvent();
    }
    expect(cache.rows.usedBytes).toBeLessThanOrEqual(100_000);
  });

  it('keeps what is read within bounds while every other row is dirty', () => {
    const { cache, codec } = cacheOf(50_000);
    for (let i = 0; i < 1_000; i++) cache.put(0, `key-${i}`, { i, text: 'some text of some length' }, codec);
    const dirtyBytes = cache.rows.usedBytes;
    expect(dirtyBytes).toBeGreaterThan(50_000);
    for (let i = 0; i < 20_000; i++) {
      cache.beginEvent();
      cache.get(0, `read-${i}`, codec);
      cache.commitEvent();
    }
    expect(cache.rows.usedBytes).toBeLessThan(dirtyBytes + 60_000);
  });
});

describe('RowTable eviction', () => {
  /** Shares of hits when a few hot rows are read among many that are read once. */
  function hitRatio(eviction: EvictionPolicy): number {
    const rows = new RowTable(1, new SimulatedCheckpoints().openForRead(), 40_000, eviction, 1);
    for (let i = 0; i < 40_000; i++) {
      rows.find(0, `hot-${(i * 7) % 50}`);
      for (let n = 0; n < 8; n++) rows.find(0, `once-${i * 8 + n}`);
    }
    expect(rows.usedBytes).toBeLessThan(42_000);
    return rows.hits / 40_000;
  }

  it('lru and lfu keep rows that are read again and again, fifo does not know them', () => {
    expect(hitRatio('fifo')).toBeLessThan(0.9);
    expect(hitRatio('lru')).toBeGreaterThan(0.95);
    expect(hitRatio('lfu')).toBeGreaterThan(0.95);
  });

  it('lru lets go of rows that were hot once, lfu a little later', () => {
    const misses = (eviction: EvictionPolicy): number => {
      const rows = new RowTable(1, new SimulatedCheckpoints().openForRead(), 40_000, eviction, 1);
      for (let i = 0; i < 5_000; i++) rows.find(0, `old-${i % 400}`);
      for (let i = 0; i < 30_000; i++) rows.find(0, `new-${i % 400}`);
      return rows.misses;
    };
    expect(misses('lru')).toBeLessThan(2_000);
    expect(misses('lfu')).toBeLessThan(12_000);
  });
});
