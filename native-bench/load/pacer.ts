/**
 * The schedule of an open loop: request number k is due at `start + k / rate`, whether or not anything has been
 * answered, and its latency counts from then. That leaves no room for coordinated omission.
 */
export class Schedule {
  readonly ratePerMs: number;
  readonly startMs: number;
  #taken = 0;

  constructor(ratePerSecond: number, startMs: number) {
    this.ratePerMs = ratePerSecond / 1000;
    this.startMs = startMs;
  }

  /** How many requests are due and not taken yet. */
  due(nowMs: number): number {
    return Math.floor((nowMs - this.startMs) * this.ratePerMs) + 1 - this.#taken;
  }

  /** When the oldest one that is not taken yet was to be sent. */
  nextAt(): number {
    return this.startMs + this.#taken / this.ratePerMs;
  }

  take(): void {
    this.#taken++;
  }
}

/** How long the thread may sleep while it waits for the next due time; answers are noticed this much later at most. */
const NAP_MS = 0.1;
const nap = new Int32Array(new SharedArrayBuffer(4));

/**
 * Calls `tick` every ~0.1 ms until it returns false. Timers of Node come every millisecond at best and a busy loop
 * would take a core from the engine; a nap in `Atomics.wait` between two rounds of the event loop does neither.
 */
export function pace(tick: () => boolean): void {
  if (!tick()) return;
  setImmediate(() => {
    Atomics.wait(nap, 0, 0, NAP_MS);
    setImmediate(pace, tick);
  });
}
