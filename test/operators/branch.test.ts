import { describe, expect, it } from 'vitest';
import { BranchOperator } from '../../src/operators/branch.ts';
import { contextAt, Recorder } from './fixtures.ts';

describe('BranchOperator.push', () => {
  it('sends an event down the first way that holds, else down the last', () => {
    const outputs = [new Recorder(), new Recorder(), new Recorder()];
    const predicates = [(value: unknown) => (value as number) > 10, (value: unknown) => (value as number) > 5];
    const branch = new BranchOperator('size', contextAt(), predicates, outputs);
    for (const value of [11, 6, 1, 20]) branch.push('k', value, undefined, value);
    expect(outputs.map((output) => output.take().map(([, next]) => next))).toEqual([[11, 20], [6], [1]]);
  });

  it('refuses a test that answers neither true nor false', () => {
    const branch = new BranchOperator(
      'size',
      contextAt(),
      [() => undefined as unknown as boolean],
      [new Recorder(), new Recorder()],
    );
    expect(() => branch.push('k', 1, undefined, 1)).toThrow('operator=size reason=returned undefined');
  });
});
