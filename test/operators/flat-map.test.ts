import { describe, expect, it } from 'vitest';
import { FlatMapOperator } from '../../src/operators/flat-map.ts';
import { contextAt, Recorder } from './fixtures.ts';

describe('FlatMapOperator.push', () => {
  it('passes on every value of the array, in its order', () => {
    const output = new Recorder();
    const flatMap = new FlatMapOperator('split', contextAt(), (value) => (value as string).split(''), output);
    flatMap.push('k', 'abc', undefined, 5);
    flatMap.push('k', '', undefined, 6);
    expect(output.take()).toEqual([
      ['k', 'a', undefined, 5],
      ['k', 'b', undefined, 5],
      ['k', 'c', undefined, 5],
    ]);
  });

  it.each([
    ['a value', 7, 'returned a value of type number; expected an array of values (empty: none)'],
    ['nothing', undefined, 'returned undefined; expected an array of values (empty: none)'],
    ['a hole', [1, undefined], 'returned undefined; expected a value at index 1 of the array'],
    ['a promise inside', [Promise.resolve(1)], 'returned a promise'],
  ])('refuses %s and passes nothing on', (_, result, reason) => {
    const output = new Recorder();
    const flatMap = new FlatMapOperator('odd', contextAt(), () => result as unknown[], output);
    expect(() => flatMap.push('k', 1, undefined, 1)).toThrow(`operator=odd reason=${reason}`);
    expect(output.take()).toEqual([]);
  });
});
