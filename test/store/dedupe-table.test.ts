import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CheckpointReader, ROW_DELETED, type RowSink } from '../../src/store/checkpoint.ts';
import { DedupeTable } from '../../src/store/dedupe-table.ts';
import { DEDUPE_CHUNK_ENTRIES } from '../../src/store/store-limits.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { metaAt } from './state-fixtures.ts';

const IDENTITIES = 2 ** 20;

/** The n-th identity; their lower halves meet often, so that the upper half must tell. */
function low(n: number): number {
  return Math.imul(n % 1_000, 0x9e3779b1);
}

function high(n: number): number {
  return n % IDENTITIES;
}

function insert(table: DedupeTable, n: number, logTime: number): void {
  table.insert(low(n), high(n), n ^ 0x5a5a, n * 3, logTime);
}

function has(table: DedupeTable, n: number): boolean {
  if (!table.lookup(low(n), high(n))) return false;
  expect([table.foundOffset, table.foundFingerprint]).toEqual([n * 3, (n ^ 0x5a5a) >>> 0]);
  return true;
}

function cut(table: DedupeTable, checkpoints: SimulatedCheckpoints, offset: number): void {
  const sink = checkpoints.openSink(checkpoints.openForRead());
  sink.begin();
  table.beginCut();
  while (table.handOver(sink, 30_000) < 0);
  sink.finish(metaAt(offset));
  expect(sink.result()).toBe('committed');
  table.confirmCut();
}

function rowCount(reader: CheckpointReader): number {
  let count = 0;
  for (let storeId = 0xff00; storeId <= 0xffff; storeId++) reader.scan(storeId, null, () => ++count > 0);
  return count;
}

