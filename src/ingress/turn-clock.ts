// data plane
/**
 * Time in ms since the epoch that never steps back, read once per event-loop turn: a clock call per event would cost
 * more than the key scan, and a turn is short.
 */
export class TurnClock {
  #now = 0;

  now(): number {
    if (this.#now === 0) this.#now = performance.timeOrigin + performance.now();
    return this.#now;
  }

  /** The turn is over; the next `now` reads the clock. */
  turn(): void {
    this.#now = 0;
  }
}
