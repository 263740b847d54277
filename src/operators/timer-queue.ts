// data plane
import type { OperatorStore } from './operator.ts';
import { TIME_LENGTH, timeOfText, timeText } from './window-key.ts';

/** A timer: one per time, key and name. */
export interface Timer {
  /** What it was set to, in ms. */
  readonly time: number;
  readonly key: string;
  readonly name: string;
  /** What was left with it: `true` if nothing was. */
  readonly value: unknown;
}

/**
 * The timers of one operator in one partition, in the order of time, key and name: rows of an ordered store of its own, so
 * that they are taken back with their event and outlive the process.
 */
export class TimerQueue {
  readonly #store: OperatorStore;
  /**
   * Nothing stands before this row, as long as the number of timers taken is still that: a range that begins here need
   * not pass over those that were deleted since the last checkpoint. An event that is undone takes its number back.
   */
  #from = '';
  #takenBefore = Number.NaN;

  /** @param store ordered; nothing else is in it */
  constructor(store: OperatorStore) {
    this.#store = store;
  }

  /** No timer is set for less, in ms; Infinity: none is set. It may be too small after a delete. */
  get next(): number {
    const next = this.#store.readRegister(NEXT);
    return next === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : next;
  }

  set(time: number, key: string, name: string, value: unknown = true): void {
    const row = rowKey(time, key, name);
    this.#store.put(row, value);
    // Only ASCII digits decide here: a row of the same time may be taken to stand before, which costs a longer range.
    if (row.slice(0, TIME_LENGTH) <= this.#from.slice(0, TIME_LENGTH)) this.#from = '';
    if (time < this.next) this.#store.writeRegister(NEXT, time);
  }

  /** @returns whether there was one */
  delete(time: number, key: string, name: string): boolean {
    return this.#store.delete(rowKey(time, key, name));
  }

  /** Takes the first timer out if it is due. */
  take(now: number): Timer | null {
    const [first, second] = this.#store.range(this.#start(), undefined, 2);
    if (first === undefined) {
      this.#store.writeRegister(NEXT, Number.POSITIVE_INFINITY);
      return null;
    }
    const timer = timerOf(first);
    if (timer.time > now) {
      this.#store.writeRegister(NEXT, timer.time);
      return null;
    }
    this.#store.delete(first[0]);
    const taken = Math.max(this.#store.readRegister(TAKEN), 0) + 1;
    this.#store.writeRegister(TAKEN, taken);
    this.#from = first[0];
    this.#takenBefore = taken;
    this.#store.writeRegister(NEXT, second === undefined ? Number.POSITIVE_INFINITY : timeOfText(second[0], 0));
    return timer;
  }

  #start(): string {
    return this.#store.readRegister(TAKEN) === this.#takenBefore ? this.#from : '';
  }
}

/** No name has a zero character; a key has those of its windows. */
function rowKey(time: number, key: string, name: string): string {
  return `${timeText(time)}${key}\u0000${name}`;
}

function timerOf([row, value]: readonly [string, unknown]): Timer {
  const end = row.lastIndexOf('\u0000');
  return { time: timeOfText(row, 0), key: row.slice(TIME_LENGTH, end), name: row.slice(end + 1), value };
}

const NEXT = 0;
const TAKEN = 1;
