// data plane
import { upToDate } from './earlier-row.ts';
import type { Operator, OperatorStore, Release } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { TIME_LENGTH, timeOfText, timeText } from './window-key.ts';

/**
 * Holds events back until others that happened before them may have come: an event leaves when the greatest time of
 * those held is `grace` beyond it, in the order of time, then key, then arrival. An event that is late by more than
 * `grace` has been waited for in vain and leaves at once. Events without a value are not held; they count as time seen.
 * Each leaves for itself: if what follows fails at it, it is given up alone, or none behind it would ever leave.
 */
export class HeldEventsOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #graceMs: number;
  readonly #release: Release;
  readonly #output: Operator;

  /** @param release see `OperatorHost.release` */
  constructor(
    name: string,
    context: OperatorContext,
    store: OperatorStore,
    graceMs: number,
    release: Release,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#graceMs = graceMs;
    this.#release = release;
    this.#output = output;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    const store = this.#store;
    const seen = store.readRegister(TIME_SEEN);
    const greatest = time > seen ? time : seen;
    if (time > seen) store.writeRegister(TIME_SEEN, time);
    if (event === null) return;
    if (time < greatest - this.#graceMs) {
      this.#output.push(key, event, undefined, time);
      return;
    }
    this.#letGo(this.#hold(key, event, time));
  }

  /** @returns its row */
  #hold(key: string, event: unknown, time: number): string {
    const store = this.#store;
    const context = this.#context;
    const number = Math.max(store.readRegister(NEXT_NUMBER), 0);
    store.writeRegister(NEXT_NUMBER, number + 1);
    context.running = this.#name;
    // No key has a zero character, so that keys stand in the order of their bytes.
    const row = `${timeText(time)}${key}\u0000${String(number).padStart(NUMBER_DIGITS, '0')}`;
    store.put(row, event);
    context.running = '';
    if (time > store.readRegister(TIME_HELD)) store.writeRegister(TIME_HELD, time);
    const next = store.readRegister(NEXT_DUE);
    if (next === NEVER || time < next) store.writeRegister(NEXT_DUE, time);
    return row;
  }

  /** @param own row of the event at hand: if it leaves at once and fails, it has failed itself */
  #letGo(own: string): void {
    const store = this.#store;
    const limit = store.readRegister(TIME_HELD) - this.#graceMs;
    let due = store.readRegister(NEXT_DUE);
    if (due > limit || due === NEVER) return;
    // Not from the beginning: there lie the rows that have left since the last checkpoint, and a range passes them all.
    let from = timeText(due);
    for (let count = FIRST_RANGE; ; count = NEXT_RANGES) {
      const rows = store.range(from, undefined, count);
      due = NEVER;
      for (const [row, event] of rows) {
        due = timeOfText(row, 0);
        if (due > limit) break;
        store.delete(row);
        const key = row.slice(TIME_LENGTH, -1 - NUMBER_DIGITS);
        const time = due;
        if (row === own) this.#emit(key, event, time);
        else this.#release(key, row, time, () => this.#emit(key, event, time));
        from = row;
      }
      if (due > limit || rows.length < count) break;
    }
    store.writeRegister(NEXT_DUE, due > limit ? due : NEVER);
  }

  /** What follows sees the key of the event that leaves, not of the one that made it leave. */
  #emit(key: string, event: unknown, time: number): void {
    const context = this.#context;
    const before = context.rowKey;
    context.rowKey = key;
    this.#output.push(key, upToDate(key, event), undefined, time);
    context.rowKey = before;
  }
}

/** Registers. Of events without a value only the first knows. */
const TIME_SEEN = 0;
const TIME_HELD = 1;
const NEXT_DUE = 2;
const NEXT_NUMBER = 3;

const NEVER = Number.NEGATIVE_INFINITY;
const NUMBER_DIGITS = 15;
/** Where time goes on evenly, one event is due and one shows what is due next. */
const FIRST_RANGE = 4;
const NEXT_RANGES = 64;
