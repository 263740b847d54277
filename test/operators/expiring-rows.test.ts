import { describe, expect, it } from 'vitest';
import { ExpiringRows } from '../../src/operators/expiring-rows.ts';
import { TimerQueue } from '../../src/operators/timer-queue.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';

const TTL_MS = 1000;

function rowsOf(ttlMs = TTL_MS): { rows: ExpiringRows; store: MemoryStore; queue: MemoryStore } {
  const store = new MemoryStore();
  const queue = new MemoryStore();
  return { rows: new ExpiringRows(store, new TimerQueue(queue), () => ttlMs), store, queue };
}

describe('ExpiringRows', () => {
  it('returns a row until its time is up, deleted or not', () => {
    const { rows, store } = rowsOf();
    rows.put('a', 1, 0);
    expect(rows.get('a', 999)).toBe(1);
    expect(rows.get('a', 1000)).toBeUndefined();
    expect(rows.range('a', 'b', 10, 1000)).toEqual([]);
    expect(store.size).toBe(1);
    expect(rows.delete('a', 1000)).toBe(false);
    expect(store.size).toBe(0);
  });

  it('queues a row once, however often it is written, and puts it off when it is looked at', () => {
    const { rows, queue } = rowsOf();
    for (let now = 0; now < 900; now += 9) rows.put('a', now, now);
    expect(queue.size).toBe(1);
    expect(rows.takeExpired(1000)).toBeNull();
    expect(rows.get('a', 1000)).toBe(891);
    expect(rows.next).toBe(1900);
    expect(rows.takeExpired(1900)).toEqual({ row: 'a', time: 1891 });
    expect(queue.size).toBe(0);
    expect(rows.next).toBe(Number.POSITIVE_INFINITY);
  });

  it('leaves nothing of a row that is deleted, so that one that comes and goes does not pile up', () => {
    const { rows, store, queue } = rowsOf();
    for (let now = 0; now < 500; now++) {
      rows.put('a\u0000state\u0000entry', now, now);
      expect(rows.delete('a\u0000state\u0000entry', now)).toBe(true);
    }
    expect([store.size, queue.size]).toEqual([0, 0]);
  });

  it('deletes one after the other, what has the same time together', () => {
    const { rows, store } = rowsOf();
    rows.put('a', 1, 0);
    rows.put('b\u0000x', 1, 3);
    rows.put('c', 1, 25);
    expect(rows.takeExpired(999)).toBeNull();
    expect(rows.next).toBe(1000);
    expect(rows.takeExpired(1010)).toEqual({ row: 'a', time: 1000 });
    expect(rows.next).toBe(1010);
    expect(rows.takeExpired(1010)).toEqual({ row: 'b\u0000x', time: 1003 });
    expect(rows.takeExpired(1010)).toBeNull();
    expect(store.size).toBe(1);
  });

  it('lives on after a new start with a longer life or a shorter one', () => {
    const { rows, store, queue } = rowsOf();
    rows.put('a', 1, 0);
    const longer = new ExpiringRows(store, new TimerQueue(queue), () => 5000);
    longer.put('a', 2, 500);
    expect(longer.takeExpired(1000)).toBeNull();
    expect(longer.get('a', 5499)).toBe(2);
    const shorter = new ExpiringRows(store, new TimerQueue(queue), () => 10);
    shorter.put('a', 3, 600);
    expect(shorter.get('a', 610)).toBeUndefined();
    expect(shorter.takeExpired(5500)).toEqual({ row: 'a', time: 610 });
    expect([store.size, queue.size]).toEqual([0, 0]);
  });
});
