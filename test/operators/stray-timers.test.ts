import { describe, expect, it } from 'vitest';
import { ExpiringRows } from '../../src/operators/expiring-rows.ts';
import { PatternOperator } from '../../src/operators/pattern.ts';
import { RowAdoption } from '../../src/operators/row-adoption.ts';
import { RowExpiry } from '../../src/operators/row-expiry.ts';
import { TimerQueue } from '../../src/operators/timer-queue.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';
import { contextAt } from './fixtures.ts';

const silent = { push: () => expect.unreachable('there is nothing to tell') };

// A partition that fails over what it has in its stores fails at every start.
describe('a timer of something that is not there', () => {
  it('is passed over by a pattern, whether it goes off or is given up', () => {
    const queue = new TimerQueue(new MemoryStore());
    const steps = [{ name: 'a', when: () => true, isAbsent: false }];
    const rule = { steps, withinMs: 10, skipsPastLast: true, maxPartial: 1 };
    const pattern = new PatternOperator('p', contextAt(), new MemoryStore(), queue, rule, [silent, silent]);
    for (const time of [1, 2]) queue.set(time, 'key', 'gone');
    pattern.onLogTime(5);
    expect(pattern.dropLogTime()).toBe('key');
    expect(pattern.nextLogTime).toBe(Number.POSITIVE_INFINITY);
  });

  it('is passed over by rows that expire', () => {
    const queue = new TimerQueue(new MemoryStore());
    const [rows, notes] = [new MemoryStore(), new MemoryStore()];
    const lives = new ExpiringRows(notes, queue, () => 10);
    for (const time of [1, 2]) queue.set(time, 'key', '');
    expect(lives.takeExpired(1)).toBeNull();
    const expiry = new RowExpiry('t', contextAt(), rows, lives, new RowAdoption(rows, lives, notes), silent);
    expiry.onLogTime(5);
    // One whose life is known, but not its row.
    lives.put('key', true, 0);
    expiry.onLogTime(20);
    expect(expiry.nextLogTime).toBe(Number.POSITIVE_INFINITY);
  });
});
