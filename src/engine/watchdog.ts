const CHECK_MS = 1_000;

/** Time of the last sign of life of every thread, in shared memory. */
export class Heartbeats {
  readonly #times: Float64Array;

  static allocate(threads: number): SharedArrayBuffer {
    return new SharedArrayBuffer(threads * Float64Array.BYTES_PER_ELEMENT);
  }

  constructor(memory: SharedArrayBuffer) {
    this.#times = new Float64Array(memory);
  }

  beat(thread: number, nowMs: number): void {
    this.#times[thread] = nowMs;
  }

  /** The thread that has been silent longest among those that ever beat. */
  oldest(): { thread: number; time: number } | null {
    let found: { thread: number; time: number } | null = null;
    this.#times.forEach((time, thread) => {
      if (time > 0 && (found === null || time < found.time)) found = { thread, time };
    });
    return found;
  }

  /** A thread that ended in good order is not missed. */
  retire(thread: number): void {
    this.#times[thread] = 0;
  }
}

/**
 * Ends the process when a thread does not come round any more: half-alive is worse than a fast restart. The time it
 * measures is the main thread's own, so that a pause of the whole process (suspend, SIGSTOP) accuses nobody.
 */
export class Watchdog {
  readonly #timer: NodeJS.Timeout;
  #silentChecks = 0;
  #lastSeen = -1;

  constructor(heartbeats: Heartbeats, limitMs: number, onStuck: (thread: number, silentMs: number) => void) {
    this.#timer = setInterval(() => {
      const oldest = heartbeats.oldest();
      if (oldest === null || oldest.time !== this.#lastSeen) {
        this.#lastSeen = oldest?.time ?? -1;
        this.#silentChecks = 0;
        return;
      }
      this.#silentChecks += 1;
      const silentMs = this.#silentChecks * CHECK_MS;
      if (silentMs > limitMs) onStuck(oldest.thread, silentMs);
    }, CHECK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
