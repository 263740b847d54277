// data plane
import { assert } from '../base/assert.ts';

/**
 * Records on their way to one place, oldest first, each with the next sequence number. Three marks move through them:
 *
 * ```
 *   head                     sent                     tail
 *   │ sent, not confirmed    │ not sent yet           │
 * ```
 * The bytes of a record begin with its length, a multiple of 8, and say at `OFFSET_BYTE` at which offset it came about.
 */
export class OutboxQueue {
  u8: Buffer;
  u32: Uint32Array;
  f64: Float64Array;
  /** Sequence number of the record at the mark. */
  headSequence = 1;
  sentSequence = 1;
  tailSequence = 1;
  #head = 0;
  #sent = 0;
  #tail = 0;

  constructor() {
    const memory = new ArrayBuffer(INITIAL_BYTES);
    this.u8 = Buffer.from(memory);
    this.u32 = new Uint32Array(memory);
    this.f64 = new Float64Array(memory);
  }

  /** Of all records that are not confirmed. */
  get bytes(): number {
    return this.#tail - this.#head;
  }

  /** Offset at which the first record came about that is not confirmed; Infinity for none. */
  get firstOffset(): number {
    return this.isEmpty ? Number.POSITIVE_INFINITY : (this.f64[(this.#head + OFFSET_BYTE) >>> 3] as number);
  }

  get isEmpty(): boolean {
    return this.#head === this.#tail;
  }

  /** @returns where a record of this length is to be written, in this queue's memory, before `commit` */
  claim(length: number): number {
    assert((length & 7) === 0, `outbox record length=${length}`);
    if (this.#tail + length > this.u8.length) this.#makeRoom(length);
    return this.#tail;
  }

  commit(length: number): void {
    this.#tail += length;
    this.tailSequence += 1;
  }

  /** Forgets what was appended since `bytes` and `tailSequence` were these; nothing of it was sent. */
  truncate(bytes: number, tailSequence: number): void {
    this.#tail = this.#head + bytes;
    this.tailSequence = tailSequence;
    assert(this.#tail >= this.#sent, 'outbox truncated behind what was sent');
  }

  /** @returns where the next record stands that is to be sent, if it came about at `throughOffset` or before; else -1 */
  next(throughOffset: number): number {
    if (this.#sent === this.#tail) return -1;
    return (this.f64[(this.#sent + OFFSET_BYTE) >>> 3] as number) <= throughOffset ? this.#sent : -1;
  }

  /** The record at `next` is on its way. */
  sent(): void {
    this.#sent += this.u32[this.#sent >>> 2] as number;
    this.sentSequence += 1;
  }

  /** Everything through this sequence number has arrived durably. */
  confirm(sequence: number): void {
    while (this.headSequence <= sequence && this.#head < this.#tail) {
      this.#head += this.u32[this.#head >>> 2] as number;
      this.headSequence += 1;
    }
    // A target may hold what this process has not sent again since its start.
    if (this.#sent >= this.#head) return;
    this.#sent = this.#head;
    this.sentSequence = this.headSequence;
  }

  /** Visits the records from this sequence number on. */
  visit(fromSequence: number, visitor: (sequence: number, start: number, length: number) => void): void {
    let position = this.#head;
    for (let sequence = this.headSequence; sequence < this.tailSequence; sequence++) {
      const length = this.u32[position >>> 2] as number;
      if (sequence >= fromSequence) visitor(sequence, position, length);
      position += length;
    }
  }

  /** Visits the records that were appended since `bytes` was this. */
  visitSince(bytes: number, visitor: (start: number, length: number) => void): void {
    for (let position = this.#head + bytes; position < this.#tail; ) {
      const length = this.u32[position >>> 2] as number;
      visitor(position, length);
      position += length;
    }
  }

  #makeRoom(length: number): void {
    const used = this.#tail - this.#head;
    let capacity = this.u8.length;
    while (used + length > capacity / 2) capacity *= 2;
    const memory = new ArrayBuffer(capacity);
    const moved = Buffer.from(memory);
    this.u8.copy(moved, 0, this.#head, this.#tail);
    this.u8 = moved;
    this.u32 = new Uint32Array(memory);
    this.f64 = new Float64Array(memory);
    this.#sent -= this.#head;
    this.#tail = used;
    this.#head = 0;
  }
}

/** Where a record says at which offset of its source it came about, a float64. */
export const OFFSET_BYTE = 32;
const INITIAL_BYTES = 64 * 1024;
