// data plane
import { assert } from '../base/assert.ts';
import { MIB } from '../base/limits.ts';
import type { Doorbell } from '../ring/doorbell.ts';
import { INSUFFICIENT_CAPACITY, type SpscRing } from '../ring/spsc-ring.ts';
import type { CheckpointMeta, CheckpointReader, CheckpointSink } from './checkpoint.ts';
import {
  KEY_LENGTH_WORD,
  MESSAGE_BEGIN,
  MESSAGE_FINISH,
  MESSAGE_HEADER_BYTES,
  MESSAGE_PART,
  MESSAGE_ROW,
  PART_LENGTH_WORD,
  STORE_ID_WORD,
  VALUE_LENGTH_WORD,
} from './checkpoint-message.ts';
import { MAX_ROW_KEY_BYTES, MAX_ROW_PART_BYTES } from './store-limits.ts';

export const CHECKPOINT_RING_BYTES = 4 * MIB;
/** A lane hands over this much before the checkpoint thread hears of it. */
const PUBLISH_BYTES = 64 * 1024;
/** The lane's turn goes on to something else when there is less room than this. */
const ROOM_BYTES = 2 * (MESSAGE_HEADER_BYTES + MAX_ROW_KEY_BYTES + MAX_ROW_PART_BYTES);

const RESULT_STATE = 0;
const RESULT_ROTATING = 1;
const RESULT_BYTES = 64;
const STATE_PENDING = 0;
const STATE_COMMITTED = 1;
const STATE_FAILED = 2;

/** What became of the last checkpoint, in shared memory; written by the checkpoint thread, except for the way back to pending. */
export class CheckpointResult {
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;

