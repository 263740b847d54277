// data plane
import { assert } from '../base/assert.ts';
import { MokaError } from '../base/errors.ts';
import { ROW_DELETED, type RowSink } from './checkpoint.ts';
import { DEDUPE_CHUNK_ENTRIES } from './store-limits.ts';
import { DEDUPE_STORE_ID } from './store-spec.ts';

/**
 * Entries that came one after the other, are saved together and expire together. In memory and in the checkpoint they
 * are the same bytes, little endian; the key of the row is the chunk's number, big endian.
 *
 * ```
 *   0                 8                16              24        32
 *   +-----------------+----------------+---------------+---------+
 *   | base offset f64 | first log time | last log time | 0       |
 *   +-----------------+----------------+---------------+---------+
 *   | low u32 | high u32 | fingerprint u32 | offset - base offset u32 |   × as many as there are bytes for
 *   +---------+----------+-----------------+--------------------------+
 * ```
 */
export class DedupeChunk {
  readonly number: number;
  /** Its entries' ids are this and what follows. */
  readonly firstId: number;
  readonly words: Int32Array;
  lastLogTime: number;
  count = 0;
  /** Entries that the last confirmed checkpoint has. */
  savedCount = 0;
  /** The open cut has yet to hand it over: it must stay. */
  isAwaited = false;
  readonly #bytes: Uint8Array;
  readonly #doubles: Float64Array;

  /** @param memory CHUNK_BYTES, of a chunk that is gone or new */
  constructor(number: number, firstId: number, memory: ArrayBuffer, baseOffset: number, firstLogTime: number) {
    this.number = number;
    this.firstId = firstId;
    this.words = new Int32Array(memory);
    this.#bytes = new Uint8Array(memory);
    this.#doubles = new Float64Array(memory);
    this.#doubles[BASE_OFFSET] = baseOffset;
    this.#doubles[FIRST_LOG_TIME] = firstLogTime;
    this.#doubles[LAST_LOG_TIME + 1] = 0;
    this.lastLogTime = firstLogTime;
  }

  /** The chunk of a row of the checkpoint. @throws MokaError ERR_CHECKPOINT_DAMAGED */
  static of(key: Uint8Array, value: Uint8Array, firstId: number, memory: ArrayBuffer): DedupeChunk {
    const count = (value.length - HEADER_BYTES) / DEDUPE_ENTRY_BYTES;
    if (key.length !== KEY_BYTES || !Number.isInteger(count) || count < 1 || count > DEDUPE_CHUNK_ENTRIES) {
      throw new MokaError('ERR_CHECKPOINT_DAMAGED', `dedupe row bytes=${value.length} key bytes=${key.length}`);
    }
    const [number, header] = [numberOf(key), new DataView(value.buffer, value.byteOffset, HEADER_BYTES)];
    const chunk = new DedupeChunk(number, firstId, memory, header.getFloat64(0, true), header.getFloat64(8, true));
    chunk.lastLogTime = header.getFloat64(16, true);
    chunk.#bytes.set(value);
    chunk.count = count;
    chunk.savedCount = count;
    return chunk;
  }

  get baseOffset(): number {
    return this.#doubles[BASE_OFFSET] as number;
  }

  hasRoomFor(offset: number): boolean {
    return this.count < DEDUPE_CHUNK_ENTRIES && offset - this.baseOffset <= 0xffff_ffff;
  }

  append(low: number, high: number, fingerprint: number, offset: number): void {
    const at = wordOf(this.count);
    this.words[at + DEDUPE_LOW] = low;
    this.words[at + DEDUPE_HIGH] = high;
    this.words[at + DEDUPE_FINGERPRINT] = fingerprint;
    this.words[at + DEDUPE_OFFSET_DELTA] = offset - this.baseOffset;
    this.count += 1;
  }

  /** Hands over the first `count` entries. */
  tryRow(sink: RowSink, count: number): boolean {
    this.#doubles[LAST_LOG_TIME] = this.lastLogTime;
    setNumber(this.number);
    const length = HEADER_BYTES + count * DEDUPE_ENTRY_BYTES;
    return sink.tryRow(DEDUPE_STORE_ID, KEY, 0, KEY_BYTES, this.#bytes, 0, length);
  }
}

/** Says that the row of this chunk is gone. */
export function tryDeletedChunk(sink: RowSink, number: number): boolean {
  setNumber(number);
  return sink.tryRow(DEDUPE_STORE_ID, KEY, 0, KEY_BYTES, KEY, 0, ROW_DELETED);
}

/** First word of an entry by its place in the chunk, and its words. */
export function wordOf(index: number): number {
  return HEADER_WORDS + index * WORDS_PER_ENTRY;
}

export const DEDUPE_LOW = 0;
export const DEDUPE_HIGH = 1;
export const DEDUPE_FINGERPRINT = 2;
export const DEDUPE_OFFSET_DELTA = 3;

function setNumber(number: number): void {
  KEY_VIEW.setUint32(0, Math.floor(number / 0x1_0000_0000));
  KEY_VIEW.setUint32(4, number % 0x1_0000_0000);
}

function numberOf(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, KEY_BYTES);
  return view.getUint32(0) * 0x1_0000_0000 + view.getUint32(4);
}

const HEADER_WORDS = 8;
const HEADER_BYTES = HEADER_WORDS * 4;
const WORDS_PER_ENTRY = 4;
export const DEDUPE_ENTRY_BYTES = WORDS_PER_ENTRY * 4;
export const DEDUPE_CHUNK_BYTES = HEADER_BYTES + DEDUPE_CHUNK_ENTRIES * DEDUPE_ENTRY_BYTES;
// Doubles of the header.
const BASE_OFFSET = 0;
const FIRST_LOG_TIME = 1;
const LAST_LOG_TIME = 2;
const KEY_BYTES = 8;
const KEY = new Uint8Array(KEY_BYTES);
const KEY_VIEW = new DataView(KEY.buffer);

assert(DEDUPE_CHUNK_BYTES % 8 === 0, 'a dedupe row can be viewed as doubles');
