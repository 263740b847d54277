// data plane
import { assert } from '../base/assert.ts';
import type { AckView } from './ack-view.ts';

/** Somebody who waits for a partition's answer. */
export interface Reply {
  /** @returns whether this was the last answer it waits for: its slot is freed then. */
  onAck(ack: AckView): boolean;
  /** Comes a few times a second: time to give up waiting. The slot stays until the ack all the same. */
  onSweep(nowMs: number): void;
}

/** `acquire`: as many replies wait as may. */
export const NO_SLOT = -1;

/**
 * The replies that wait, by slot. A slot is freed by its ack alone, also when the client has gone, so that a late ack
 * meets nobody else's reply; its generation, which travels to the lane and back, proves it.
 */
export class PendingReplies {
  readonly capacity: number;
  readonly #replies: (Reply | null)[];
  readonly #generations: Uint32Array;
  /** Free slots, a stack: the one used last is in the cache. */
  readonly #free: Uint32Array;
  #freeCount: number;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#replies = new Array<Reply | null>(capacity).fill(null);
    this.#generations = new Uint32Array(capacity).fill(1);
    this.#free = Uint32Array.from({ length: capacity }, (_, index) => capacity - 1 - index);
    this.#freeCount = capacity;
  }

  get count(): number {
    return this.capacity - this.#freeCount;
  }

  acquire(reply: Reply): number {
    if (this.#freeCount === 0) return NO_SLOT;
    this.#freeCount -= 1;
    const slot = this.#free[this.#freeCount] as number;
    this.#replies[slot] = reply;
    return slot;
  }

  generationOf(slot: number): number {
    return this.#generations[slot] as number;
  }

  /** Hands the ack to the reply it is for. */
  answer(ack: AckView): void {
    const slot = ack.replySlot;
    const reply = this.#replies[slot];
    assert(reply !== null && reply !== undefined, 'ack for a slot nobody waits on');
    assert(this.#generations[slot] === ack.generation, 'ack of another generation');
    if (reply.onAck(ack)) this.release(slot);
  }

  /** Only for a slot that was never handed to a lane; all others are freed by their ack. */
  release(slot: number): void {
    assert(this.#replies[slot] !== null, 'slot released twice');
    this.#replies[slot] = null;
    this.#generations[slot] = (this.#generations[slot] as number) + 1;
    this.#free[this.#freeCount] = slot;
    this.#freeCount += 1;
  }

  sweep(nowMs: number): void {
    const replies = this.#replies;
    let remaining = this.count;
    for (let slot = 0; remaining > 0; slot++) {
      const reply = replies[slot];
      if (reply === null || reply === undefined) continue;
      remaining -= 1;
      reply.onSweep(nowMs);
    }
  }
}
