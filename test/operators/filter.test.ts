import { describe, expect, it } from 'vitest';
import { FilterOperator } from '../../src/operators/filter.ts';
import { contextAt, Recorder } from './fixtures.ts';

const isBig = (value: unknown): boolean => (value as number) > 10;

describe('FilterOperator.push', () => {
  it('passes on the events that the predicate holds for', () => {
    const output = new Recorder();
    const filter = new FilterOperator('big', contextAt(), isBig, output);
    filter.push('a', 11, undefined, 1);
    filter.push('a', 10, undefined, 2);
    filter.push('b', 12, undefined, 3);
    expect(output.take()).toEqual([
      ['a', 11, undefined, 1],
      ['b', 12, undefined, 3],
    ]);
  });

  it('turns a row that begins to pass into an insertion and one that ceases into a deletion', () => {
    const output = new Recorder();
    const filter = new FilterOperator('big', contextAt(), isBig, output);
    filter.push('a', 11, 5, 1);
    filter.push('a', 12, 11, 2);
    filter.push('a', 3, 12, 3);
    filter.push('a', 4, 3, 4);
    filter.push('a', undefined, 4, 5);
    filter.push('b', undefined, 20, 6);
    expect(output.take()).toEqual([
      ['a', 11, undefined, 1],
      ['a', 12, 11, 2],
      ['a', undefined, 12, 3],
      ['b', undefined, 20, 6],
    ]);
  });

  it('gives the predicate value and context', () => {
    const context = contextAt(42);
    context.rowKey = 'a';
    const seen: unknown[] = [];
    const filter = new FilterOperator(
      'all',
      context,
      (value, { key, partition, offset, eventTime, logTime, now }) => {
        seen.push([value, key, partition, offset, eventTime, logTime, typeof now]);
        return true;
      },
      new Recorder(),
    );
    filter.push('a', 'x', undefined, 1000);
    expect(seen).toEqual([['x', 'a', 0, 42, 1000, 2000, 'function']]);
  });

  it.each([
    [undefined, 'returned undefined'],
    [1, 'returned a value of type number'],
    [Promise.resolve(true), 'returned a promise'],
  ])('refuses %s as an answer', (answer, reason) => {
    const filter = new FilterOperator('odd', contextAt(), () => answer as unknown as boolean, new Recorder());
    expect(() => filter.push('a', 1, undefined, 1)).toThrow(`operator=odd reason=${reason}`);
  });
});
