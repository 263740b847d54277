import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprint32, fingerprintBytes, KeyedHash, partitionOf } from '../../src/base/hash.ts';
import { fuzzRuns } from './fuzz-seed.ts';

const SECRET = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);

/** `vectors_hsip64` of the reference: HalfSipHash-2-4 of 0, 1, 2 … under the key 0, 1 … 7, for lengths 0 to 15. */
const VECTORS_2_4 = [
  ...['218d1f59b9b83cc8', 'be552412f8387315', '064f39ef7c50eb57', 'ce0f1a45f7060679'],
  ...['d5e78a175be52ea1', 'cb9d7c3f2f3db580', 'ce3e91358aa2bc25', 'ff202728b07bc684'],
  ...['edfee820bce4858c', '5b51cccc13888307', '95b0469f06a6f2ee', 'ae26333994ddcd48'],
  ...['7bc71f9faef5c799', '5a2352d75a0c3744', '3bb1a870eae8e658', '217d0bcb4e81c902'],
];

/** The reference, slow and plain, for any number of rounds. */
function halfSipHash(key: Uint8Array, input: Uint8Array, rounds: number, finalRounds: number): string {
  const words = new DataView(key.buffer, key.byteOffset);
  const k0 = words.getUint32(0, true);
  const k1 = words.getUint32(4, true);
  const v = [k0, k1 ^ 0xee, 0x6c796765 ^ k0, 0x74656462 ^ k1] as [number, number, number, number];
  const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
  const round = (): void => {
    v[0] = (v[0] + v[1]) | 0;
    v[1] = rotate(v[1], 5) ^ v[0];
    v[0] = rotate(v[0], 16);
    v[2] = (v[2] + v[3]) | 0;
    v[3] = rotate(v[3], 8) ^ v[2];
    v[0] = (v[0] + v[3]) | 0;
    v[3] = rotate(v[3], 7) ^ v[0];
    v[2] = (v[2] + v[1]) | 0;
    v[1] = rotate(v[1], 13) ^ v[2];
    v[2] = rotate(v[2], 16);
  };
  const padded = new Uint8Array((input.length & ~3) + 4);
  padded.set(input);
  padded[padded.length - 1] = input.length & 0xff;
  const message = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 4) {
    v[3] ^= message.getUint32(at, true);
    for (let i = 0; i < rounds; i++) round();
    v[0] ^= message.getUint32(at, true);
  }
  const output = new DataView(new ArrayBuffer(8));
  v[2] ^= 0xee;
  for (let i = 0; i < finalRounds; i++) round();
  output.setUint32(0, v[1] ^ v[3], true);
  v[1] ^= 0xdd;
  for (let i = 0; i < finalRounds; i++) round();
  output.setUint32(4, v[1] ^ v[3], true);
  return Buffer.from(output.buffer).toString('hex');
}

function hexOf(hash: KeyedHash): string {
  const output = Buffer.alloc(8);
  output.writeInt32LE(hash.low, 0);
  output.writeInt32LE(hash.high, 4);
  return output.toString('hex');
}

describe('KeyedHash.hashBytes', () => {
  it('is HalfSipHash-1-3, measured by a reference that has the published vectors', () => {
    const hash = new KeyedHash(SECRET);
    for (const [length, vector] of VECTORS_2_4.entries()) {
      const input = Uint8Array.from({ length }, (_, i) => i);
      expect(halfSipHash(SECRET, input, 2, 4)).toBe(vector);
      hash.hashBytes(input, 0, length);
      expect(hexOf(hash)).toBe(halfSipHash(SECRET, input, 1, 3));
    }
  });

  it('is the reference for every secret, input and place', () => {
    const secrets = fc.uint8Array({ minLength: 8, maxLength: 8 });
    const property = fc.property(secrets, fc.uint8Array({ maxLength: 300 }), fc.nat(9), (secret, input, start) => {
      const hash = new KeyedHash(secret);
      const shared = new Uint8Array(new SharedArrayBuffer(start + input.length + 3)).fill(0xff);
      shared.set(input, start);
      hash.hashBytes(shared, start, start + input.length);
      expect(hexOf(hash)).toBe(halfSipHash(secret, input, 1, 3));
    });
    fc.assert(property, fuzzRuns(500));
  });

  it('depends on the secret', () => {
    const one = new KeyedHash(SECRET);
    const other = new KeyedHash(SECRET.map((byte) => byte + 1));
    one.hashString('c-4821');
    other.hashString('c-4821');
    expect([one.low, one.high]).not.toEqual([other.low, other.high]);
  });

  it('refuses a secret that is not 8 bytes long', () => {
    expect(() => new KeyedHash(new Uint8Array(7))).toThrow('secret bytes=7 expected=8');
  });
});

