// data plane
import { assert } from '../base/assert.ts';
import { INITIAL_CREDIT_BYTES, type IntakeLimits, LEAST_CREDIT_BYTES } from './limits.ts';

/**
 * What frames of all connections may take while they wait for their rings. A connection holds twice its window of it:
 * a client that counts its credit by itself can be mistaken by what is on the way, at most one window.
 */
export class CreditBudget {
  grantedBytes = 0;
  readonly #budgetBytes: number;
  readonly #leastBytes: number;

  constructor(limits: IntakeLimits) {
    this.#budgetBytes = limits.stagingBytes;
    this.#leastBytes = Math.max(LEAST_CREDIT_BYTES, limits.maxEventBytes + FRAME_HEAD_BYTES);
    assert(this.#leastBytes * RESERVE_FACTOR <= limits.stagingBytes, 'the staging memory holds one connection');
  }

  get freeBytes(): number {
    return this.#budgetBytes - this.grantedBytes;
  }

  get leastBytes(): number {
    return this.#leastBytes;
  }

  /** Half of the memory is taken: nobody's window grows, new ones are the least, large ones shrink. */
  get isScarce(): boolean {
    return this.grantedBytes * 2 > this.#budgetBytes;
  }

  /** @returns whether the window may change by so much */
  reserve(windowBytes: number): boolean {
    const bytes = windowBytes * RESERVE_FACTOR;
    if (bytes > this.freeBytes) return false;
    this.grantedBytes += bytes;
    return true;
  }

  release(windowBytes: number): void {
    this.grantedBytes -= windowBytes * RESERVE_FACTOR;
  }
}

const RESERVE_FACTOR = 2;
/** Room for a frame's own head beside one greatest event. */
const FRAME_HEAD_BYTES = 4096;

/**
 * One connection's credit, counted from its beginning: the client may come to have sent `limit`, and has sent
 * `received`; what is answered is `settled`. A limit never goes back, so no message that is on the way can be too much
 * by a newer one.
 *
 * ```
 *   0            settled          received           limit
 *   |── answered ──|── in flight ────|── still free ───|
 *                  |──────────── window ───────────────|
 * ```
 */
export class ConnectionCredit {
  receivedEvents = 0;
  receivedBytes = 0;
  limitEvents: number;
  limitBytes = 0;
  readonly #budget: CreditBudget;
  readonly #greatestBytes: number;
  readonly #windowEvents: number;
  #settledEvents = 0;
  #settledBytes = 0;
  /** Most bytes in flight since the window was last looked at. */
  #peakBytes = 0;
  #reservedBytes = 0;
  /** A window never shrinks below what the client has sent at once: it may not be able to send less. */
  #longestFrameBytes = 0;

  constructor(budget: CreditBudget, limits: IntakeLimits) {
    this.#budget = budget;
    this.#greatestBytes = Math.max(limits.creditBytes, budget.leastBytes);
    this.#windowEvents = limits.creditEvents;
    this.limitEvents = limits.creditEvents;
  }

  /** @returns false: no memory is left for another connection */
  open(): boolean {
    const least = this.#budget.leastBytes;
    const wanted = this.#budget.isScarce ? least : Math.min(this.#greatestBytes, Math.max(least, INITIAL_CREDIT_BYTES));
    for (const window of [wanted, least]) {
      if (!this.#budget.reserve(window)) continue;
      this.#reservedBytes = window;
      this.limitBytes = window;
      return true;
    }
    return false;
  }

  get windowBytes(): number {
    return this.limitBytes - this.#settledBytes;
  }

  get freeEvents(): number {
    return Math.max(0, this.limitEvents - this.receivedEvents);
  }

  get freeBytes(): number {
    return Math.max(0, this.limitBytes - this.receivedBytes);
  }

  /** A frame came. @returns false: it is beyond the credit, and beyond what a client can be mistaken by */
  take(events: number, bytes: number): boolean {
    this.receivedEvents += events;
    this.receivedBytes += bytes;
    const inFlight = this.receivedBytes - this.#settledBytes;
    if (inFlight > this.#peakBytes) this.#peakBytes = inFlight;
    if (bytes > this.#longestFrameBytes) this.#longestFrameBytes = bytes;
    return (
      this.receivedEvents <= this.limitEvents + this.#windowEvents &&
      this.receivedBytes <= this.limitBytes + this.windowBytes
    );
  }

  /**
   * A frame is answered: its part of the window is free again, and the window may grow or shrink with it.
   * @param isUnderPressure a lane is filling up: large windows shrink
   */
  settle(events: number, bytes: number, isUnderPressure: boolean): void {
    const window = this.windowBytes;
    this.#settledEvents += events;
    this.#settledBytes += bytes;
    this.limitEvents = Math.max(this.limitEvents, this.#settledEvents + this.#windowEvents);
    const next = this.#nextWindow(window, isUnderPressure);
    this.limitBytes = Math.max(this.limitBytes, this.#settledBytes + next);
    const reserved = this.windowBytes;
    if (reserved < this.#reservedBytes) this.#budget.release(this.#reservedBytes - reserved);
    this.#reservedBytes = reserved;
  }

  close(): void {
    this.#budget.release(this.#reservedBytes);
    this.#reservedBytes = 0;
  }

  #nextWindow(window: number, isUnderPressure: boolean): number {
    const budget = this.#budget;
    if (isUnderPressure || budget.isScarce) {
      return Math.min(window, Math.max(budget.leastBytes, this.#longestFrameBytes, window >>> 1));
    }
    const wanted = Math.min(window * 2, this.#greatestBytes);
    if (this.#peakBytes * 2 < window || wanted <= window || !budget.reserve(wanted - this.#reservedBytes))
      return window;
    this.#reservedBytes = wanted;
    this.#peakBytes = 0;
    return wanted;
  }
}
