import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NUMBER_LENGTH, numberOfText, numberText } from '../../src/operators/number-order.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

const EDGES = [0, 1, -1, Number.MIN_VALUE, -Number.MIN_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** 53, -0.1, 0.1];

describe('numberText', () => {
  it('is ordered as the numbers are, and says which number it is', () => {
    const number = fc.oneof(
      fc.constantFrom(...EDGES),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => one + 0),
    );
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [first, second] = [numberText(a), numberText(b)];
        expect(first).toHaveLength(NUMBER_LENGTH);
        expect(Math.sign(Buffer.compare(Buffer.from(first), Buffer.from(second)))).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(numberOfText(`k\u0000${first}b`, 2)).toBe(a);
      }),
      fuzzRuns(1000),
    );
  });

  it('has one text for 0 and -0', () => {
    expect(numberText(-0)).toBe(numberText(0));
    expect(numberOfText(numberText(-0), 0)).toBe(0);
  });
});
