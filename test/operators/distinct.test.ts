import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DistinctOperator } from '../../src/operators/distinct.ts';
import { NO_KEY } from '../../src/operators/operator.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { contextAt, Recorder } from './fixtures.ts';

class DistinctBench {
  readonly store = new MemoryStore();
  readonly #within: number;
  readonly #by: ((event: unknown) => unknown) | null;
  readonly #output = new Recorder();

  constructor(within: number, by: ((event: unknown) => unknown) | null = null) {
    this.#within = within;
    this.#by = by;
  }

  /** Whether the event passes. Each goes through an operator of its own: what lasts is in the store. */
  passes(key: string, event: unknown, time: number): boolean {
    new DistinctOperator('seen', contextAt(), this.store, this.#within, this.#by, this.#output).push(
      key,
      event,
      undefined,
      time,
    );
    const passed = this.#output.take();
    expect(passed).toEqual(passed.length === 0 ? [] : [[key, event, undefined, time]]);
    return passed.length === 1;
  }
}

describe('DistinctOperator.push', () => {
  it('drops what repeats a key within the distance, the distance included, in both directions', () => {
    const seen = new DistinctBench(100);
    expect(seen.passes('a', 'x', 1000)).toBe(true);
    expect(seen.passes('a', 'y', 1100)).toBe(false);
    expect(seen.passes('a', 'y', 1001)).toBe(false);
    expect(seen.passes('b', 'x', 1050)).toBe(true);
    expect(seen.passes('b', 'x', 1000)).toBe(false);
    expect(seen.passes('a', 'y', 1101)).toBe(true);
  });

  it('counts what was passed on, not what was dropped', () => {
    const seen = new DistinctBench(100);
    expect([0, 60, 120, 180, 240].map((time) => seen.passes('a', 'x', time))).toEqual([true, false, true, false, true]);
  });

  it('lets pass what lies further back than it remembers, and does not remember it', () => {
    const seen = new DistinctBench(100);
    seen.passes('other', 'x', 1000);
    expect(seen.passes('a', 'x', 899)).toBe(true);
    expect(seen.passes('a', 'x', 899)).toBe(true);
    expect(seen.passes('a', 'x', 900)).toBe(true);
    expect(seen.passes('a', 'x', 900)).toBe(false);
  });

  it('tells events of a key apart by their identity; what has none passes', () => {
    const seen = new DistinctBench(100, (event) => (event as { id: unknown }).id);
    const verdicts = ['1', '2', 1, null, null, '', ''].map((id) => seen.passes('a', { id }, 5));
    expect(verdicts).toEqual([true, true, false, true, true, true, false]);
    expect(seen.passes('b', { id: '1' }, 5)).toBe(true);
    expect(seen.passes(NO_KEY, { id: '1' }, 5)).toBe(true);
    expect(seen.passes(NO_KEY, { id: '1' }, 5)).toBe(true);
    expect(seen.passes('a', null, 5)).toBe(true);
  });

  it.each([
    [undefined, 'returned undefined; expected an identity: a string, a whole number, or null for none'],
    [0.5, 'returned a value of type number; expected an identity: a string, a whole number, or null for none'],
    ['ä'.repeat(129), 'identity bytes=258 max=256'],
    ['\ud800', 'identity holds half a surrogate pair'],
  ])('refuses %j as an identity', (id, reason) => {
    const seen = new DistinctBench(100, () => id);
    expect(() => seen.passes('a', {}, 1)).toThrow(`operator=seen reason=${reason}`);
    expect(seen.store.size).toBe(0);
  });

  it('keeps its store bounded', () => {
    const seen = new DistinctBench(100);
    let most = 0;
    for (let time = 0; time < 20_000; time += 2) {
      seen.passes(`k${time}`, 'x', time);
      most = Math.max(most, seen.store.size);
    }
    // What lies in the spans of 100 ms, and what comes until the next sweep.
    expect(most).toBeLessThan(300);
  });

  it('passes what a look at all events passes', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b'),
      id: fc.constantFrom(null, 1, '1', 'x'),
      jump: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: -30, max: 30 })),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 15 }), fc.array(step, { maxLength: 80, size: 'max' }), (within, steps) => {
        const seen = new DistinctBench(within, (event) => event);
        const passed: { key: string; id: string; time: number }[] = [];
        let greatest = Number.NEGATIVE_INFINITY;
        for (const { key, id, jump } of steps) {
          const time = Math.max(greatest, 500) + jump;
          greatest = Math.max(greatest, time);
          const isRepetition =
            id !== null &&
            passed.some(
              (one) =>
                one.key === key &&
                one.id === String(id) &&
                Math.abs(one.time - time) <= within &&
                one.time + within >= greatest,
            );
          expect(seen.passes(key, id, time)).toBe(!isRepetition);
          if (!isRepetition && id !== null) passed.push({ key, id: String(id), time });
        }
      }),
      fuzzRuns(300),
    );
  });
});
