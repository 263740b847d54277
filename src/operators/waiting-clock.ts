// data plane
import type { OperatorStore } from './operator.ts';
import type { TimeSource } from './time-source.ts';

/**
 * Event time behind an operator whose events wait: what stands before it, but no more than what it is held by, so that none
 * of them is late for having waited. Where they wait for answers and overtake each other, that is what it was when the oldest
 * came; where they wait for event time itself, what the next to leave happened at, and it stands a grace behind.
 */
export class WaitingClock implements TimeSource {
  readonly #before: TimeSource;
  readonly #store: OperatorStore;
  readonly #graceMs: number | null;

  /**
   * @param store that of the clock that goes by this one
   * @param graceMs by how much event time has to be past an event that waits; null: it waits for something else
   */
  constructor(before: TimeSource, store: OperatorStore, graceMs: number | null) {
    this.#before = before;
    this.#store = store;
    this.#graceMs = graceMs;
  }

  get hasRule(): boolean {
    return this.#before.hasRule;
  }

  get watermark(): number {
    const reached = this.#before.watermark - (this.#graceMs ?? 0);
    return this.#isHeld ? Math.min(reached, this.#store.readRegister(HELD)) : reached;
  }

  /** What waits for event time stays where it is while nothing comes. */
  get isIdle(): boolean {
    return (this.#graceMs !== null || !this.#isHeld) && this.#before.isIdle;
  }

  /** What an event that comes now is to be held by. */
  get now(): number {
    return this.#before.watermark;
  }

  /** @param watermark what the first event that waits is held by; null: none waits */
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