describe('KeyedHash.hashString', () => {
  it('is the hash of the UTF-8 bytes', () => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const byText = new KeyedHash(SECRET);
      const byBytes = new KeyedHash(SECRET);
      const bytes = new TextEncoder().encode(text);
      byText.hashString(text);
      byBytes.hashBytes(bytes, 0, bytes.length);
      expect([byText.low, byText.high]).toEqual([byBytes.low, byBytes.high]);
    });
    fc.assert(property, fuzzRuns(500));
  });

  it('takes a text of any length', () => {
    const byText = new KeyedHash(SECRET);
    const byBytes = new KeyedHash(SECRET);
    for (const text of ['', 'x'.repeat(5000), 'ü'.repeat(5000)]) {
      const bytes = new TextEncoder().encode(text);
      byText.hashString(text);
      byBytes.hashBytes(bytes, 0, bytes.length);
      expect(hexOf(byText)).toBe(hexOf(byBytes));
    }
  });
});

describe('KeyedHash.hashPair and scope', () => {
  it('are the hash of their words as bytes', () => {
    const word = fc.integer();
    const property = fc.property(word, word, word, word, word, (low, high, a, b, c) => {
      const hash = new KeyedHash(SECRET);
      hash.hashPair(low, high, a);
      expect(hexOf(hash)).toBe(halfSipHash(SECRET, new Uint8Array(Int32Array.of(low, high, a).buffer), 1, 3));
      hash.low = low;
      hash.high = high;
      hash.scope(a, b, c);
      expect(hexOf(hash)).toBe(halfSipHash(SECRET, new Uint8Array(Int32Array.of(low, high, a, b, c).buffer), 1, 3));
    });
    fc.assert(property, fuzzRuns(200));
  });
});

describe('partitionOf', () => {
  it('spreads keys evenly and stays below the count', () => {
    const hash = new KeyedHash(SECRET);
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 50_000; i++) {
      hash.hashString(`c-${i}`);
      const partition = partitionOf(hash.low, hash.high, 5);
      counts[partition] = (counts[partition] as number) + 1;
    }
    expect(counts.every((count) => count > 9_600 && count < 10_400)).toBe(true);
  });

  it('covers the ends of the range', () => {
    expect([partitionOf(0, 0, 4), partitionOf(-1, 0, 4), partitionOf(-1, -1, 1), partitionOf(-1, 0, 64)]).toEqual([
      0, 3, 0, 63,
    ]);
  });
});

describe('fingerprint32', () => {
  it('is MurmurHash3_x86_32', () => {
    const words = new Uint32Array(Uint8Array.from(Buffer.from('test')).buffer);
    expect(fingerprint32(words, 0, 1, 0)).toBe(0xba6bd213);
    expect(fingerprint32(words, 0, 1, 0x9747b28c)).toBe(0x704b81dc);
    expect(fingerprint32(words, 0, 0, 1)).toBe(0x514e28b7);
  });

  it('sees every word and the seed', () => {
    const words = Uint32Array.of(1, 2, 3);
    const all = [
      [0, 3, 0],
      [0, 2, 0],
      [1, 3, 0],
      [0, 3, 1],
    ].map(([start, end, seed]) => fingerprint32(words, start as number, end as number, seed as number));
    expect(new Set(all).size).toBe(4);
  });
});

describe('fingerprintBytes', () => {
  it('is fingerprint32 over whole words', () => {
    const words = Uint32Array.of(5, 6, 7, 8);
    expect(fingerprintBytes(words, 4, 8, 9)).toBe(fingerprint32(words, 1, 3, 9));
  });

  it('does not see what follows in the last word', () => {
    const one = new Uint32Array(Uint8Array.from(Buffer.from('{"a":1}#')).buffer);
    const other = new Uint32Array(Uint8Array.from(Buffer.from('{"a":1}~')).buffer);
    expect(fingerprintBytes(one, 0, 7, 0)).toBe(fingerprintBytes(other, 0, 7, 0));
    expect(fingerprintBytes(one, 0, 8, 0)).not.toBe(fingerprintBytes(other, 0, 8, 0));
  });

  it('tells a body from the same body with zeros behind it', () => {
    const words = new Uint32Array(4);
    expect(new Set([0, 1, 2, 3, 4, 5, 8].map((length) => fingerprintBytes(words, 0, length, 0))).size).toBe(7);
  });
});
