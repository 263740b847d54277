import type { Whereabouts } from '../operators/whereabouts.ts';

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

  /** Of its last sign of life; 0: it has not begun, or is done. */
  timeOf(thread: number): number {
    return this.#times[thread] as number;
  }

  get threads(): number {
    return this.#times.length;
  }

  /** A thread that ended in good order is not missed. */
  retire(thread: number): void {
    this.#times[thread] = 0;
  }
}

export interface SilentThread {
  readonly thread: number;
  readonly silentMs: number;
}

/**
 * Says when a thread does not go on any more: when it does not come round, and no partition of its gets from one thing to the
 * next. One that has not come round yet, because it recovers, is watched as soon as it runs events. The time it measures is
 * the main thread's own, so that a pause of the whole process (suspend, SIGSTOP) accuses nobody.
 */
export class Watchdog {
  readonly #timer: NodeJS.Timeout;

  /**
   * @param lanesOf what the partitions of a thread are in the middle of
   * @param onStuck told all that are silent for too long at once: the process does not outlive the first of them
   */
  constructor(
    heartbeats: Heartbeats,
    lanesOf: (thread: number) => readonly Whereabouts[],
    limitMs: number,
    onStuck: (threads: readonly SilentThread[]) => void,
  ) {
    const watched = Array.from({ length: heartbeats.threads }, (_, thread) => ({
      lanes: lanesOf(thread),
      lastSign: '',
      silentChecks: 0,
    }));
    this.#timer = setInterval(() => {
      const stuck: SilentThread[] = [];
      watched.forEach((one, thread) => {
        const time = heartbeats.timeOf(thread);
        const isAtWork = time > 0 || one.lanes.some(({ isBusy }) => isBusy);
        const sign = [time, ...one.lanes.flatMap(({ unitCount, examined }) => [unitCount, examined])].join();
        one.silentChecks = isAtWork && sign === one.lastSign ? one.silentChecks + 1 : 0;
        one.lastSign = sign;
        const silentMs = one.silentChecks * CHECK_MS;
        if (silentMs > limitMs) stuck.push({ thread, silentMs });
      });
      if (stuck.length > 0) onStuck(stuck);
    }, CHECK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
