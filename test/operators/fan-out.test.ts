import { describe, expect, it } from 'vitest';
import { Discard, FanOut } from '../../src/operators/fan-out.ts';
import type { Operator } from '../../src/operators/operator.ts';

describe('FanOut.push', () => {
  it('passes a change on to each output in order', () => {
    const seen: string[] = [];
    const note = (name: string): Operator => ({ push: (...change) => seen.push(`${name} ${change.join(' ')}`) });
    new FanOut([note('first'), note('second')]).push('k', 1, 2, 3);
    expect(seen).toEqual(['first k 1 2 3', 'second k 1 2 3']);
  });
});

describe('Discard.push', () => {
  it('takes anything', () => {
    expect(new Discard().push()).toBeUndefined();
  });
});
