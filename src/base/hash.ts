// data plane
import { assert } from './assert.ts';

/**
 * HalfSipHash-1-3 with 64-bit output (Aumasson and Bernstein, `halfsiphash.c`): a hash under a secret, on 32-bit words
 * only, since a 64-bit integer costs an allocation in JavaScript. Whoever does not know the secret cannot aim many keys
 * at one partition or one slot. The result stands in two fields, so that hashing allocates nothing.
 *
 * One instance per thread and secret. 0,0 is never a result: in records and tables it means "no such identity".
 */
export class KeyedHash {
  /** Bits 0..31 of the last result, as int32. */
  low = 0;
  /** Bits 32..63 of the last result, as int32. */
  high = 0;

  readonly #key0: number;
  readonly #key1: number;
  readonly #words = new Int32Array(6);

  constructor(secret: Uint8Array) {
    assert(secret.length === SECRET_BYTES, `secret bytes=${secret.length} expected=${SECRET_BYTES}`);
    this.#key0 = wordAt(secret, 0);
    this.#key1 = wordAt(secret, 4);
  }

  hashBytes(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const tail = end - (length & 3);
    let v0 = this.#key0;
    let v1 = this.#key1 ^ OUTPUT_64;
    let v2 = this.#key0 ^ INITIAL_V2;
    let v3 = this.#key1 ^ INITIAL_V3;
    for (let at = start; ; at += 4) {
      const word = at < tail ? wordAt(bytes, at) : lastWord(bytes, tail, end, length);
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
      if (at >= tail) break;
    }
    this.#finish(v0, v1, v2, v3);
  }

  /** The same result as `hashBytes` over the text's UTF-8; a lone surrogate counts as U+FFFD. */
  hashString(text: string): void {
    const length = text.length;
    const scratch = length * 3 <= SCRATCH.length ? SCRATCH : new Uint8Array(length * 3);
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.hashBytes(scratch, 0, ENCODER.encodeInto(text, scratch).written);
        return;
      }
      scratch[i] = code;
    }
    this.hashBytes(scratch, 0, length);
  }

  /** The hash of the 12 bytes low, high, extra: derives a further hash from one at hand. */
  hashPair(low: number, high: number, extra: number): void {
    const words = this.#words;
    words[0] = low;
    words[1] = high;
    words[2] = extra;
    this.#hashWords(3);
  }

  /** Replaces the last result by the hash of it and three more words: the same bytes in another scope are another identity. */
  scope(word0: number, word1: number, word2: number): void {
    const words = this.#words;
    words[0] = this.low;
    words[1] = this.high;
    words[2] = word0;
    words[3] = word1;
    words[4] = word2;
    this.#hashWords(5);
  }

  /** The same as `hashBytes` over the first `count` words. */
  #hashWords(count: number): void {
    const words = this.#words;
    words[count] = count << 26;
    let v0 = this.#key0;
    let v1 = this.#key1 ^ OUTPUT_64;
    let v2 = this.#key0 ^ INITIAL_V2;
    let v3 = this.#key1 ^ INITIAL_V3;
    for (let i = 0; i <= count; i++) {
      const word = words[i] as number;
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    this.#finish(v0, v1, v2, v3);
  }

  #finish(v0: number, v1: number, v2: number, v3: number): void {
    v2 ^= 0xee;
    for (let i = 0; i < 6; i++) {
      if (i === 3) {
        this.low = v1 ^ v3;
        v1 ^= 0xdd;
      }
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    this.high = v1 ^ v3;
    if (this.low === 0 && this.high === 0) this.low = 1;
  }
}

/**
 * The partition of a hash, from the upper bits of `low`: a table inside a partition takes its slots from `high` or from
 * the lower bits of `low`, which are still evenly spread there.
 */
export function partitionOf(low: number, _high: number, partitionCount: number): number {
  return Math.floor(((low >>> 0) * partitionCount) / 0x1_0000_0000);
}

/**
 * MurmurHash3_x86_32 over whole words: tells whether two bodies are the same before they are compared, nothing more. Not
 * keyed; never the only ground for a refusal.
 */
export function fingerprint32(u32: Uint32Array, startWord: number, endWord: number, seed: number): number {
  let state = seed | 0;
  for (let i = startWord; i < endWord; i++) state = murmurStep(state, u32[i] as number);
  return murmurFinish(state ^ ((endWord - startWord) << 2));
}

/** `fingerprint32` over `length` bytes from a 4-aligned position; what follows them in the last word does not count. */
export function fingerprintBytes(u32: Uint32Array, start: number, length: number, seed: number): number {
  const startWord = start >>> 2;
  const endWord = startWord + (length >>> 2);
  let state = seed | 0;
  for (let i = startWord; i < endWord; i++) state = murmurStep(state, u32[i] as number);
  const tailBits = (length & 3) << 3;
  if (tailBits !== 0) state = murmurStep(state, (u32[endWord] as number) & ((1 << tailBits) - 1));
  return murmurFinish(state ^ length);
}

export const SECRET_BYTES = 8;

const OUTPUT_64 = 0xee;
const INITIAL_V2 = 0x6c796765;
const INITIAL_V3 = 0x74656462;
const ENCODER = new TextEncoder();
const SCRATCH = new Uint8Array(4096);

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** The 0..3 bytes that are left, under the length in the top byte. */
function lastWord(bytes: Uint8Array, tail: number, end: number, length: number): number {
  let word = length << 24;
  if (tail < end) word |= bytes[tail] as number;
  if (tail + 1 < end) word |= (bytes[tail + 1] as number) << 8;
  if (tail + 2 < end) word |= (bytes[tail + 2] as number) << 16;
  return word;
}

function murmurStep(state: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const mixed = state ^ Math.imul(k, 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

/** An unsigned 32-bit number. */
function murmurFinish(state: number): number {
  let h = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
