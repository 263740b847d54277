import {
  ARRAY_16,
  ARRAY_32,
  FALSE,
  FIX_ARRAY,
  FIX_MAP,
  FIX_TEXT,
  FLOAT_64,
  INT_8,
  INT_16,
  INT_32,
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
} from './msgpack-format.ts';

/**
 * Writes msgpack values one after the other into memory that grows, each in its shortest form. A number that is no
 * 32-bit integer is a float64. Needs nothing but the language, so that a browser can encode too.
 */
export class MsgpackWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacityBytes = 1024) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** A copy of what was written since the last `take`. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  nil(): void {
    this.#head(NIL, 0);
  }

  boolean(value: boolean): void {
    this.#head(value ? TRUE : FALSE, 0);
  }

  number(value: number): void {
    if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0xffff_ffff || Object.is(value, -0)) {
      this.#head(FLOAT_64, 8);
      this.#view.setFloat64(this.#length - 8, value);
    } else if (value >= 0) {
      this.#unsigned(value);
    } else if (value >= -32) {
      this.#head(NEGATIVE_FIXINT | (value & 0x1f), 0);
    } else if (value >= -0x80) {
      this.#size8(INT_8, value);
    } else if (value >= -0x8000) {
      this.#size16(INT_16, value);
    } else {
      this.#size32(INT_32, value);
    }
  }

  text(value: string): void {
    const encoded = ENCODER.encode(value);
    const length = encoded.length;
    if (length < 32) this.#head(FIX_TEXT | length, 0);
    else if (length <= 0xff) this.#size8(TEXT_8, length);
    else this.#sized(length, TEXT_16, TEXT_32);
    this.#require(length);
    this.#bytes.set(encoded, this.#length);
    this.#length += length;
  }

  /** The items follow. */
  array(length: number): void {
    if (length < 16) this.#head(FIX_ARRAY | length, 0);
    else this.#sized(length, ARRAY_16, ARRAY_32);
  }

  /** Names and values follow in turn. */
  map(length: number): void {
    if (length < 16) this.#head(FIX_MAP | length, 0);
    else this.#sized(length, MAP_16, MAP_32);
  }

  /** Anything that JSON could say, objects as maps; members that are undefined are left out, as JSON.stringify does. */
  value(value: unknown): void {
    if (value === null || value === undefined) this.nil();
    else if (typeof value === 'boolean') this.boolean(value);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'string') this.text(value);
    else if (Array.isArray(value)) {
      this.array(value.length);
      for (const item of value) this.value(item);
    } else if (typeof value === 'object') {
      const members = Object.entries(value).filter(([, member]) => member !== undefined);
      this.map(members.length);
      for (const [name, member] of members) {
        this.text(name);
        this.value(member);
      }
    } else {
      throw new TypeError(`msgpack value type=${typeof value}`);
    }
  }

  #unsigned(value: number): void {
    if (value < 0x80) this.#head(value, 0);
    else if (value <= 0xff) this.#size8(UINT_8, value);
    else if (value <= 0xffff) this.#size16(UINT_16, value);
    else this.#size32(UINT_32, value);
  }

  #sized(length: number, head16: number, head32: number): void {
    if (length <= 0xffff) this.#size16(head16, length);
    else this.#size32(head32, length);
  }

  /** A head and an integer of so many bits; a DataView takes the lower bits of a negative one. */
  #size8(head: number, value: number): void {
    this.#head(head, 1);
    this.#view.setUint8(this.#length - 1, value);
  }

  #size16(head: number, value: number): void {
    this.#head(head, 2);
    this.#view.setUint16(this.#length - 2, value);
  }

  #size32(head: number, value: number): void {
    this.#head(head, 4);
    this.#view.setUint32(this.#length - 4, value);
  }

  /** A first byte, and room for `size` bytes behind it. May replace the memory. */
  #head(head: number, size: number): void {
    this.#require(1 + size);
    this.#bytes[this.#length] = head;
    this.#length += 1 + size;
  }

  #require(length: number): void {
    const needed = this.#length + length;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

const ENCODER = new TextEncoder();
