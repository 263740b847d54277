import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowVersions } from '../../src/operators/row-versions.ts';
import { ToVersionedTableOperator } from '../../src/operators/to-versioned-table.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { contextAt, Recorder } from './fixtures.ts';

/** All that was ever said of each key, by time; of one time the last. */
class NaiveVersions {
  readonly #said = new Map<string, Map<number, number | null>>();
  readonly #historyMs: number;
  #greatest = Number.NEGATIVE_INFINITY;

  constructor(historyMs: number) {
    this.#historyMs = historyMs;
  }

  /** @returns whether it is the latest now; null if it was not taken */
  take(key: string, n: number | null, at: number): boolean | null {
    this.#greatest = Math.max(this.#greatest, at);
    if (at < this.#greatest - this.#historyMs) return null;
    const said = this.#said.get(key) ?? new Map<number, number | null>();
    this.#said.set(key, said);
    said.set(at, n);
    return Math.max(...said.keys()) === at;
  }

  get(key: string, at: number): number | undefined {
    const said = this.#said.get(key);
    if (said === undefined) return undefined;
    const latest = Math.max(...said.keys());
    const times = [...said.keys()].filter((time) => time <= at);
    if (times.length === 0) return undefined;
    const time = Math.max(...times);
    if (time !== latest && at < this.#greatest - this.#historyMs) return undefined;
    return said.get(time) ?? undefined;
  }
}

const put = fc.record({
  key: fc.constantFrom('a', 'ab', 'b'),
  /** Against the greatest time so far. */
  step: fc.oneof(fc.integer({ min: -12, max: 6 }), fc.integer({ min: -40, max: 40 })),
  n: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 99 }) }, { weight: 1, arbitrary: fc.constant(null) }),
});

describe('a versioned table', () => {
  it('knows every row of its history at every time, and tells of the latest only', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(put, { maxLength: 80 }), (historyMs, puts) => {
        const stores = [new MemoryStore(), new MemoryStore(), new MemoryStore()] as const;
        const output = new Recorder();
        const operator = new ToVersionedTableOperator('table', contextAt(), stores, historyMs, null, output);
        const versions = new RowVersions(stores[0], stores[1], historyMs);
        const naive = new NaiveVersions(historyMs);
        let now = 1000;
        for (const { key, step, n } of puts) {
          const at = now + step;
          now = Math.max(now, at);
          const previous = naive.get(key, Number.POSITIVE_INFINITY);
          operator.push(key, n, undefined, at);
          const isTold = naive.take(key, n, at) === true && (n !== null || previous !== undefined);
          expect(output.take()).toEqual(isTold ? [[key, n ?? undefined, previous, at]] : []);
          for (const asked of ['a', 'ab', 'b', 'c']) {
            for (let time = now - historyMs - 5; time <= now + 2; time++) {
              expect(versions.get(asked, time), `${asked} at ${time}`).toBe(naive.get(asked, time));
            }
          }
        }
      }),
      fuzzRuns(200),
    );
  });

  it('gives up what is older than its history, deletions too', () => {
    const stores = [new MemoryStore(), new MemoryStore(), new MemoryStore()] as const;
    const operator = new ToVersionedTableOperator('table', contextAt(), stores, 100, null, new Recorder());
    for (let i = 0; i < 500; i++) {
      operator.push(`gone-${i}`, 1, undefined, i);
      operator.push(`gone-${i}`, null, undefined, i + 1);
      operator.push('busy', i, undefined, i);
    }
    for (let i = 0; i < 40; i++) operator.push('busy', i, undefined, 2000 + i);
    expect(stores[0].rows()).toEqual([['busy', 39]]);
    // Those since 2000, and the one that lasted until then.
    expect(stores[1].size).toBe(40);
    expect(stores[2].size).toBe(40);
  });

  it('gives a rule the row of the event’s time', () => {
    const stores = [new MemoryStore(), new MemoryStore(), new MemoryStore()] as const;
    const output = new Recorder();
    const rule = (current: unknown, event: unknown): unknown =>
      event === 'keep' ? current : event === null ? null : `${current ?? ''}${event}`;
    const operator = new ToVersionedTableOperator('table', contextAt(), stores, 100, rule, output);
    const versions = new RowVersions(stores[0], stores[1], 100);
    operator.push('a', 'x', undefined, 10);
    operator.push('a', 'y', undefined, 20);
    operator.push('a', 'z', undefined, 15);
    operator.push('a', 'keep', undefined, 17);
    operator.push('a', 'keep', undefined, 30);
    operator.push('', 'none', undefined, 30);
    expect(output.take()).toEqual([
      ['a', 'x', undefined, 10],
      ['a', 'xy', 'x', 20],
    ]);
    expect([9, 10, 15, 19, 20].map((time) => versions.get('a', time))).toEqual([undefined, 'x', 'xz', 'xz', 'xy']);
  });

  it('refuses a rule’s promise', () => {
    const stores = [new MemoryStore(), new MemoryStore(), new MemoryStore()] as const;
    const rule = (): unknown => Promise.resolve(1);
    const operator = new ToVersionedTableOperator('table', contextAt(), stores, 100, rule, new Recorder());
    expect(() => operator.push('a', 1, undefined, 1)).toThrow('returned a promise');
  });
});
