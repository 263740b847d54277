import type { Doorbell } from '../ring/doorbell.ts';

/** What the main thread looks after between its sockets' callbacks. */
export interface MainWork {
  /** Makes everything committed in this turn visible to the workers. */
  publish(): void;
  /** Reads all acks and answers. @returns whether there were any */
  pollAcks(): boolean;
  /** Whether an ack may come: the thread must be woken for it. */
  readonly outstanding: number;
}

/** Keeps the event loop alive while it waits: `Atomics.waitAsync` does not. */
const KEEP_ALIVE_MS = 1 << 30;

/**
 * The main thread's turn: publishes once after all socket callbacks of an event-loop iteration, drains the ack rings,
 * and parks on its bell when nothing is left to do.
 */
export class MainLoop {
  readonly #work: MainWork;
  readonly #bell: Doorbell;
  readonly #keepAlive: NodeJS.Timeout;
  #isScheduled = false;
  #isStopped = false;

  constructor(work: MainWork, bell: Doorbell) {
    this.#work = work;
    this.#bell = bell;
    this.#keepAlive = setInterval(() => {}, KEEP_ALIVE_MS);
  }

  /** Something was committed, or may have come: a turn follows in this event-loop iteration. */
  readonly wake = (): void => {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    setImmediate(this.#turn);
  };

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#keepAlive);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    this.#work.publish();
    this.#work.pollAcks();
    if (!this.#isStopped && !this.#isScheduled) this.#bell.sleep(this.#hasWork, this.wake);
  };

  /** Looks at the rings once more after saying that it sleeps, so that no ack is slept through. */
  readonly #hasWork = (): boolean => this.#work.pollAcks();
}
