// data plane
import { MokaError } from '../base/errors.ts';
import { MAX_ROW_VALUE_BYTES } from './store-limits.ts';
import {
  MAX_VALUE_DEPTH,
  SHORT_COUNT,
  TAG_ARRAY,
  TAG_ASCII8,
  TAG_ASCII32,
  TAG_BYTES,
  TAG_DOUBLE,
  TAG_FALSE,
  TAG_INT16,
  TAG_INT32,
  TAG_MAP,
  TAG_MSGPACK,
  TAG_NULL,
  TAG_OBJECT,
  TAG_SET,
  TAG_SHAPE,
  TAG_SHORT_ARRAY,
  TAG_SHORT_ASCII,
  TAG_SHORT_SHAPE,
  TAG_TRUE,
  TAG_UINT48,
  TAG_UNDEFINED,
  TAG_UTF8,
} from './value-format.ts';
import { MSGPACK } from './value-msgpack.ts';
import type { Shapes } from './value-shapes.ts';

/** Lays values down in memory of its own, one after the other from its first byte on. */
export class ValueWriter {
  bytes: Buffer = Buffer.alloc(INITIAL_BYTES);
  words: Int32Array = new Int32Array(this.bytes.buffer, 0, INITIAL_BYTES >> 2);
  length = 0;
  #shapes: Shapes;
  #depth = 0;

  constructor(shapes: Shapes) {
    this.#shapes = shapes;
  }

  /** @throws MokaError ERR_OPERATOR_FAILED for a value that cannot be kept */
  write(value: unknown): void {
    this.length = 0;
    this.#depth = 0;
    this.value(value);
    if (this.length > MAX_ROW_VALUE_BYTES) throw tooLarge(this.length);
  }

  /** Puts eight bytes behind the value. */
  appendTime(ms: number): void {
    if (this.length + ROOM > this.bytes.length) this.#grow(ROOM);
    const at = this.length;
    DOUBLE[0] = ms;
    for (let i = 0; i < 8; i++) this.bytes[at + i] = DOUBLE_BYTES[i] as number;
    this.length = at + 8;
  }

  /** Puts one byte behind the value. */
  appendByte(byte: number): void {
    if (this.length + ROOM > this.bytes.length) this.#grow(ROOM);
    this.bytes[this.length++] = byte;
  }

  value(value: unknown): void {
    if (this.length + ROOM > this.bytes.length) this.#grow(ROOM);
    switch (typeof value) {
      case 'string':
        this.#string(value);
        return;
      case 'number':
        this.#number(value);
        return;
      case 'object':
        this.#object(value);
        return;
      case 'boolean':
        this.bytes[this.length++] = value ? TAG_TRUE : TAG_FALSE;
        return;
      case 'undefined':
        this.bytes[this.length++] = TAG_UNDEFINED;
        return;
      case 'bigint':
        this.#msgpack(value);
        return;
      default:
        throw new MokaError('ERR_OPERATOR_FAILED', `store value cannot be kept type=${typeof value}`);
    }
  }

