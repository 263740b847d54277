import type { Answer } from './protocol.ts';
import type { QueryableLane } from './queryable-lane.ts';

/**
 * The only way out of a lane for what was read from its state. What has been processed may run ahead of what has been
 * flushed, and a crash would take it back: an answer stays here until a flush covers all that it may depend on.
 * Answers leave in the order they came; one post takes all that are due.
 */
export class OutputGate {
  readonly #lane: QueryableLane;
  readonly #post: (message: unknown) => void;
  #held: Answer[] = [];
  /** For each held answer the offset it waits for; never falls, since processing never goes back. */
  #needs: number[] = [];
  #due: Answer[] = [];

  constructor(lane: QueryableLane, post: (message: unknown) => void) {
    this.#lane = lane;
    this.#post = post;
  }

  /** The answer may reflect everything that is processed by now. */
  send(answer: Answer): void {
    const needs = this.#lane.processedOffset;
    if (this.#held.length === 0 && needs <= this.#lane.durableOffset) {
      this.#due.push(answer);
      return;
    }
    this.#held.push(answer);
    this.#needs.push(needs);
  }

  /** The answer reflects nothing that is not durable. */
  sendDurable(answer: Answer): void {
    this.#due.push(answer);
  }

  release(durableOffset: number): void {
    const needs = this.#needs;
    let count = 0;
    while (count < needs.length && (needs[count] as number) <= durableOffset) count++;
    if (count === 0) return;
    for (let i = 0; i < count; i++) this.#due.push(this.#held[i] as Answer);
    this.#held = this.#held.slice(count);
    this.#needs = needs.slice(count);
  }

  flush(): void {
    if (this.#due.length === 0) return;
    const due = this.#due;
    this.#due = [];
    this.#post(due);
  }
}
