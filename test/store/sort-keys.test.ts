import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sortKeys } from '../../src/store/sort-keys.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

function sorted(keys: readonly Uint8Array[]): Buffer[] {
  const bytes = Buffer.concat(keys);
  const starts = new Uint32Array(keys.length);
  for (let i = 1; i < keys.length; i++) starts[i] = (starts[i - 1] as number) + (keys[i - 1] as Uint8Array).length;
  const order = Uint32Array.from(keys.keys());
  sortKeys(bytes, starts, Uint16Array.from(keys.map((key) => key.length)), order, keys.length);
  return [...order].map((key) => Buffer.from(keys[key] as Uint8Array));
}

it('sortKeys orders keys as Buffer.compare does', () => {
  const byte = fc.oneof(fc.constantFrom(0, 1, 255), fc.nat(255));
  const key = fc.array(byte, { maxLength: 6 }).map((bytes) => Uint8Array.from(bytes));
  fc.assert(
    fc.property(fc.array(key, { maxLength: 300, size: 'max' }), (keys) => {
      expect(sorted(keys)).toEqual(keys.map((each) => Buffer.from(each)).sort(Buffer.compare));
    }),
    fuzzRuns(200),
  );
});

it('sortKeys takes keys that share a long prefix and keys that are in order already', () => {
  const keys = Array.from({ length: 5_000 }, (_, i) => Buffer.from('p'.repeat(900) + String(i).padStart(6, '0')));
  expect(Buffer.concat(sorted(keys)).equals(Buffer.concat(keys))).toBe(true);
  expect(Buffer.concat(sorted([...keys].reverse())).equals(Buffer.concat(keys))).toBe(true);
});
