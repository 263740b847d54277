// data plane
import {
  ARRAY_16,
  ARRAY_32,
  FALSE,
  FIX_ARRAY,
  FIX_TEXT,
  FLOAT_32,
  FLOAT_64,
  INT_8,
  INT_16,
  INT_32,
  INT_64,
  MAP_16,
  MAP_32,
  NEGATIVE_FIXINT,
  NIL,
  TEXT_8,
  TEXT_16,
  TEXT_32,
  TRUE,
  UINT_8,
  UINT_16,
  UINT_32,
  UINT_64,
} from './msgpack-format.ts';

export const TOKEN_NIL = 1;
export const TOKEN_BOOLEAN = 2;
export const TOKEN_NUMBER = 3;
export const TOKEN_TEXT = 4;
export const TOKEN_ARRAY = 5;
export const TOKEN_MAP = 6;
/** The bytes end inside the value. */
export const TOKEN_TRUNCATED = -1;
/** Binary, an extension or a byte without meaning. */
export const TOKEN_REFUSED = -2;

/**
 * The next value's head. What a value holds (a text's bytes, the items of an array, names and values of a map) follows
 * at `next`. One instance per thread, filled anew by each `read`.
 */
export class MsgpackToken {
  /** A number; 1 or 0 for a boolean; bytes of a text; items of an array; members of a map. */
  value = 0;
  /** Index behind the head. */
  next = 0;

  /** @returns a TOKEN_…; that a text's bytes lie before `end` is checked, and that an array or map can fit. */
  read(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end) return TOKEN_TRUNCATED;
    const head = bytes[at] as number;
    this.next = at + 1;
    if (head < 0x80) return this.#number(head);
    if (head >= NEGATIVE_FIXINT) return this.#number(head - 0x100);
    if (head < FIX_ARRAY) return this.#container(TOKEN_MAP, head & 0xf, end);
    if (head < FIX_TEXT) return this.#container(TOKEN_ARRAY, head & 0xf, end);
    if (head < NIL) return this.#text(head & 0x1f, end);
    const size = HEAD_BYTES[head - NIL] as number;
    if (at + 1 + size > end) return TOKEN_TRUNCATED;
    this.next = at + 1 + size;
    switch (head) {
      case NIL:
        return TOKEN_NIL;
      case FALSE:
      case TRUE:
        this.value = head - FALSE;
        return TOKEN_BOOLEAN;
      case FLOAT_32:
        INTEGER[0] = uint32(bytes, at + 1);
        return this.#number(FLOAT[0] as number);
      case FLOAT_64:
        return this.#number(float64(bytes, at + 1));
      case UINT_8:
        return this.#number(bytes[at + 1] as number);
      case UINT_16:
        return this.#number(uint16(bytes, at + 1));
      case UINT_32:
        return this.#number(uint32(bytes, at + 1));
      case UINT_64:
        return this.#number(uint32(bytes, at + 1) * 2 ** 32 + uint32(bytes, at + 5));
      case INT_8:
        return this.#number(((bytes[at + 1] as number) << 24) >> 24);
      case INT_16:
        return this.#number((uint16(bytes, at + 1) << 16) >> 16);
      case INT_32:
        return this.#number(uint32(bytes, at + 1) | 0);
      case INT_64:
        return this.#number((uint32(bytes, at + 1) | 0) * 2 ** 32 + uint32(bytes, at + 5));
      case TEXT_8:
        return this.#text(bytes[at + 1] as number, end);
      case TEXT_16:
        return this.#text(uint16(bytes, at + 1), end);
      case TEXT_32:
        return this.#text(uint32(bytes, at + 1), end);
      case ARRAY_16:
        return this.#container(TOKEN_ARRAY, uint16(bytes, at + 1), end);
      case ARRAY_32:
        return this.#container(TOKEN_ARRAY, uint32(bytes, at + 1), end);
      case MAP_16:
        return this.#container(TOKEN_MAP, uint16(bytes, at + 1), end);
      case MAP_32:
        return this.#container(TOKEN_MAP, uint32(bytes, at + 1), end);
      default:
        return TOKEN_REFUSED;
    }
  }

  #number(value: number): number {
    this.value = value;
    return TOKEN_NUMBER;
  }

  #text(length: number, end: number): number {
    this.value = length;
    return this.next + length <= end ? TOKEN_TEXT : TOKEN_TRUNCATED;
  }

  /** An item takes a byte at least, a member two: a count that cannot be true is found here, before anybody counts to it. */
  #container(token: number, count: number, end: number): number {
    this.value = count;
    const least = token === TOKEN_MAP ? count * 2 : count;
    return this.next + least <= end ? token : TOKEN_TRUNCATED;
  }
}

/** Bytes of the head behind the first, from c0 to df. */
const HEAD_BYTES = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 2, 4, 2, 3, 5, 4, 8, 1, 2, 4, 8],
  ...[1, 2, 4, 8, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4],
);

const SCRATCH = new ArrayBuffer(8);
const INTEGER = new Uint32Array(SCRATCH);
const FLOAT = new Float32Array(SCRATCH);
const DOUBLE = new Float64Array(SCRATCH);

export function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function uint32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16);
  return (high | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0;
}

export function float64(bytes: Uint8Array, at: number): number {
  INTEGER[1] = uint32(bytes, at);
  INTEGER[0] = uint32(bytes, at + 4);
  return DOUBLE[0] as number;
}
