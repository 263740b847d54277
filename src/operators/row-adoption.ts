// data plane
import { readAsStored } from '../store/value-codec.ts';
import type { ExpiringRows } from './expiring-rows.ts';
import type { OperatorStore } from './operator.ts';

/**
 * Has the rows expire that a table had before it was given a `ttl`: nobody knows when they were written, so their time
 * begins now. They are gone through in their order, a bounded part at once, before the first records that the topology
 * takes in; a row that is written meanwhile has its time already.
 *
 * ```
 *   register STATE of the lives    not written ──► GOING_ON ──► DONE
 *                                       └── no row was there ────┘   with the first row that is
 *   row NEXT of the lives          while it is going on: where the next part begins
 * ```
 */
export class RowAdoption {
  readonly #rows: OperatorStore;
  readonly #lives: ExpiringRows;
  readonly #notes: OperatorStore;
  /** Every row that came since has noted that there is none to go through, so this says nothing of those. */
  readonly #wasEmpty: boolean;

  /** @param notes the store of the lives */
  constructor(rows: OperatorStore, lives: ExpiringRows, notes: OperatorStore) {
    this.#rows = rows;
    this.#lives = lives;
    this.#notes = notes;
    this.#wasEmpty = this.#state === NOT_WRITTEN && readAsStored(() => rows.range('', undefined, 1)).length === 0;
  }

  get isDue(): boolean {
    const state = this.#state;
    return state !== DONE && !(state === NOT_WRITTEN && this.#wasEmpty);
  }

  /** To be called when a row has been written. */
  noteWritten(): void {
    if (this.#wasEmpty && this.#state === NOT_WRITTEN) this.#notes.writeRegister(STATE, DONE);
  }

  /** Goes through the next part. */
  run(now: number): void {
    const notes = this.#notes;
    const from = (notes.get(NEXT) as string | undefined) ?? '';
    // What is in them is of no matter here, and need not be brought up to date.
    const rows = readAsStored(() => this.#rows.range(from, undefined, ROWS_AT_ONCE));
    for (let i = 0; i < rows.length; i++) {
      const key = (rows[i] as [string, unknown])[0];
      if (this.#lives.expiresAt(key) === Number.NEGATIVE_INFINITY) this.#lives.put(key, true, now);
    }
    if (rows.length === ROWS_AT_ONCE) {
      notes.writeRegister(STATE, GOING_ON);
      notes.put(NEXT, `${(rows[ROWS_AT_ONCE - 1] as [string, unknown])[0]}\u0000`);
      return;
    }
    notes.writeRegister(STATE, DONE);
    notes.delete(NEXT);
  }

  get #state(): number {
    return this.#notes.readRegister(STATE);
  }
}

/** Register of the lives. */
const STATE = 0;
const NOT_WRITTEN = Number.NEGATIVE_INFINITY;
const GOING_ON = 0;
const DONE = 1;
/** No key is a zero character. */
const NEXT = '\u0000';
const ROWS_AT_ONCE = 16;
