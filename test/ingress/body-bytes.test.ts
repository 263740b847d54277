import { describe, expect, it } from 'vitest';
import { BodyBytes, copyAligned } from '../../src/ingress/body-bytes.ts';

describe('copyAligned', () => {
  it('copies every length from every alignment, and nothing beyond', () => {
    const source = Uint8Array.from({ length: 128 }, (_, n) => n + 1);
    const body = new BodyBytes();
    body.over(source.buffer);
    for (let start = 0; start < 9; start++) {
      for (let length = 0; length < 41; length++) {
        const memory = new SharedArrayBuffer(96);
        const u8 = new Uint8Array(memory).fill(0xee);
        copyAligned(body.data, start, length, new Uint32Array(memory), u8, 8);
        expect([...u8.subarray(8, 8 + length)]).toEqual([...source.subarray(start, start + length)]);
        expect([...u8.subarray(0, 8), ...u8.subarray(8 + length)].every((byte) => byte === 0xee)).toBe(true);
      }
    }
  });

  it('sees index 0 as the first byte of a view', () => {
    const body = new BodyBytes();
    body.overBytes(Buffer.from('xxabc').subarray(2));
    expect([body.u8.length, body.data.getUint8(0)]).toEqual([3, 97]);
    body.clear();
    expect(body.u8.length).toBe(0);
  });
});
