// data plane
import type { ExpiringRows } from './expiring-rows.ts';
import { NO_KEY, type Operator, type OperatorStore, type TimedOperator } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import type { RowAdoption } from './row-adoption.ts';

/**
 * Lets the rows of a table go so long after they were written last, by log time, and tells it as a deletion. It stands on
 * both sides of the operator that keeps the rows, which knows nothing of it:
 *
 *   event ─► a row whose time is up goes first ─► fold ─► its row lives on, or has gone ─► what follows
 */
export class RowExpiry implements TimedOperator {
  /** What the fold passes its changes to. */
  readonly behind: Operator;
  readonly nextEventTime = Number.POSITIVE_INFINITY;
  readonly #context: OperatorContext;
  readonly #rows: OperatorStore;
  readonly #lives: ExpiringRows;
  readonly #adoption: RowAdoption;
  readonly #output: Operator;

  /**
   * @param lives when rows expire, under their keys
   * @param adoption of rows that were there before
   */
  constructor(
    name: string,
    context: OperatorContext,
    rows: OperatorStore,
    lives: ExpiringRows,
    adoption: RowAdoption,
    output: Operator,
  ) {
    this.#context = context;
    this.#rows = rows;
    this.#lives = lives;
    this.#adoption = adoption;
    this.#output = output;
    this.behind = {
      push: (key, next, previous, time) => {
        context.running = name;
        if (next === undefined) lives.delete(key, context.logTime);
        else lives.put(key, true, context.logTime);
        adoption.noteWritten();
        context.running = '';
        output.push(key, next, previous, time);
      },
    };
  }

  /** @returns what stands before the fold */
  before(fold: Operator): Operator {
    return {
      push: (key, next, previous, time) => {
        if (key !== NO_KEY) this.#expireIfOver(key);
        fold.push(key, next, previous, time);
      },
    };
  }

  get nextLogTime(): number {
    return this.#adoption.isDue ? AT_ONCE : this.#lives.next;
  }

  onEventTime(): void {}

  onLogTime(now: number): void {
    if (this.#adoption.isDue) {
      this.#adoption.run(now);
      return;
    }
    const expired = this.#lives.takeExpired(now);
    if (expired !== null) this.#tellExpired(expired.row, expired.time);
  }

  dropEventTime(): string {
    return NO_KEY;
  }

  /** What follows would not hear of it: the row goes all the same. */
  dropLogTime(): string {
    // There is nothing in it to be given up.
    if (this.#adoption.isDue) {
      this.#adoption.run(this.#context.logTime);
      return NO_KEY;
    }
    const expired = this.#lives.takeExpired(this.#context.logTime);
    if (expired === null) return NO_KEY;
    this.#rows.delete(expired.row);
    return expired.row;
  }

  /** A row whose time is up may still stand there: rows go a hundredth of their time late, and so many at once. */
  #expireIfOver(key: string): void {
    const { logTime } = this.#context;
    const expiresAt = this.#lives.expiresAt(key);
    if (expiresAt > logTime || expiresAt === Number.NEGATIVE_INFINITY) return;
    this.#lives.delete(key, logTime);
    this.#tellExpired(key, expiresAt);
  }

  #tellExpired(key: string, time: number): void {
    const context = this.#context;
    const row = this.#rows.get(key);
    if (!this.#rows.delete(key)) return;
    const before = context.rowKey;
    context.rowKey = key;
    this.#output.push(key, undefined, row, time);
    context.rowKey = before;
  }
}

/** Log time is later. */
const AT_ONCE = 0;
