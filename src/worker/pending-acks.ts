// data plane
import {
  ACK_ACCEPTED,
  ACK_DUPLICATE,
  ACK_FIRST_OFFSET,
  ACK_HEADER_BYTES,
  ACK_LEVEL,
  ACK_REJECTED,
  ACK_REPLY_GENERATION,
  ACK_REPLY_SLOT,
} from '../record/ack-message.ts';
import { INSUFFICIENT_CAPACITY, type SpscRing } from '../ring/spsc-ring.ts';

const INITIAL_CAPACITY = 1024;

/**
 * Answers that wait for the log, in the order their messages came: a queue in typed arrays, because there is one per
 * HTTP order. `releaseAt` is the offset that must be covered first; -1 waits for nothing.
 *
 * Bounded by what the ingress can have outstanding; it grows to that and stays.
 */
export class PendingAcks {
  readonly #level: number;
  #mask = INITIAL_CAPACITY - 1;
  #head = 0;
  #tail = 0;
  #slot = new Uint32Array(INITIAL_CAPACITY);
  #generation = new Uint32Array(INITIAL_CAPACITY);
  #accepted = new Uint32Array(INITIAL_CAPACITY);
  #duplicate = new Uint32Array(INITIAL_CAPACITY);
  #rejected = new Uint32Array(INITIAL_CAPACITY);
  #firstOffset = new Float64Array(INITIAL_CAPACITY);
  #releaseAt = new Float64Array(INITIAL_CAPACITY);
  #exceptions: (Uint8Array | null)[] = new Array<Uint8Array | null>(INITIAL_CAPACITY).fill(null);

  /** @param level the level that the acks of this queue state (`LEVEL_WRITTEN` or `LEVEL_DURABLE`) */
  constructor(level: number) {
    this.#level = level;
  }

  get count(): number {
    return this.#tail - this.#head;
  }

  add(
    slot: number,
    generation: number,
    firstOffset: number,
    accepted: number,
    duplicate: number,
    rejected: number,
    exceptions: Uint8Array | null,
    releaseAt: number,
  ): void {
    if (this.count > this.#mask) this.#grow();
    const at = this.#tail & this.#mask;
    this.#slot[at] = slot;
    this.#generation[at] = generation;
    this.#accepted[at] = accepted;
    this.#duplicate[at] = duplicate;
    this.#rejected[at] = rejected;
    this.#firstOffset[at] = firstOffset;
    this.#releaseAt[at] = releaseAt;
    this.#exceptions[at] = exceptions;
    this.#tail += 1;
  }

  /**
   * Writes every ack that offset `through` covers to the ring, without publishing.
   * @returns how many were written; less than are due when the ring is full (call again when it has been drained).
   */
  release(through: number, ring: SpscRing): number {
    const { u32, f64, u8 } = ring;
    const mask = this.#mask;
    let head = this.#head;
    const start = head;
    const tail = this.#tail;
    while (head < tail) {
      const at = head & mask;
      if ((this.#releaseAt[at] as number) > through) break;
      const exceptions = this.#exceptions[at] as Uint8Array | null;
      const length = ACK_HEADER_BYTES + (exceptions === null ? 0 : exceptions.length);
      const index = ring.tryClaim(length);
      if (index === INSUFFICIENT_CAPACITY) break;
      const word = index >>> 2;
      u32[word + ACK_REPLY_SLOT / 4] = this.#slot[at] as number;
      u32[word + ACK_REPLY_GENERATION / 4] = this.#generation[at] as number;
      f64[(index + ACK_FIRST_OFFSET) >>> 3] = this.#firstOffset[at] as number;
      u32[word + ACK_ACCEPTED / 4] = this.#accepted[at] as number;
      u32[word + ACK_DUPLICATE / 4] = this.#duplicate[at] as number;
      u32[word + ACK_REJECTED / 4] = this.#rejected[at] as number;
      u32[word + ACK_LEVEL / 4] = this.#level;
      if (exceptions !== null) {
        u8.set(exceptions, index + ACK_HEADER_BYTES);
        this.#exceptions[at] = null;
      }
      ring.commit(length);
      head += 1;
    }
    this.#head = head;
    return head - start;
  }

  #grow(): void {
    const capacity = (this.#mask + 1) * 2;
    const order = Array.from({ length: this.count }, (_, n) => (this.#head + n) & this.#mask);
    const u32 = (old: Uint32Array): Uint32Array<ArrayBuffer> => {
      const next = new Uint32Array(capacity);
      order.forEach((from, to) => {
        next[to] = old[from] as number;
      });
      return next;
    };
    const f64 = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(capacity);
      order.forEach((from, to) => {
        next[to] = old[from] as number;
      });
      return next;
    };
    this.#slot = u32(this.#slot);
    this.#generation = u32(this.#generation);
    this.#accepted = u32(this.#accepted);
    this.#duplicate = u32(this.#duplicate);
    this.#rejected = u32(this.#rejected);
    this.#firstOffset = f64(this.#firstOffset);
    this.#releaseAt = f64(this.#releaseAt);
    const exceptions = new Array<Uint8Array | null>(capacity).fill(null);
    order.forEach((from, to) => {
      exceptions[to] = this.#exceptions[from] as Uint8Array | null;
    });
    this.#exceptions = exceptions;
    this.#tail = this.count;
    this.#head = 0;
    this.#mask = capacity - 1;
  }
}
