import { describe, expect, it } from 'vitest';
import { align8, isPowerOfTwo } from '../../src/base/bits.ts';

describe('align8', () => {
  it('rounds up to a multiple of 8', () => {
    expect([0, 1, 7, 8, 9, 16, 17].map(align8)).toEqual([0, 8, 8, 8, 16, 16, 24]);
  });
});

describe('isPowerOfTwo', () => {
  it('holds for powers of two alone', () => {
    expect([1, 2, 64, 2 ** 30].every(isPowerOfTwo)).toBe(true);
    expect([0, -8, 3, 12, 2 ** 30 + 1].some(isPowerOfTwo)).toBe(false);
  });
});
