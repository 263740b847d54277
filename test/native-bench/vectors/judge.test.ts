import { describe, expect, it } from 'vitest';
import { judge, settle } from '../../../native-bench/vectors/judge.ts';
import type { Row } from '../../../native-bench/vectors/row.ts';
import type { Vector } from '../../../native-bench/vectors/vector.ts';

const COUNT: Vector = {
  id: 'x',
  family: 'f',
  title: '',
  semantics: '',
  operator: { kind: 'aggregate', aggregator: { kind: 'count' } },
  inputs: [
    { stream: 'in', key: 1, value: 'a', ts: 5 },
    { control: 'restart' },
    { stream: 'in', key: 1, value: 'b', ts: 3 },
    { stream: 'in', key: null, value: 'c', ts: 4 },
    { stream: 'in', key: 2, value: null, ts: 4 },
  ],
  expected: [
    { key: 1, value: 1, ts: 5, afterInput: 0 },
    { key: 1, value: 2, ts: 5, afterInput: 2 },
  ],
  order: 'total',
};

const FILTERED: Vector = {
  ...COUNT,
  operator: {
    kind: 'topology',
    steps: ['t = table(in)', 'even = tableFilter(t, value % 2 == 0)', 'odd = tableFilterNot(t, value % 2 == 0)'],
  },
  inputs: [{ stream: 'in', key: 'A', value: 1, ts: 1 }],
  expected: [
    { output: 'odd', key: 'A', value: 1, ts: 1, afterInput: 0 },
    { output: 'even', key: 'A', value: null, ts: 1, afterInput: 0 },
  ],
  perOutput: true,
};

describe('judge', () => {
  it('passes rows that are as they must be, counting controls among the inputs', async () => {
    expect(await judge(COUNT)).toEqual({ id: 'x', result: 'pass', detail: '' });
  });

  it('fails with the first row that differs', async () => {
    const expected = [COUNT.expected[0] ?? {}, { key: 1, value: 3, ts: 5, afterInput: 2 }];
    expect(await judge({ ...COUNT, expected })).toEqual({
      id: 'x',
      result: 'FAIL',
      detail: 'row 1: expected 1=3 @5 #2, got 1=2 @5 #2',
    });
  });

  it('runs in several partitions what goes by key alone', async () => {
    const inputs = Array.from({ length: 20 }, (_, n) => ({ stream: 'in', key: n % 7, value: n, ts: n }));
    const expected = inputs.map(({ key, ts }, n) => ({ key, value: Math.floor(n / 7) + 1, ts, afterInput: n }));
    const counts: Vector = { ...COUNT, inputs, expected };
    expect((await judge(counts, { partitionCount: 4 })).result).toBe('pass');
    const wrong = expected.map((row) => (row.key === 3 ? { ...row, value: 1 } : row));
    expect((await judge({ ...counts, expected: wrong }, { partitionCount: 4 })).result).toBe('FAIL');
    const windowed = { ...counts, operator: { ...counts.operator, window: { type: 'tumbling', sizeMs: 5 } } };
    expect(await judge(windowed, { partitionCount: 4 })).toMatchObject({ result: 'n/a' });
  });

  it('fails what throws', async () => {
    const inputs = [{ stream: 'in', key: '', value: 'a', ts: 5 }];
    expect(await judge({ ...COUNT, inputs })).toMatchObject({
      result: 'FAIL',
      detail: expect.stringContaining('threw '),
    });
  });

  it('says which operators, words and controls it does not know', async () => {
    expect(await judge({ ...COUNT, operator: { kind: 'teleport' } })).toMatchObject({
      result: 'n/a',
      detail: 'not built yet: teleport',
    });
    expect((await judge({ ...COUNT, operator: { kind: 'filterNot', predicate: 'key is nice' } })).result).toBe('n/a');
    expect((await judge({ ...COUNT, operator: { kind: 'topology', steps: ['out = wonder(in)'] } })).result).toBe('n/a');
    expect((await judge({ ...COUNT, inputs: [{ control: 'jump' }] })).result).toBe('n/a');
  });

  it('accepts a difference by its tag alone, and no further than the tag goes', async () => {
    expect((await judge(FILTERED)).result).toBe('FAIL');
    const tagged = { ...FILTERED, quirks: ['unnecessary-tombstone'] };
    expect(await judge(tagged)).toEqual({ id: 'x', result: 'pass', detail: 'unnecessary-tombstone' });
    const wrong = { ...tagged, expected: [{ output: 'odd', key: 'A', value: 1, ts: 2, afterInput: 0 }] };
    expect((await judge(wrong)).result).toBe('FAIL');
    expect((await judge({ ...FILTERED, quirks: ['unheard-of'] })).result).toBe('FAIL');
  });

  it('accepts rows that are not repeated, and deletes that a peer forgets, where the tag says so', () => {
    const vector: Vector = { ...COUNT, order: 'perInput', quirks: ['KAFKA-6443-duplicate-results'] };
    const row = (value: unknown, afterInput: number): Row => ({ output: 'out', key: 'a', value, ts: 1, afterInput });
    const twice = [row(1, 0), row(1, 0), row(2, 1)];
    expect(settle(vector, twice, [row(1, 0), row(2, 1), row(null, 2)])).toBe('KAFKA-6443-duplicate-results');
    expect(() => settle(vector, twice, [row(1, 0), row(null, 1)])).toThrow('expected');
    expect(() => settle(vector, twice, [row(1, 0), row(2, 1), row(3, 2)])).toThrow('expected no row, got a=3');
    expect(() => settle({ ...vector, quirks: [] }, twice, [row(1, 0), row(2, 1)])).toThrow('expected a=1');
  });

  it('fails what a modern engine must not do, and what it must do but does not', () => {
    const row = (key: string, value: unknown, afterInput: number): Row => ({
      output: 'out',
      key,
      value,
      ts: 1,
      afterInput,
    });
    const eager: Vector = { ...COUNT, quirks: ['legacy-eager-left'] };
    const spurious = [row('a', 'A+null', 0), row('b', 'null', 0), row('a', 'A+a', 1)];
    expect(() => settle(eager, spurious, spurious)).toThrow('it does what it must not: legacy-eager-left');
    expect(settle(eager, spurious, spurious.slice(2))).toBe('legacy-eager-left');
    expect(() => settle(eager, spurious, [])).toThrow('expected a="A+a"');
    const split: Vector = { ...COUNT, quirks: ['legacy-transient-state'] };
    const twice = [row('a', 1, 0), row('a', 0, 1), row('b', 5, 1), row('a', 1, 1)];
    expect(() => settle(split, twice, twice)).toThrow('legacy-transient-state');
    expect(settle(split, twice, [row('a', 1, 0), row('b', 5, 1), row('a', 1, 1)])).toBe('legacy-transient-state');
    expect(() => settle(split, twice, [row('a', 1, 0), row('b', 5, 1)])).toThrow('expected a=1');
  });
});
