// data plane
import type { OperatorStore } from './operator.ts';
import type { TimeSource } from './time-source.ts';

/**
 * Event time behind an operator whose events wait and overtake each other: what stands before it, but no more than it was
 * when the oldest of those that wait came. So none of them is late for having waited.
 */
export class WaitingClock implements TimeSource {
  readonly #before: TimeSource;
  readonly #store: OperatorStore;

  /** @param store that of the clock that goes by this one */
  constructor(before: TimeSource, store: OperatorStore) {
    this.#before = before;
    this.#store = store;
  }

  get hasRule(): boolean {
    return this.#before.hasRule;
  }

  get watermark(): number {
    const reached = this.#before.watermark;
    return this.#isHeld ? Math.min(reached, this.#store.readRegister(HELD)) : reached;
  }

  get isIdle(): boolean {
    return !this.#isHeld && this.#before.isIdle;
  }

  /** What an event that comes now is to be held by. */
  get now(): number {
    return this.#before.watermark;
  }

  /** @param watermark what the oldest event that waits is held by; null: none waits */
  hold(watermark: number | null): void {
    this.#store.writeRegister(IS_HELD, watermark === null ? 0 : 1);
    if (watermark !== null) this.#store.writeRegister(HELD, watermark);
  }

  get #isHeld(): boolean {
    return this.#store.readRegister(IS_HELD) === 1;
  }
}

/** The first register of the store is the node clock's. */
const IS_HELD = 1;
const HELD = 2;
