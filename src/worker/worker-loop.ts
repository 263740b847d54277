import type { Doorbell } from '../ring/doorbell.ts';

/** Something that is driven by turns: a lane with its queries. */
export interface LoopLane {
  /** One bounded turn. @returns whether there is more to do at once */
  turn(): boolean;
  /** Reads shared words afresh: whether something came in. */
  hasWork(): boolean;
  readonly isClosed: boolean;
}

/** What is due by the clock alone (checkpoints of an idle lane, expiry) is looked after this often. */
const HOUSEKEEPING_MS = 250;

/**
 * Turns the lanes of one thread while there is work, and parks the thread when there is none. The event loop is never
 * blocked: finished flushes, messages and the bell come in between two turns.
 *
 * The housekeeping interval keeps the event loop alive while the loop is parked, which `Atomics.waitAsync` does not.
 */
export class WorkerLoop {
  readonly #lanes: readonly LoopLane[];
  readonly #bell: Doorbell;
  readonly #beat: () => void;
  #isScheduled = false;
  #timer: NodeJS.Timeout | null = null;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  /** @param beat called in every turn: the thread is alive */
  constructor(lanes: readonly LoopLane[], bell: Doorbell, beat: () => void) {
    this.#lanes = lanes;
    this.#bell = bell;
    this.#beat = beat;
  }

  /** Resolves when every lane is closed; rejects with what a turn threw. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#timer = setInterval(() => this.wake(), HOUSEKEEPING_MS);
      this.wake();
    });
  }

  /** There may be work: a turn follows within this event-loop iteration. */
  wake(): void {
    if (this.#isScheduled || this.#timer === null) return;
    this.#isScheduled = true;
    this.#bell.unpark();
    setImmediate(this.#turn);
  }

  readonly #wake = (): void => this.wake();

  readonly #turn = (): void => {
    this.#isScheduled = false;
    if (this.#timer === null) return;
    try {
      let hasMore = false;
      let isClosed = true;
      for (const lane of this.#lanes) {
        if (lane.turn()) hasMore = true;
        if (!lane.isClosed) isClosed = false;
      }
      this.#beat();
      if (isClosed) this.#end();
      else if (hasMore) this.wake();
      else this.#bell.sleep(this.#hasWork, this.#wake);
    } catch (error) {
      clearInterval(this.#timer);
      this.#timer = null;
      this.#reject(error);
    }
  };

  readonly #hasWork = (): boolean => {
    for (const lane of this.#lanes) if (lane.hasWork()) return true;
    return false;
  };

  #end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#resolve();
  }
}
