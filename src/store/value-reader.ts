// data plane
import { MokaError } from '../base/errors.ts';
import {
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

/** Longer texts are copied by the runtime. */
const CHARACTERS_MAX = 16;

/** Reads values back. A value is made anew each time and shares nothing with the bytes. */
export class ValueReader {
  readonly #shapes: Shapes;
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the next value begins. The functions of shapes read and set it too. */
  at = 0;

  constructor(shapes: Shapes) {
    this.#shapes = shapes;
  }

  /** @throws MokaError ERR_CHECKPOINT_DAMAGED for bytes that are not exactly one value */
  read(bytes: Uint8Array, start: number, end: number): unknown {
    this.bytes = bytes;
    this.at = start;
    let value: unknown;
    try {
      value = this.value();
    } catch (cause) {
      throw this.#damaged(cause);
    }
    if (this.at !== end) throw this.#damaged();
    return value;
  }

  value(): unknown {
    const bytes = this.bytes;
    const at = this.at;
    const tag = bytes[at] as number;
    if (tag < TAG_NULL) {
      this.at = at + 1;
      return tag;
    }
    if (tag >= TAG_SHORT_SHAPE) {
      this.at = at + 1;
      return this.#shaped(tag - TAG_SHORT_SHAPE);
    }
    if (tag >= TAG_SHORT_ARRAY) {
      if (tag < TAG_SHORT_ARRAY + SHORT_COUNT) {
        this.at = at + 1;
        return this.#array(tag - TAG_SHORT_ARRAY);
      }
      return this.#collection(tag);
    }
    if (tag >= TAG_SHORT_ASCII) return this.ascii(at + 1, tag - TAG_SHORT_ASCII);
    switch (tag) {
      case TAG_INT16:
        this.at = at + 3;
        return (bytes[at + 1] as number) | (((bytes[at + 2] as number) << 24) >> 16);
      case TAG_INT32:
        this.at = at + 5;
        return this.#int32(at + 1);
      case TAG_UINT48:
        this.at = at + 7;
        return (
          (this.#int32(at + 1) >>> 0) + ((bytes[at + 5] as number) | ((bytes[at + 6] as number) << 8)) * 0x1_0000_0000
        );
      default:
        return this.#other(tag);
    }
  }

  #other(tag: number): unknown {
    const at = this.at;
    switch (tag) {
      case TAG_NULL:
        this.at = at + 1;
        return null;
      case TAG_UNDEFINED:
        this.at = at + 1;
        return undefined;
      case TAG_FALSE:
        this.at = at + 1;
        return false;
      case TAG_TRUE:
        this.at = at + 1;
        return true;
      case TAG_DOUBLE:
        return this.#double();
      case TAG_ASCII8:
        return this.ascii(at + 2, this.bytes[at + 1] as number);
      case TAG_ASCII32: {
        const length = this.#count();
        return this.ascii(this.at, length);
      }
      case TAG_UTF8: {
        const length = this.#count();
        this.at += length;
        return utf8Slice.call(this.bytes, this.at - length, this.at);
      }
      case TAG_BYTES: {
        const length = this.#count();
        this.at += length;
        return Buffer.from(this.bytes.subarray(this.at - length, this.at));
      }
      case TAG_MSGPACK: {
        const length = this.#count();
        this.at += length;
        return MSGPACK.unpack(Buffer.from(this.bytes.subarray(this.at - length, this.at)));
      }
      default:
        throw this.#damaged();
    }
  }

  #collection(tag: number): unknown {
    switch (tag) {
      case TAG_ARRAY:
        return this.#array(this.#count());
      case TAG_SHAPE: {
        const at = this.at;
        this.at = at + 3;
        return this.#shaped((this.bytes[at + 1] as number) | ((this.bytes[at + 2] as number) << 8));
      }
      case TAG_OBJECT: {
        const entries: [string, unknown][] = [];
        for (let left = this.#count(); left > 0; left--) entries.push([this.value() as string, this.value()]);
        return Object.fromEntries(entries);
      }
      case TAG_MAP: {
        const map = new Map<unknown, unknown>();
        for (let left = this.#count(); left > 0; left--) map.set(this.value(), this.value());
        return map;
      }
      case TAG_SET:
        return new Set(this.#array(this.#count()));
      default:
        throw this.#damaged();
    }
  }

  #shaped(number: number): object {
    const shape = this.#shapes.list[number];
    if (shape === undefined) throw this.#damaged();
    return shape.read(this);
  }

  #array(count: number): unknown[] {
    const array: unknown[] = [];
    for (let i = 0; i < count; i++) array.push(this.value());
    return array;
  }

  ascii(start: number, length: number): string {
    this.at = start + length;
    const bytes = this.bytes;
    if (length > CHARACTERS_MAX) return latin1Slice.call(bytes, start, start + length);
    return (TEXT_OF_LENGTH[length] as (bytes: Uint8Array, start: number) => string)(bytes, start);
  }

  #int32(at: number): number {
    const bytes = this.bytes;
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    );
  }

  #double(): number {
    const at = this.at + 1;
    DOUBLE_WORDS[0] = this.#int32(at);
    DOUBLE_WORDS[1] = this.#int32(at + 4);
    this.at = at + 8;
    return DOUBLE[0] as number;
  }

  #count(): number {
    const at = this.at + 1;
    this.at = at + 4;
    const count = this.#int32(at) >>> 0;
    if (count > this.bytes.length) throw this.#damaged();
    return count;
  }

  #damaged(cause?: unknown): MokaError {
    return new MokaError('ERR_CHECKPOINT_DAMAGED', `row value cannot be read at byte=${this.at}`, { cause });
  }
}

/**
 * Makes a text of so many characters from their codes, one function for each length: a call into the runtime costs as
 * much as 30 characters do here.
 */
const TEXT_OF_LENGTH: readonly ((bytes: Uint8Array, start: number) => string)[] = Array.from(
  { length: CHARACTERS_MAX + 1 },
  (_, length) => {
    const codes = Array.from({ length }, (_code, i) => `bytes[start + ${i}]`);
    return new Function('bytes', 'start', `return String.fromCharCode(${codes.join(', ')});`) as (
      bytes: Uint8Array,
      start: number,
    ) => string;
  },
);

const { latin1Slice, utf8Slice } = Buffer.prototype as unknown as Record<
  'latin1Slice' | 'utf8Slice',
  (this: Uint8Array, start: number, end: number) => string
>;
const DOUBLE = new Float64Array(1);
const DOUBLE_WORDS = new Int32Array(DOUBLE.buffer);
