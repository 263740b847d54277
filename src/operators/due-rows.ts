// data plane
import type { OperatorStore } from './operator.ts';
import { TIME_LENGTH, timeOfText, timeText } from './window-key.ts';

/**
 * Which rows of another store are to be looked at when, in the order of time, then key. The rows stand in an ordered store
 * of their own, `time ++ key`; a register beside them says when the next is due, so that an event that nothing is due at
 * reads a number and no row.
 */
export class DueRows {
  readonly #store: OperatorStore;

  /** @param store ordered; nothing else is in it */
  constructor(store: OperatorStore) {
    this.#store = store;
  }

  /** Nothing is due before; Infinity: nothing at all. It may be too small. */
  get next(): number {
    const next = this.#store.readRegister(NEXT_DUE);
    return next === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : next;
  }

  note(key: string, due: number): void {
    this.#store.put(timeText(due) + key, true);
    if (due < this.next) this.#store.writeRegister(NEXT_DUE, due);
  }

  forget(key: string, due: number): void {
    this.#store.delete(timeText(due) + key);
  }

  /** Whether anything may be due at that time. */
  isDue(time: number): boolean {
    return time >= this.next;
  }

  /** Takes out what is due at that time, the first `most` of it; the rest is due at the next event. */
  take(time: number, most = MAX_DUE_PER_EVENT): string[] {
    const store = this.#store;
    const keys: string[] = [];
    let next = Number.POSITIVE_INFINITY;
    let from = this.#first();
    const atOnce = Math.min(most + 1, ROWS_AT_ONCE);
    while (from !== LAST) {
      // The row behind those that are due says when to come back: one range mostly does both.
      const rows = store.range(from, undefined, atOnce);
      from = LAST;
      for (const [row] of rows) {
        next = timeOfText(row, 0);
        if (next > time || keys.length === most) break;
        store.delete(row);
        keys.push(row.slice(TIME_LENGTH));
        next = Number.POSITIVE_INFINITY;
        from = row;
      }
      if (rows.length < atOnce || next !== Number.POSITIVE_INFINITY) break;
    }
    store.writeRegister(NEXT_DUE, next);
    return keys;
  }

  /** Takes out the very first, due or not. */
  takeFirst(): string | undefined {
    const store = this.#store;
    const first = store.range(this.#first(), undefined, 1)[0];
    if (first === undefined) return undefined;
    store.delete(first[0]);
    store.writeRegister(NEXT_DUE, timeOfText(first[0], 0));
    return first[0].slice(TIME_LENGTH);
  }

  /** Nothing stands before it: a range that begins there does not meet again what was taken out before. */
  #first(): string {
    const next = this.#store.readRegister(NEXT_DUE);
    if (next === Number.POSITIVE_INFINITY) return LAST;
    return next === Number.NEGATIVE_INFINITY ? '' : timeText(next);
  }
}

/**
 * What one event does besides its own work when time has jumped: a few ms. It gets more done than events can add, so that
 * what is left over is soon done too.
 */
export const MAX_DUE_PER_EVENT = 1024;

const ROWS_AT_ONCE = 64;

const NEXT_DUE = 0;
/** Behind every row. */
const LAST = timeText(Number.MAX_SAFE_INTEGER - 2 ** 52);
