import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../src/query/key-range.ts';
import { mergePages } from '../../src/query/page-merge.ts';
import type { PageAnswer } from '../../src/query/protocol.ts';
import { MAX_PAGE_BYTES } from '../../src/query/query-limits.ts';

function page(keys: string[], through: string | null, mark = ''): PageAnswer {
  return { kind: 'page', id: 1, keys, values: keys.map((key) => `"${key}${mark}"`), through, offset: 0, epoch: 1 };
}

describe('mergePages', () => {
  it('merges in key order to the end', () => {
    expect(mergePages([page(['a', 'd'], null), page(['b', 'c', 'e'], null)], 10)).toEqual({
      keys: ['a', 'b', 'c', 'd', 'e'],
      values: ['"a"', '"b"', '"c"', '"d"', '"e"'],
      through: null,
    });
  });

  it('ends at the limit, with the last key for a cursor', () => {
    const merged = mergePages([page(['a', 'd'], null), page(['b', 'c'], null)], 3);
    expect(merged.keys).toEqual(['a', 'b', 'c']);
    expect(merged.through).toBe('c');
  });

  it('has nothing behind it when the limit is met exactly', () => {
    expect(mergePages([page(['a'], null), page(['b'], null)], 2).through).toBeNull();
  });

  it('ends where a partition does not know further', () => {
    const merged = mergePages([page(['a', 'd'], null), page(['b'], 'b')], 10);
    expect(merged.keys).toEqual(['a', 'b']);
    expect(merged.through).toBe('b');
  });

  it('goes on from where the rows were looked through, though none was found', () => {
    expect(mergePages([page(['x'], null), page([], 'k')], 10)).toEqual({ keys: [], values: [], through: 'k' });
  });

  it('takes the lowest partition of those that have the same key', () => {
    const merged = mergePages([page(['b'], null, '0'), page(['a', 'b'], null, '1'), page(['b'], null, '2')], 10);
    expect(merged.values).toEqual(['"a1"', '"b0"']);
  });

  it('ends at its size', () => {
    const huge = {
      ...page(['a', 'b', 'c'], null),
      values: Array.from({ length: 3 }, () => 'x'.repeat(MAX_PAGE_BYTES / 2)),
    };
    const merged = mergePages([huge], 10);
    expect(merged.keys).toEqual(['a', 'b']);
    expect(merged.through).toBe('b');
  });

  it('of no rows is empty', () => {
    expect(mergePages([page([], null), page([], null)], 10)).toEqual({ keys: [], values: [], through: null });
  });

  it('visits every key once, page by page', () => {
    const keys = fc.uniqueArray(
      fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\uffff', '😀'), minLength: 1, maxLength: 3 }),
    );
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }), (all, partitions, limit) => {
        const seen: string[] = [];
        let past: string | null = null;
        for (;;) {
          const pages = Array.from({ length: partitions }, (_, partition) => {
            const own = all.filter(
              (key, i) => i % partitions === partition && (past === null || compareKeys(key, past) > 0),
            );
            const shown = own.sort(compareKeys).slice(0, limit + 1);
            return page(shown, shown.length === own.length ? null : (shown.at(-1) as string));
          });
          const merged = mergePages(pages, limit);
          seen.push(...merged.keys);
          past = merged.through;
          if (past === null) break;
        }
        expect(seen).toEqual([...all].sort(compareKeys));
      }),
    );
  });
});
