import { describe, expect, it } from 'vitest';
import { MapOperator } from '../../src/operators/map.ts';
import { contextAt, Recorder } from './fixtures.ts';

describe('MapOperator.push', () => {
  it('maps events, and rows together with what they were', () => {
    const output = new Recorder();
    const map = new MapOperator('double', contextAt(), (value) => (value as number) * 2, output, false);
    map.push('a', 1, undefined, 1);
    map.push('a', 2, 1, 2);
    map.push('a', undefined, 2, 3);
    expect(output.take()).toEqual([
      ['a', 2, undefined, 1],
      ['a', 4, 2, 2],
      ['a', undefined, 4, 3],
    ]);
  });

  it.each([
    [undefined, 'returned undefined; expected a value (to drop one, use filter or flatMap)'],
    [null, 'returned null; expected a value (to drop one, use filter or flatMap)'],
    [Promise.resolve(1), 'returned a promise (an operator answers at once: no await, no async)'],
  ])('refuses %s as a result and passes nothing on', (result, reason) => {
    const output = new Recorder();
    const map = new MapOperator('odd', contextAt(), () => result, output, false);
    expect(() => map.push('a', 1, undefined, 1)).toThrow(`operator=odd reason=${reason}`);
    expect(output.take()).toEqual([]);
  });
});
