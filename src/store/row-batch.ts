// data plane
import { assert } from '../base/assert.ts';
import { MIB } from '../base/limits.ts';
import { sortKeys } from './sort-keys.ts';
import { STORE_PREFIX_BYTES } from './store-limits.ts';

/** A key as it stands in other bytes. */
export interface KeySlot {
  bytes: Uint8Array;
  start: number;
  length: number;
}

/** A value as it stands in a buffer of its own; lmdb-js reads `start` and `end`, and keeps the address. */
export interface ValueSlot extends Buffer {
  start: number;
  end: number;
}

/**
 * Rows on their way into an environment: all keys side by side, all values side by side, so that a million of them are
 * two buffers and five arrays. Reused from checkpoint to checkpoint.
 */
export class RowBatch {
  count = 0;
  readonly key: KeySlot = { bytes: EMPTY, start: 0, length: 0 };
  #keys: Buffer = EMPTY;
  #keysEnd = 0;
  #values: ValueSlot = EMPTY as ValueSlot;
  #valuesEnd = 0;
  #keyStarts = new Uint32Array(0);
  #keyLengths = new Uint16Array(0);
  #valueStarts = new Float64Array(0);
  #valueLengths = new Int32Array(0);
  #order = new Uint32Array(0);
  /** Rows that `sort` has seen. */
  #sortedCount = 0;

  get byteLength(): number {
    return this.#keysEnd + this.#valuesEnd;
  }