describe('DedupeTable', () => {
  it('lookup tells identities apart that share a half', () => {
    const table = new DedupeTable({ windowMs: 10, maxEntries: 10 });
    table.insert(1, 2, 3, 4, 0);
    expect([table.lookup(1, 2), table.lookup(1, 3), table.lookup(2, 2)]).toEqual([true, false, false]);
    table.insert(1, 3, 0xffff_ffff, 2 ** 40, 0);
    expect([table.lookup(1, 3), table.foundOffset, table.foundFingerprint]).toEqual([true, 2 ** 40, 0xffff_ffff]);
    expect([table.lookup(1 - 2 ** 32, 2), table.foundOffset]).toEqual([true, 4]);
  });

  it('isFull only while every entry is within the window', () => {
    const table = new DedupeTable({ windowMs: 100, maxEntries: 3 });
    for (let n = 0; n < 3; n++) {
      expect(table.isFull(n)).toBe(false);
      insert(table, n, n);
    }
    expect(table.isFull(102)).toBe(true);
    expect(table.isFull(103)).toBe(false);
    expect(table.size).toBe(0);
  });

  it('expire forgets chunk by chunk, a few entries at a time, never within the window', () => {
    const windowMs = 100_000;
    const table = new DedupeTable({ windowMs, maxEntries: 10 ** 6 });
    const count = 3 * DEDUPE_CHUNK_ENTRIES + 10;
    for (let n = 0; n < count; n++) insert(table, n, n);
    // The first chunk's last entry is still in its window, so all of it stays.
    expect(table.expire(windowMs + DEDUPE_CHUNK_ENTRIES - 1, 100)).toBe(false);
    expect(table.size).toBe(count);
    expect(table.expire(windowMs + DEDUPE_CHUNK_ENTRIES, 100)).toBe(true);
    expect(table.size).toBe(count - 100);
    expect(has(table, DEDUPE_CHUNK_ENTRIES)).toBe(true);
    expect(table.expire(windowMs + DEDUPE_CHUNK_ENTRIES, 10 ** 6)).toBe(false);
    expect(table.size).toBe(count - DEDUPE_CHUNK_ENTRIES);
    expect(table.expire(10 ** 6, 10 ** 6)).toBe(false);
    expect(table.size).toBe(0);
    insert(table, 7, 10 ** 6);
    expect([has(table, 7), has(table, 8)]).toEqual([true, false]);
  });

  it('insert begins a new chunk when an offset is too far from the first', () => {
    const table = new DedupeTable({ windowMs: 1_000, maxEntries: 100 });
    const checkpoints = new SimulatedCheckpoints();
    table.insert(1, 1, 1, 5, 1);
    table.insert(2, 2, 2, 5 + 2 ** 32, 1);
    cut(table, checkpoints, 1);
    const loaded = new DedupeTable({ windowMs: 1_000, maxEntries: 100 });
    loaded.load(checkpoints.openForRead(), 1);
    expect([loaded.lookup(2, 2), loaded.foundOffset]).toEqual([true, 5 + 2 ** 32]);
    expect([loaded.lookup(1, 1), loaded.foundOffset]).toEqual([true, 5]);
  });

  it('a chunk that the open cut awaits is kept although it has expired', () => {
    const table = new DedupeTable({ windowMs: 10, maxEntries: 100_000 });
    for (let n = 0; n < DEDUPE_CHUNK_ENTRIES + 1; n++) insert(table, n, 0);
    table.beginCut();
    expect(table.expire(1_000, 10 ** 6)).toBe(false);
    for (let n = 0; n < 2 * DEDUPE_CHUNK_ENTRIES; n++) insert(table, 50_000 + n, 1_000);
    const counts: number[] = [];
    let lastHigh = -1;
    const sink: RowSink = {
      hasRoom: () => true,
      tryRow: (_storeId, _key, _keyStart, _keyLength, bytes, _start, length) => {
        const row = new DataView(bytes.buffer);
        counts.push(length === ROW_DELETED ? -1 : (length - 32) / 16);
        if (length !== ROW_DELETED) lastHigh = row.getUint32(length - 12, true);
        return true;
      },
    };
    expect(table.handOver(sink, 10 ** 6)).toBeGreaterThan(0);
    table.confirmCut();
    expect(counts).toEqual([DEDUPE_CHUNK_ENTRIES, 1]);
    expect(lastHigh).toBe(DEDUPE_CHUNK_ENTRIES);
    expect(table.expire(2_000, 10 ** 6)).toBe(false);
    expect(table.size).toBe(0);
    // What was dropped is deleted by the next cut, once.
    const checkpoints = new SimulatedCheckpoints();
    table.beginCut();
    expect(table.handOver(sink, 10 ** 6)).toBeGreaterThan(0);
    table.confirmCut();
    expect(counts).toEqual([DEDUPE_CHUNK_ENTRIES, 1, -1, -1, -1, -1]);
    cut(table, checkpoints, 1);
    expect(rowCount(checkpoints.openForRead())).toBe(0);
  });

  it('load takes what is saved as saved, and never uses the number of a chunk again', () => {
    const checkpoints = new SimulatedCheckpoints();
    const table = new DedupeTable({ windowMs: 10, maxEntries: 100_000 });
    for (let n = 0; n < 5; n++) insert(table, n, 0);
    cut(table, checkpoints, 1);
    const loaded = new DedupeTable({ windowMs: 10, maxEntries: 100_000 });
    loaded.load(checkpoints.openForRead(), 0);
    loaded.beginCut();
    expect(loaded.handOver({ hasRoom: () => true, tryRow: () => expect.fail('nothing has changed') }, 1)).toBe(0);
    loaded.confirmCut();

    const late = new DedupeTable({ windowMs: 10, maxEntries: 100_000 });
    late.load(checkpoints.openForRead(), 1_000);
    expect(late.size).toBe(0);
    insert(late, 9, 1_000);
    cut(late, checkpoints, 2);
    const again = new DedupeTable({ windowMs: 10, maxEntries: 100_000 });
    again.load(checkpoints.openForRead(), 1_000);
    expect([has(again, 9), again.size]).toEqual([true, 1]);
  });

  it('is what was inserted and has not expired, through cuts, abandoned cuts and restarts', () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ kind: fc.constant('insert' as const), count: fc.nat(3_000), pause: fc.nat(400) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('cut' as const), isAbandoned: fc.boolean(), inserts: fc.nat(2_000) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25, size: 'max' }), (steps) => {
        const options = { windowMs: 500, maxEntries: 10 ** 6 };
        const checkpoints = new SimulatedCheckpoints();
        let table = new DedupeTable(options);
        let next = 0;
        let logTime = 0;
        let saved = { next: 0, logTime: 0 };
        /** Log time of every identity. */
        let times: number[] = [];
        const take = (count: number): void => {
          for (let i = 0; i < count; i++) {
            insert(table, next++, logTime);
            times.push(logTime);
          }
        };
        for (const each of steps) {
          if (each.kind === 'insert') {
            logTime += each.pause;
            table.expire(logTime, 100);
            take(each.count);
          } else if (each.kind === 'cut') {
            const sink = checkpoints.openSink(checkpoints.openForRead());
            sink.begin();
            table.beginCut();
            const at = { next, logTime };
            let left = each.inserts;
            while (table.handOver(sink, 20_000) < 0) {
              logTime += 10;
              take(Math.min(left, 500));
              left = Math.max(0, left - 500);
            }
            if (each.isAbandoned) {
              table.abandonCut();
            } else {
              sink.finish(metaAt(at.next, at.logTime));
              expect(sink.result()).toBe('committed');
              table.confirmCut();
              saved = at;
            }
          } else {
            table = new DedupeTable(options);
            const reader = checkpoints.openForRead();
            if (reader.meta !== null) table.load(reader, reader.meta.logTime);
            times = times.slice(0, saved.next);
            ({ next, logTime } = saved);
          }
          for (let n = Math.max(0, next - 5_000); n < next; n += 97) {
            if ((times[n] as number) >= logTime - options.windowMs) expect(has(table, n)).toBe(true);
          }
          expect(has(table, next)).toBe(false);
        }
        table.expire(logTime + 10 ** 6, 10 ** 7);
        expect(table.size).toBe(0);
        cut(table, checkpoints, next + 1);
        expect(rowCount(checkpoints.openForRead())).toBe(0);
      }),
      fuzzRuns(40),
    );
  });
});
