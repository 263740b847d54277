import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldEventsOperator } from '../../src/operators/held-events.ts';
import type { Operator, Release } from '../../src/operators/operator.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { contextAt, Recorder } from './fixtures.ts';

const atOnce: Release = (_key, _row, _time, run) => run();

interface Held {
  readonly key: string;
  readonly event: number;
  readonly time: number;
}

/** Sorts all that is held, every time. */
class NaiveHolder {
  #held: Held[] = [];
  #greatestSeen = Number.NEGATIVE_INFINITY;
  #greatestHeld = Number.NEGATIVE_INFINITY;
  readonly #graceMs: number;

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  take(key: string, event: number | null, time: number): Held[] {
    this.#greatestSeen = Math.max(this.#greatestSeen, time);
    if (event === null) return [];
    if (time < this.#greatestSeen - this.#graceMs) return [{ key, event, time }];
    this.#held.push({ key, event, time });
    this.#greatestHeld = Math.max(this.#greatestHeld, time);
    const limit = this.#greatestHeld - this.#graceMs;
    const due = this.#held.filter((one) => one.time <= limit);
    this.#held = this.#held.filter((one) => one.time > limit);
    return due.sort((a, b) => a.time - b.time || (a.key === b.key ? a.event - b.event : a.key < b.key ? -1 : 1));
  }

  get size(): number {
    return this.#held.length;
  }
}

describe('HeldEventsOperator', () => {
  it('lets events go in the order of time, key and arrival, once their grace is over', () => {
    const event = fc.record({
      key: fc.constantFrom('', 'a', 'ab', 'b'),
      time: fc.integer({ min: 0, max: 60 }),
      isEmpty: fc.nat({ max: 9 }).map((n) => n === 0),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50 }), fc.array(event, { maxLength: 120 }), (graceMs, events) => {
        const [store, output] = [new MemoryStore(), new Recorder()];
        const operator = new HeldEventsOperator('join', contextAt(), store, graceMs, atOnce, output);
        const naive = new NaiveHolder(graceMs);
        events.forEach(({ key, time, isEmpty }, number) => {
          const value = isEmpty ? null : number;
          operator.push(key, value, undefined, time);
          const expected = naive.take(key, value, time);
          expect(output.take()).toEqual(expected.map((one) => [one.key, one.event, undefined, one.time]));
          expect(store.size).toBe(naive.size);
        });
      }),
      fuzzRuns(300),
    );
  });

  it('shows what follows the key of the event that leaves', () => {
    const context = contextAt();
    const keys: string[] = [];
    const output: Operator = { push: () => keys.push(context.key) };
    const operator = new HeldEventsOperator('join', context, new MemoryStore(), 5, atOnce, output);
    context.rowKey = 'a';
    operator.push('a', 1, undefined, 0);
    context.rowKey = 'b';
    operator.push('b', 1, undefined, 5);
    expect(keys).toEqual(['a']);
    expect(context.key).toBe('b');
  });
});
