/**
 * Wakes one thread that has nothing to do. All producers of a thread ring its one bell, and only a parked thread costs
 * them more than a load.
 *
 * ```
 *   thread: AWAKE ──park──► PARKED, look once more at every ring, then wait
 *   others:                 PARKED ──ring──► AWAKE, notify
 * ```
 * No wake-up is lost: the thread says PARKED before its last look, a producer publishes before it looks at the word.
 * Both are sequentially consistent, so at least one of the two sees the other.
 *
 * The waiting is asynchronous and does not keep the event loop alive; whoever parks holds a ref'd handle for that. The
 * waiter instance belongs to one thread; `ring` may be called by any.
 */
export class Doorbell {
  readonly #word: Int32Array;
  /** At most one `waitAsync` is outstanding: a waiter that is not notified is never collected. */
  #waiting: Promise<void> | null = null;
  /** The wait that `sleep` follows. */
  #watched: Promise<void> | null = null;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(DOORBELL_BYTES);
  }

  constructor(memory: SharedArrayBuffer) {
    this.#word = new Int32Array(memory);
  }

  /** Call after the work is published. */
  ring(): void {
    if (Atomics.load(this.#word, 0) !== PARKED) return;
    // Of several ringers one notifies.
    if (Atomics.compareExchange(this.#word, 0, PARKED, AWAKE) === PARKED) Atomics.notify(this.#word, 0);
  }

  /**
   * @param hasWork reads the shared words afresh.
   * @returns null if there is work: do not sleep. Else a promise that resolves when rung; it may also resolve without
   * work, so look and park again.
   */
  park(hasWork: () => boolean): Promise<void> | null {
    Atomics.store(this.#word, 0, PARKED);
    if (hasWork()) {
      this.unpark();
      return null;
    }
    if (this.#waiting !== null) return this.#waiting;
    const wait = Atomics.waitAsync(this.#word, 0, PARKED);
    if (!wait.async) return null;
    this.#waiting = wait.value.then(() => {
      this.#waiting = null;
    });
    return this.#waiting;
  }

  /**
   * Parks and calls `wake` when there is work: at once if it is there, else when rung. Calling it again while parked
   * changes nothing.
   */
  sleep(hasWork: () => boolean, wake: () => void): void {
    const parked = this.park(hasWork);
    if (parked === null) {
      wake();
      return;
    }
    if (parked === this.#watched) return;
    this.#watched = parked;
    void parked.then(() => {
      this.#watched = null;
      wake();
    });
  }

  /** The thread was woken by something else, a timer or a message: producers need not ring it. */
  unpark(): void {
    Atomics.store(this.#word, 0, AWAKE);
  }
}

const AWAKE = 0;
const PARKED = 1;
/** A cache line and its neighbour of its own: every producer reads this word in every turn. */
const DOORBELL_BYTES = 128;
