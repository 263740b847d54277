import { describe, expect, it } from 'vitest';
import { windowKey } from '../../src/operators/window-key.ts';
import { isInRange } from '../../src/query/key-range.ts';
import { rowWindowOf, windowRangeOf, windowRowKey } from '../../src/query/window-query.ts';

const ROWS = [
  windowKey('a', -20, -10),
  windowKey('a', 0, 10),
  windowKey('a', 10, 20),
  windowKey('a', 1_763_600_000_000, 1_763_600_060_000),
  windowKey('a!', 0, 10),
  windowKey('b', 0, 10),
];

function found(query: Parameters<typeof windowRangeOf>[0]): string[] {
  const range = windowRangeOf(query);
  return ROWS.filter((row) => isInRange(row, range)).map((row) => {
    const { key, start, end } = rowWindowOf(row) as { key: string; start: number; end: number };
    return `${key} ${start} ${end}`;
  });
}

describe('windowRangeOf', () => {
  it.each<[Parameters<typeof windowRangeOf>[0], string[]]>([
    [{ key: 'a' }, ['a -20 -10', 'a 0 10', 'a 10 20', 'a 1763600000000 1763600060000']],
    [{ key: 'a', from: 0 }, ['a 0 10', 'a 10 20', 'a 1763600000000 1763600060000']],
    [{ key: 'a', from: '1', to: '11' }, ['a 10 20']],
    [{ key: 'a', from: -20, to: 10 }, ['a -20 -10', 'a 0 10']],
    [{ key: 'a', from: '-3000000000000000', to: '-20' }, []],
    [{ key: 'a', from: 10, to: 10 }, []],
    [{ key: 'a!' }, ['a! 0 10']],
    [{ key: 'c' }, []],
  ])('%j finds the windows of the key that start there', (query, rows) => {
    expect(found(query)).toEqual(rows);
  });

  it.each<[Parameters<typeof windowRangeOf>[0], string]>([
    [{ key: '' }, 'key is empty'],
    [{ key: 'a', from: '1.5' }, 'from is not a whole number of ms since 1970'],
    [{ key: 'a', to: '2026-01-01' }, 'to is not a whole number of ms since 1970, 3000000000000000 at most'],
    [{ key: 'a', to: 3_000_000_000_000_001 }, 'to is not a whole number'],
    [{ key: 'a', from: Number.NaN }, 'from is not a whole number'],
    [{ key: 'a', from: 2, to: 1 }, 'from lies after to'],
  ])('refuses %j', (query, reason) => {
    expect(() => windowRangeOf(query)).toThrow(
      expect.objectContaining({ code: 'ERR_VIEW_QUERY', message: expect.stringContaining(reason) }),
    );
  });
});

describe('windowRowKey', () => {
  it('is what the row stands under', () => {
    expect(windowRowKey('a', '10', 20)).toBe(windowKey('a', 10, 20));
    expect(windowRowKey('a', -20, '-10')).toBe(windowKey('a', -20, -10));
  });

  it.each([
    ['', 0, 1, 'key is empty'],
    ['a', '', 1, 'start is not a whole number'],
    ['a', 0, '1e3', 'end is not a whole number'],
    ['a', 2, 1, 'start lies after end'],
  ])('refuses %j, %j, %j', (key, start, end, reason) => {
    expect(() => windowRowKey(key, start, end)).toThrow(reason);
  });
});
