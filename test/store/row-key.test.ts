import { describe, expect, it } from 'vitest';
import { RowKey } from '../../src/store/row-key.ts';

describe('RowKey', () => {
  it.each(['', 'a', 'c-4821', 'kiosk-7/ord_01HZX8', 'Käse', '☕ flat white', '\u{1d11e}', 'x'.repeat(1_024)])(
    'set makes store id and UTF-8 of %j',
    (text) => {
      const key = new RowKey(1);
      key.set(0x0102, text);
      const bytes = Buffer.from(key.bytes.subarray(0, key.length));
      expect(bytes).toEqual(Buffer.concat([Buffer.of(1, 2), Buffer.from(text)]));
      expect(Buffer.from(key.body.subarray(0, key.length - 2))).toEqual(Buffer.from(text));
    },
  );

  it('hash depends on store, secret and trailing zeros', () => {
    const hashes = [
      [1, 0, 'a'],
      [2, 0, 'a'],
      [1, 1, 'a'],
      [1, 0, 'a\u0000'],
      [1, 0, 'a\u0000\u0000'],
    ].map(([secret, store, text]) => {
      const key = new RowKey(secret as number);
      key.set(store as number, text as string);
      return key.hash;
    });
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('hash spreads counted keys over buckets as chance would', () => {
    const key = new RowKey(42);
    const buckets = new Uint32Array(1 << 16);
    for (let i = 0; i < 1 << 16; i++) {
      key.set(0, `c-${i}`);
      const bucket = key.hash & 0xffff;
      buckets[bucket] = (buckets[bucket] as number) + 1;
    }
    expect(Math.max(...buckets)).toBeLessThan(16);
    expect(buckets.filter((count) => count === 0).length).toBeLessThan((1 << 16) * 0.45);
  });

  it('set refuses a key beyond 1024 bytes', () => {
    const key = new RowKey(1);
    expect(() => key.set(0, 'x'.repeat(1_025))).toThrowError(expect.objectContaining({ code: 'ERR_OPERATOR_FAILED' }));
    expect(() => key.set(0, 'é'.repeat(513))).toThrowError(/bytes=1026/);
  });
});
