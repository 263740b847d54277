// data plane
import { assert } from '../base/assert.ts';
import { MokaError } from '../base/errors.ts';
import { DEDUPE_CHUNK_ENTRIES } from './store-limits.ts';

/**
 * A run of dedupe entries as a row of the checkpoint; its key is the chunk's number, big endian in eight bytes.
 *
 * ```
 *   0           4          8                 16               24              32
 *   +-----------+----------+-----------------+----------------+---------------+
 *   | count u32 | 0        | base offset f64 | first log time | last log time |
 *   +-----------+----------+-----------------+----------------+---------------+
 *   | low u32 | high u32 | fingerprint u32 | offset - base offset u32 |   × count
 *   +---------+----------+-----------------+--------------------------+
 * ```
 */
const HEADER_WORDS = 8;
const WORDS_PER_ENTRY = 4;
export const DEDUPE_ENTRY_BYTES = WORDS_PER_ENTRY * 4;
export const DEDUPE_ROW_BYTES_MAX = (HEADER_WORDS + DEDUPE_CHUNK_ENTRIES * WORDS_PER_ENTRY) * 4;
export const DEDUPE_KEY_BYTES = 8;

/** Entries that came one after the other, are saved together and expire together. */
export class DedupeChunk {
  readonly number: number;
  /** Its entries' ids are `firstId`, `firstId + 1` … */
  readonly firstId: number;
  readonly baseOffset: number;
  readonly firstLogTime: number;
  lastLogTime: number;
  count = 0;
  /** Entries that the last confirmed checkpoint has. */
  savedCount = 0;
  /** The open cut has yet to hand it over: it must stay. */
  isAwaited = false;

  constructor(number: number, firstId: number, baseOffset: number, firstLogTime: number) {
    this.number = number;
    this.firstId = firstId;
    this.baseOffset = baseOffset;
    this.firstLogTime = firstLogTime;
    this.lastLogTime = firstLogTime;
  }

  hasRoomFor(offset: number): boolean {
    return this.count < DEDUPE_CHUNK_ENTRIES && offset - this.baseOffset <= 0xffff_ffff;
  }
}

/** One row being written or read; reused. */
export class DedupeRow {
  readonly key: Uint8Array = new Uint8Array(DEDUPE_KEY_BYTES);
  readonly bytes: Uint8Array = new Uint8Array(DEDUPE_ROW_BYTES_MAX);
  length = 0;
  readonly #words = new Uint32Array(this.bytes.buffer);
  readonly #floats = new Float64Array(this.bytes.buffer);
  readonly #keyView = new DataView(this.key.buffer);

  get number(): number {
    return this.#keyView.getUint32(0) * 0x1_0000_0000 + this.#keyView.getUint32(4);
  }

  set number(number: number) {
    this.#keyView.setUint32(0, Math.floor(number / 0x1_0000_0000));
    this.#keyView.setUint32(4, number % 0x1_0000_0000);
  }

  get count(): number {
    return this.#words[0] as number;
  }

  get baseOffset(): number {
    return this.#floats[1] as number;
  }

  get firstLogTime(): number {
    return this.#floats[2] as number;
  }

  get lastLogTime(): number {
    return this.#floats[3] as number;
  }

  start(chunk: DedupeChunk, count: number): void {
    this.number = chunk.number;
    this.#words[0] = count;
    this.#words[1] = 0;
    this.#floats[1] = chunk.baseOffset;
    this.#floats[2] = chunk.firstLogTime;
    this.#floats[3] = chunk.lastLogTime;
    this.length = (HEADER_WORDS + count * WORDS_PER_ENTRY) * 4;
  }

  setEntry(index: number, low: number, high: number, fingerprint: number, offset: number): void {
    const at = HEADER_WORDS + index * WORDS_PER_ENTRY;
    this.#words[at] = low;
    this.#words[at + 1] = high;
    this.#words[at + 2] = fingerprint;
    this.#words[at + 3] = offset - (this.#floats[1] as number);
  }

  low(index: number): number {
    return this.#words[HEADER_WORDS + index * WORDS_PER_ENTRY] as number;
  }

  high(index: number): number {
    return this.#words[HEADER_WORDS + index * WORDS_PER_ENTRY + 1] as number;
  }

  fingerprint(index: number): number {
    return this.#words[HEADER_WORDS + index * WORDS_PER_ENTRY + 2] as number;
  }

  offset(index: number): number {
    return this.baseOffset + (this.#words[HEADER_WORDS + index * WORDS_PER_ENTRY + 3] as number);
  }

  /** @throws MokaError ERR_CHECKPOINT_DAMAGED */
  read(key: Uint8Array, value: Uint8Array): void {
    const isWhole =
      key.length === DEDUPE_KEY_BYTES && value.length >= HEADER_WORDS * 4 && value.length <= this.bytes.length;
    if (isWhole) {
      this.key.set(key);
      this.bytes.set(value);
      this.length = (HEADER_WORDS + this.count * WORDS_PER_ENTRY) * 4;
    }
    if (!isWhole || this.length !== value.length) {
      throw new MokaError('ERR_CHECKPOINT_DAMAGED', `dedupe row bytes=${value.length} key bytes=${key.length}`);
    }
  }
}

assert(DEDUPE_ROW_BYTES_MAX % 8 === 0, 'a dedupe row can be viewed as doubles');