  static allocate(): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(RESULT_BYTES);
    new CheckpointResult(memory).previousOffset = -1;
    return memory;
  }

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#doubles = new Float64Array(memory);
  }

  /** Publishes what stands beside it; pairs with the load in `state`. */
  settle(isCommitted: boolean): void {
    Atomics.store(this.#words, RESULT_STATE, isCommitted ? STATE_COMMITTED : STATE_FAILED);
  }

  reset(): void {
    Atomics.store(this.#words, RESULT_STATE, STATE_PENDING);
  }

  get state(): 'pending' | 'committed' | 'failed' {
    const state = Atomics.load(this.#words, RESULT_STATE);
    return state === STATE_PENDING ? 'pending' : state === STATE_COMMITTED ? 'committed' : 'failed';
  }

  /** Publishes `previousOffset` when a rotation ends; pairs with the load of whoever sees that it has. */
  set isRotating(isRotating: boolean) {
    Atomics.store(this.#words, RESULT_ROTATING, isRotating ? 1 : 0);
  }

  get isRotating(): boolean {
    return Atomics.load(this.#words, RESULT_ROTATING) === 1;
  }

  /** Offset that the previous environment reflects; -1 when there is none. */
  get previousOffset(): number {
    return this.#doubles[1] as number;
  }

  set previousOffset(offset: number) {
    this.#doubles[1] = offset;
  }

  get durationMs(): number {
    return this.#doubles[2] as number;
  }

  set durationMs(duration: number) {
    this.#doubles[2] = duration;
  }

  get rowCount(): number {
    return this.#doubles[3] as number;
  }

  set rowCount(count: number) {
    this.#doubles[3] = count;
  }

  get fileBytes(): number {
    return this.#doubles[4] as number;
  }

  set fileBytes(bytes: number) {
    this.#doubles[4] = bytes;
  }
}

/** The lane's end. */
export class CheckpointSender implements CheckpointSink {
  readonly #ring: SpscRing;
  readonly #bell: Doorbell;
  readonly #result: CheckpointResult;
  readonly #reader: CheckpointReader;
  #unpublishedBytes = 0;
  /** Bytes of the value at hand that are sent; more of it waits for room. */
  #sentBytes = 0;
  #isOpen = false;

  constructor(ring: SpscRing, bell: Doorbell, result: SharedArrayBuffer, reader: CheckpointReader) {
    assert(ring.maxMessageLength >= ROOM_BYTES, `checkpoint ring capacityBytes=${ring.capacity} too small`);
    this.#ring = ring;
    this.#bell = bell;
    this.#result = new CheckpointResult(result);
    this.#reader = reader;
  }

  get floorOffset(): number {
    return this.#result.previousOffset;
  }

  get isRotating(): boolean {
    return this.#result.isRotating;
  }

  begin(): void {
    this.#sentBytes = 0;
    this.#result.reset();
    // A ring without room for this has rows of a checkpoint that was given up: `tryRow` begins it then.
    this.#isOpen = this.#tryBegin();
  }

  hasRoom(): boolean {
    return this.#ring.freeBytes() >= ROOM_BYTES;
  }

  tryRow(
    storeId: number,
    keyBytes: Uint8Array,
    keyStart: number,
    keyLength: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueLength: number,
  ): boolean {
    if (!this.#isOpen) {
      this.#isOpen = this.#tryBegin();
      if (!this.#isOpen) return false;
    }
    const ring = this.#ring;
    if (this.#sentBytes === 0) {
      const part = valueLength <= 0 ? 0 : Math.min(valueLength, MAX_ROW_PART_BYTES);
      const at = this.#claim(MESSAGE_ROW, keyLength, part);
      if (at === INSUFFICIENT_CAPACITY) return false;
      const word = at >> 2;
      ring.u32[word + STORE_ID_WORD] = storeId;
      ring.u32[word + KEY_LENGTH_WORD] = keyLength;
      ring.u32[word + VALUE_LENGTH_WORD] = valueLength;
      copy(keyBytes, keyStart, ring.u8, at + MESSAGE_HEADER_BYTES, keyLength);
      copy(valueBytes, valueStart, ring.u8, at + MESSAGE_HEADER_BYTES + keyLength, part);
      this.#commit(MESSAGE_HEADER_BYTES + keyLength + part);
      if (part === valueLength || part === 0) return true;
      this.#sentBytes = part;
    }
    while (this.#sentBytes < valueLength) {
      const part = Math.min(valueLength - this.#sentBytes, MAX_ROW_PART_BYTES);
      const at = this.#claim(MESSAGE_PART, 0, part);
      if (at === INSUFFICIENT_CAPACITY) return false;
      copy(valueBytes, valueStart + this.#sentBytes, ring.u8, at + MESSAGE_HEADER_BYTES, part);
      this.#commit(MESSAGE_HEADER_BYTES + part);
      this.#sentBytes += part;
    }
    this.#sentBytes = 0;
    return true;
  }

  finish(meta: CheckpointMeta): boolean {
    if (!this.#isOpen) this.#isOpen = this.#tryBegin();
    const bytes = Buffer.from(JSON.stringify(meta));
    assert(bytes.length <= MAX_ROW_PART_BYTES, `checkpoint meta bytes=${bytes.length}`);
    const at = this.#isOpen ? this.#claim(MESSAGE_FINISH, 0, bytes.length) : INSUFFICIENT_CAPACITY;
    if (at === INSUFFICIENT_CAPACITY) return false;
    this.#ring.u8.set(bytes, at + MESSAGE_HEADER_BYTES);
    this.#commit(MESSAGE_HEADER_BYTES + bytes.length);
    this.#publish();
    this.#isOpen = false;
    return true;
  }

  result(): 'pending' | 'committed' | 'failed' {
    return this.#result.state;
  }

  renewReader(): void {
    this.#reader.renew();
  }

  #tryBegin(): boolean {
    const at = this.#claim(MESSAGE_BEGIN, 0, 0);
    if (at === INSUFFICIENT_CAPACITY) return false;
    this.#commit(MESSAGE_HEADER_BYTES);
    return true;
  }

  #claim(type: number, keyLength: number, partLength: number): number {
    const at = this.#ring.tryClaim(MESSAGE_HEADER_BYTES + keyLength + partLength);
    if (at === INSUFFICIENT_CAPACITY) {
      this.#publish();
      return at;
    }
    this.#ring.u32[at >> 2] = type;
    this.#ring.u32[(at >> 2) + PART_LENGTH_WORD] = partLength;
    return at;
  }

  #commit(length: number): void {
    this.#ring.commit(length);
    this.#unpublishedBytes += length;
    if (this.#unpublishedBytes >= PUBLISH_BYTES) this.#publish();
  }

  #publish(): void {
    if (this.#unpublishedBytes === 0) return;
    this.#unpublishedBytes = 0;
    this.#ring.publish();
    this.#bell.ring();
  }
}

/** A call into the runtime costs as much as 100 bytes. */
function copy(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
  if (length > 128) {
    to.set(from.subarray(start, start + length), at);
    return;
  }
  for (let i = 0; i < length; i++) to[at + i] = from[start + i] as number;
}