  /** Empties the batch, and lets go of memory that an unusually large one took. */
  reset(): void {
    this.count = 0;
    this.#keysEnd = 0;
    this.#valuesEnd = 0;
    this.#sortedCount = 0;
    if (this.#keys.length > KEPT_BYTES_MAX) this.#keys = EMPTY;
    if (this.#values.length > KEPT_BYTES_MAX) this.#values = EMPTY as ValueSlot;
  }

  /** Forgets the rows that were added after the first `count`. */
  truncate(count: number): void {
    if (count >= this.count) return;
    this.#keysEnd = this.#keyStarts[count] as number;
    this.#valuesEnd = this.#valueStarts[count] as number;
    this.count = count;
    this.#sortedCount = 0;
  }

  /** Begins a row; its value follows by `appendValue`, in parts, unless `valueLength` is ROW_DELETED. */
  add(storeId: number, bytes: Uint8Array, keyStart: number, keyLength: number, valueLength: number): void {
    const at = this.#openRow(STORE_PREFIX_BYTES + keyLength, valueLength);
    this.#keys[at] = storeId >>> 8;
    this.#keys[at + 1] = storeId & 0xff;
    copyBytes(bytes, keyStart, this.#keys, at + STORE_PREFIX_BYTES, keyLength);
  }

  /** As `add`, with a key that has its store id before it. */
  addWhole(key: Uint8Array, value: Uint8Array): void {
    const at = this.#openRow(key.length, value.length);
    copyBytes(key, 0, this.#keys, at, key.length);
    this.appendValue(value, 0, value.length);
  }

  appendValue(bytes: Uint8Array, start: number, length: number): void {
    if (this.#valuesEnd + length > this.#values.length) {
      this.#values = grown(this.#values, this.#valuesEnd, length) as ValueSlot;
    }
    copyBytes(bytes, start, this.#values, this.#valuesEnd, length);
    this.#valuesEnd += length;
  }

  /** From here on `select` counts in key order. Rows that were added to sorted ones are sorted in among them. */
  sort(): void {
    const { count } = this;
    const sortedCount = this.#sortedCount;
    if (sortedCount === count) return;
    for (let i = sortedCount; i < count; i++) this.#order[i] = i;
    const added = this.#order.subarray(sortedCount, count);
    sortKeys(this.#keys, this.#keyStarts, this.#keyLengths, added, added.length);
    this.#sortedCount = count;
    if (sortedCount > 0) this.#sortIn(added.slice(), sortedCount);
  }

  /**
   * First place from `from` on, counted in key order, whose key is not below this one, which has its store id; `count`
   * behind the last. The nearer it is, the sooner it is found.
   */
  seek(key: Uint8Array, from: number): number {
    let step = 1;
    let low = from;
    let high = from;
    while (high < this.#sortedCount && this.compareAt(high, key) < 0) {
      low = high + 1;
      high += step;
      step *= 2;
    }
    return this.#firstNotBelow(key, low, Math.min(high, this.#sortedCount));
  }

  /** Of the row that comes as number `index` in key order against a key with its store id: less than 0, 0, more than 0. */
  compareAt(index: number, key: Uint8Array): number {
    const row = this.#order[index] as number;
    const start = this.#keyStarts[row] as number;
    const length = this.#keyLengths[row] as number;
    const end = Math.min(length, key.length);
    for (let i = 0; i < end; i++) {
      const difference = (this.#keys[start + i] as number) - (key[i] as number);
      if (difference !== 0) return difference;
    }
    return length - key.length;
  }

  /** Of the row that `select` pointed at. */
  get selectedStoreId(): number {
    const { bytes, start } = this.key;
    return ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
  }

  /** Points `key` at the row that comes as number `index` in key order, and returns its value; null for a deleted row. */
  select(index: number): ValueSlot | null {
    const row = this.#order[index] as number;
    this.key.bytes = this.#keys;
    this.key.start = this.#keyStarts[row] as number;
    this.key.length = this.#keyLengths[row] as number;
    const length = this.#valueLengths[row] as number;
    if (length < 0) return null;
    const start = this.#valueStarts[row] as number;
    this.#values.start = start;
    this.#values.end = start + length;
    return this.#values;
  }

  /** Makes one order of the first `sortedCount` places and of sorted rows that follow them, from the last one on. */
  #sortIn(added: Uint32Array, sortedCount: number): void {
    const order = this.#order;
    let end = sortedCount;
    for (let left = added.length; left > 0; left--) {
      const row = added[left - 1] as number;
      const start = this.#keyStarts[row] as number;
      const key = this.#keys.subarray(start, start + (this.#keyLengths[row] as number));
      const place = this.#firstNotBelow(key, 0, end);
      order.copyWithin(place + left, place, end);
      order[place + left - 1] = row;
      end = place;
    }
  }

  #firstNotBelow(key: Uint8Array, from: number, to: number): number {
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compareAt(middle, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #openRow(keyLength: number, valueLength: number): number {
    const row = this.count++;
    if (row === this.#keyStarts.length) this.#growRows();
    if (this.#keysEnd + keyLength > this.#keys.length) this.#keys = grown(this.#keys, this.#keysEnd, keyLength);
    const at = this.#keysEnd;
    this.#keysEnd += keyLength;
    this.#keyStarts[row] = at;
    this.#keyLengths[row] = keyLength;
    this.#valueStarts[row] = this.#valuesEnd;
    this.#valueLengths[row] = valueLength;
    this.#order[row] = row;
    return at;
  }

  #growRows(): void {
    const length = Math.max(1024, this.#keyStarts.length * 2);
    this.#keyStarts = longer(this.#keyStarts, new Uint32Array(length));
    this.#keyLengths = longer(this.#keyLengths, new Uint16Array(length));
    this.#valueStarts = longer(this.#valueStarts, new Float64Array(length));
    this.#valueLengths = longer(this.#valueLengths, new Int32Array(length));
    this.#order = longer(this.#order, new Uint32Array(length));
  }
}

/** Memory of its own, from its first byte on: the address that lmdb-js takes is that of the whole. */
function grown(buffer: Buffer, used: number, more: number): Buffer {
  const length = Math.max(1 * MIB, buffer.length * 2, used + more);
  assert(length < 2 ** 32, `row batch bytes=${length}`);
  const copy = Buffer.allocUnsafeSlow(length);
  buffer.copy(copy, 0, 0, used);
  return copy;
}

function longer<T extends { set(array: T): void }>(array: T, into: T): T {
  into.set(array);
  return into;
}

/** A call into the runtime costs as much as 100 bytes. */
function copyBytes(from: Uint8Array, start: number, to: Buffer, at: number, length: number): void {
  if (length > 128) {
    to.set(from.subarray(start, start + length), at);
    return;
  }
  for (let i = 0; i < length; i++) to[at + i] = from[start + i] as number;
}

const EMPTY = Buffer.alloc(0);
const KEPT_BYTES_MAX = 64 * MIB;
