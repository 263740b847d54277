/** Where the time comes from. A test moves its own clock; a replay reads the log's. */
export interface Clock {
  /** Wall clock, in ms since the epoch. May jump either way: whoever needs monotonic time takes a maximum. */
  now(): number;
}

export const systemClock: Clock = {
  now: Date.now,
};

export const monotonicClock: Clock = {
  now: () => performance.now(),
};

/** A clock that stands where somebody has set it, the same one in every thread, and tells how often it was looked at. */
export class SharedClock implements Clock {
  /** What other threads make the same clock of. */
  readonly memory: SharedArrayBuffer;
  readonly #words: BigInt64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.memory = memory;
    this.#words = new BigInt64Array(memory);
  }

  now(): number {
    Atomics.add(this.#words, READS, 1n);
    return Number(Atomics.load(this.#words, TIME));
  }

  /** @param ms whole ms since the epoch */
  set(ms: number): void {
    Atomics.store(this.#words, TIME, BigInt(ms));
  }

  get readCount(): number {
    return Number(Atomics.load(this.#words, READS));
  }
}

const TIME = 0;
const READS = 1;
