import type { Clock } from '../base/clock.ts';

/** A wall clock further ahead of the monotonic one than this has been set, not run: it is held back at first. */
export const MAX_FORWARD_JUMP_MS = 10 * 60_000;
/** A jump that still stands after this long by the monotonic clock is believed (the box was suspended, or the clock was wrong before). */
export const JUMP_CONFIRM_MS = 60_000;

/**
 * The time that goes into the log: never backwards, and not led astray by one false reading of the wall clock, which
 * would expire every window and identity at once. Between two readings it follows the monotonic clock when the wall
 * clock leaps; a leap that lasts is taken over and reported.
 */
export class LogClock {
  readonly #wall: Clock;
  readonly #monotonic: Clock;
  #last: number;
  #lastMonotonic: number;
  #jumpSince = -1;

  /** @param last log time of the last block on disk, or 0. @param monotonic ms since any fixed point. */
  constructor(wall: Clock, monotonic: Clock, last: number) {
    this.#wall = wall;
    this.#monotonic = monotonic;
    this.#last = Math.max(last, 0);
    this.#lastMonotonic = monotonic.now();
    // What happened while the process was down cannot be told from a leap; the wall clock is all there is.
    this.#last = Math.max(this.#last, wall.now());
  }

  /** True while the wall clock is ahead and not yet believed. */
  get isHeldBack(): boolean {
    return this.#jumpSince >= 0;
  }

  now(): number {
    const wall = this.#wall.now();
    const monotonic = this.#monotonic.now();
    const expected = this.#last + (monotonic - this.#lastMonotonic);
    let next = wall;
    if (wall - expected > MAX_FORWARD_JUMP_MS) {
      if (this.#jumpSince < 0) this.#jumpSince = monotonic;
      if (monotonic - this.#jumpSince < JUMP_CONFIRM_MS) next = expected;
      else this.#jumpSince = -1;
    } else {
      this.#jumpSince = -1;
      // A clock behind us is waited for at half speed: time neither stands still nor runs ahead for ever.
      if (wall < expected) next = Math.max(wall, (this.#last + expected) / 2);
    }
    next = Math.floor(next);
    if (next > this.#last) {
      this.#last = next;
      this.#lastMonotonic = monotonic;
    }
    return this.#last;
  }
}
