// data plane
import { assert } from './assert.ts';

/** The next multiple of 8 at or above `size`, for sizes below 2^31. */
export function align8(size: number): number {
  return (size + 7) & ~7;
}

export function isPowerOfTwo(size: number): boolean {
  return size > 0 && (size & (size - 1)) === 0;
}

/** Rings and logs lay 32- and 64-bit views over the same memory as bytes; both are drawn little endian. */
assert(new Uint8Array(Uint32Array.of(1).buffer)[0] === 1, 'moka runs on little-endian machines');