  #number(value: number): void {
    const bytes = this.bytes;
    const at = this.length;
    const integer = value | 0;
    if (integer === value) {
      if (integer >= 0 && integer < 0x80 && (integer !== 0 || 1 / value > 0)) {
        bytes[at] = integer;
        this.length = at + 1;
        return;
      }
      if (integer === 0) {
        this.#double(value);
        return;
      }
      bytes[at + 1] = integer;
      bytes[at + 2] = integer >> 8;
      if (integer >= -0x8000 && integer < 0x8000) {
        bytes[at] = TAG_INT16;
        this.length = at + 3;
        return;
      }
      bytes[at] = TAG_INT32;
      bytes[at + 3] = integer >> 16;
      bytes[at + 4] = integer >> 24;
      this.length = at + 5;
      return;
    }
    if (value > 0 && value < 0x1_0000_0000_0000 && Math.floor(value) === value) {
      const upper = Math.floor(value / 0x1_0000_0000);
      const lower = value - upper * 0x1_0000_0000;
      bytes[at] = TAG_UINT48;
      bytes[at + 1] = lower;
      bytes[at + 2] = lower >>> 8;
      bytes[at + 3] = lower >>> 16;
      bytes[at + 4] = lower >>> 24;
      bytes[at + 5] = upper;
      bytes[at + 6] = upper >> 8;
      this.length = at + 7;
      return;
    }
    this.#double(value);
  }

  #double(value: number): void {
    const at = this.length;
    this.bytes[at] = TAG_DOUBLE;
    DOUBLE[0] = value;
    for (let i = 0; i < 8; i++) this.bytes[at + 1 + i] = DOUBLE_BYTES[i] as number;
    this.length = at + 9;
  }

  #string(text: string): void {
    const length = text.length;
    if (length > SHORT_TEXT_MAX) {
      this.#longString(text);
      return;
    }
    const bytes = this.bytes;
    const at = this.length;
    const start = length < SHORT_COUNT ? at + 1 : at + 2;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.#longString(text);
        return;
      }
      bytes[start + i] = code;
    }
    if (length < SHORT_COUNT) {
      bytes[at] = TAG_SHORT_ASCII + length;
    } else {
      bytes[at] = TAG_ASCII8;
      bytes[at + 1] = length;
    }
    this.length = start + length;
  }

  #longString(text: string): void {
    const most = text.length * 3 + ROOM;
    if (this.length + most > this.bytes.length) this.#grow(most);
    const written = this.bytes.write(text, this.length + 5, 'utf8');
    this.#count(written === text.length ? TAG_ASCII32 : TAG_UTF8, written);
    this.length += written;
  }

  #object(value: object | null): void {
    if (value === null) {
      this.bytes[this.length++] = TAG_NULL;
      return;
    }
    if (++this.#depth > MAX_VALUE_DEPTH) {
      throw new MokaError('ERR_OPERATOR_FAILED', `store value nested too deeply max=${MAX_VALUE_DEPTH}, or a cycle`);
    }
    if (Array.isArray(value)) this.#array(value, TAG_ARRAY);
    else if (Object.getPrototypeOf(value) === Object.prototype) this.#members(value);
    else this.#special(value);
    this.#depth -= 1;
  }

  #members(object: object): void {
    const shape = this.#shapes.of(object);
    if (shape === null) {
      this.#dictionary(object);
      return;
    }
    const number = shape.number;
    if (number < SHORT_COUNT) {
      this.bytes[this.length++] = TAG_SHORT_SHAPE + number;
    } else {
      this.bytes[this.length] = TAG_SHAPE;
      this.bytes[this.length + 1] = number;
      this.bytes[this.length + 2] = number >> 8;
      this.length += 3;
    }
    shape.write(object, this);
  }

  #array(array: readonly unknown[], tag: number): void {
    const length = array.length;
    if (tag === TAG_ARRAY && length < SHORT_COUNT) this.bytes[this.length++] = TAG_SHORT_ARRAY + length;
    else this.#count(tag, length);
    for (let i = 0; i < length; i++) this.value(array[i]);
  }

  #map(map: ReadonlyMap<unknown, unknown>): void {
    this.#count(TAG_MAP, map.size);
    for (const [key, member] of map) {
      this.value(key);
      this.value(member);
    }
  }

  #dictionary(object: object): void {
    const names = Object.keys(object);
    this.#count(TAG_OBJECT, names.length);
    for (const name of names) {
      this.value(name);
      this.value((object as Record<string, unknown>)[name]);
    }
  }

  #special(value: object): void {
    if (value instanceof Uint8Array) this.#bytes(TAG_BYTES, value);
    else if (value instanceof Map) this.#map(value);
    else if (value instanceof Set) this.#array([...value], TAG_SET);
    else if (MSGPACK_KINDS.some((kind) => value instanceof kind) || ArrayBuffer.isView(value)) this.#msgpack(value);
    else if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
      this.value((value as { toJSON: () => unknown }).toJSON());
    } else if (value instanceof Promise) {
      throw new MokaError('ERR_OPERATOR_FAILED', 'store value cannot be kept type=Promise');
    } else {
      this.#members({ ...value });
    }
  }

  #msgpack(value: unknown): void {
    let packed: Uint8Array;
    try {
      packed = MSGPACK.pack(value);
    } catch (cause) {
      throw new MokaError('ERR_OPERATOR_FAILED', `store value cannot be kept type=${typeof value}`, { cause });
    }
    this.#bytes(TAG_MSGPACK, packed);
  }

  #bytes(tag: number, value: Uint8Array): void {
    const most = value.length + ROOM;
    if (this.length + most > this.bytes.length) this.#grow(most);
    this.#count(tag, value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  #count(tag: number, count: number): void {
    const bytes = this.bytes;
    const at = this.length;
    bytes[at] = tag;
    bytes[at + 1] = count;
    bytes[at + 2] = count >> 8;
    bytes[at + 3] = count >> 16;
    bytes[at + 4] = count >> 24;
    this.length = at + 5;
  }

  #grow(more: number): void {
    if (this.length > MAX_ROW_VALUE_BYTES) throw tooLarge(this.length);
    const grown = Buffer.alloc(Math.max(this.bytes.length * 2, this.length + more));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    this.words = new Int32Array(grown.buffer, grown.byteOffset, grown.length >> 2);
  }
}

function tooLarge(length: number): MokaError {
  return new MokaError('ERR_OPERATOR_FAILED', `store value too large bytes=${length} max=${MAX_ROW_VALUE_BYTES}`);
}

/** What JSON does not know; msgpackr tells them apart again. */
const MSGPACK_KINDS = [Date, Error, RegExp] as const;
/** A longer text is copied by the runtime, whose call costs as much as this many characters. */
const SHORT_TEXT_MAX = 64;
/** Of any value that does not ask for room itself: a short text is the longest. */
const ROOM = SHORT_TEXT_MAX + 16;
const INITIAL_BYTES = 64 * 1024;
const DOUBLE = new Float64Array(1);
const DOUBLE_BYTES = new Uint8Array(DOUBLE.buffer);
