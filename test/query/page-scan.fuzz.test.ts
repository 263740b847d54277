import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, isInRange } from '../../src/query/key-range.ts';
import { PageScan } from '../../src/query/page-scan.ts';
import type { QueryableLane } from '../../src/query/queryable-lane.ts';
import { PartitionState } from '../../src/store/partition-state.ts';
import { PAGE } from './fake-lane.ts';

/** `MOKA_FUZZ_SEED` brings a run back, `MOKA_FUZZ_RUNS` makes it longer. */
const RUNS = Number(process.env['MOKA_FUZZ_RUNS'] ?? 100);
const SEED = Number(process.env['MOKA_FUZZ_SEED'] ?? Date.now() % 0x7fffffff);

const change = fc.tuple(fc.nat(300), fc.option(fc.nat(1000)));
const FIRST = ['a', 'é', '\uffff', '😀'];
const keyOf = (number: number): string => `${FIRST[number % 4]}k${String(number).padStart(3, '0')}`;

describe('PageScan over a partition’s store', () => {
  it(`shows the rows as they are after its last slice, whatever came between (seed=${SEED})`, () => {
    fc.assert(
      fc.property(
        fc.nat(300),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.array(change, { maxLength: 20 })), {
          minLength: 3,
          maxLength: 12,
        }),
        fc.integer({ min: 1, max: 301 }),
        fc.option(fc.nat(300).map(keyOf)),
        fc.option(fc.nat(300).map(keyOf)),
        (size, slices, limit, from, past) => {
          const state = new PartitionState({
            stores: [{ id: 0, name: 'orders', isOrdered: true }],
            ...{ reader: null, cacheBytes: 1 << 24, eviction: 'lru', secret: 7 },
            dedupe: { windowMs: 1000, maxEntries: 1000 },
          });
          const rows = new Map<string, number>();
          let page: PageScan | null = null;
          const apply = (changes: readonly (readonly [number, number | null])[]): void => {
            for (const [number, value] of changes) {
              const key = keyOf(number);
              state.beginEvent();
              if (value === null) state.store(0).delete(key);
              else state.store(0).put(key, value);
              state.commitEvent();
              if (value === null) rows.delete(key);
              else rows.set(key, value);
              page?.change(key, value ?? undefined);
            }
          };
          apply(Array.from({ length: size }, (_, i) => [i, i]));
          const lane = { processedOffset: 5, epoch: 1, view: () => state.store(0) } as unknown as QueryableLane;
          page = new PageScan(lane, { ...PAGE, limit, from, past }, 0);
          for (const [maxRows, changes] of slices) {
            if (page.isComplete) break;
            page.step(maxRows);
            if (!page.isComplete) apply(changes);
          }
          for (let i = 0; i < 1000 && !page.isComplete; i++) page.step(50);

          const answer = page.answer(lane);
          const following = [...rows.keys()]
            .filter((key) => isInRange(key, { from, to: null }) && (past === null || compareKeys(key, past) > 0))
            .sort(compareKeys);
          const { through } = answer;
          const expected = following.filter((key) => through === null || compareKeys(key, through) <= 0);
          expect(answer.keys).toEqual(expected);
          expect(answer.values).toEqual(expected.map((key) => String(rows.get(key))));
          expect(answer.keys.length).toBeLessThanOrEqual(limit);
          if (through !== null) expect(answer.keys.length).toBe(limit);
        },
      ),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
