// data plane
import { upToDate } from './earlier-row.ts';
import { countLate } from './late-events.ts';
import { NO_KEY, type Operator, type OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { GREATEST_TIME, RowVersions, versionKey } from './row-versions.ts';
import type { UpdateRule } from './to-table.ts';
import { isThenable, refuseResult } from './user-result.ts';
import { TIME_LENGTH, timeOfText, timeText } from './window-key.ts';

/**
 * Keeps the latest row per key, and those before it for as long as the history goes back. An event that happened before
 * the latest row began changes what was, not what is: the history is told, and nobody else. An event from before the
 * history is not taken. As Kafka Streams' versioned stores do (KIP-889, KIP-914).
 *
 * Versions and deletions are given up when the time at which they ended is older than the history. Each has an entry in
 * the expiry, by that time. They are given up many together, since to look for them costs more than to delete one.
 */
export class ToVersionedTableOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #latest: OperatorStore;
  readonly #history: OperatorStore;
  readonly #expiry: OperatorStore;
  readonly #historyMs: number;
  readonly #pauseMs: number;
  readonly #rule: UpdateRule | null;
  readonly #versions: RowVersions;
  readonly #output: Operator;

  /** @param rule null: the event is the row from now on, an event without a value deletes it */
  constructor(
    name: string,
    context: OperatorContext,
    stores: readonly [latest: OperatorStore, history: OperatorStore, expiry: OperatorStore],
    historyMs: number,
    rule: UpdateRule | null,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#latest = stores[0];
    this.#history = stores[1];
    this.#expiry = stores[2];
    this.#historyMs = historyMs;
    this.#pauseMs = historyMs / SWEEPS;
    this.#rule = rule;
    this.#versions = new RowVersions(stores[0], stores[1], historyMs);
    this.#output = output;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    if (key === NO_KEY) return;
    const history = this.#history;
    const greatest = history.readRegister(GREATEST_TIME);
    if (time > greatest) history.writeRegister(GREATEST_TIME, time);
    else if (time < greatest - this.#historyMs) {
      countLate(history);
      return;
    }

    const latest = this.#latest;
    const previous = latest.get(key);
    const since = previous === undefined ? this.#deletedAt(key) : latest.time;
    if (time < since) {
      this.#amend(key, event, time, since);
      return;
    }
    const current = previous === undefined ? null : previous;
    const row = this.#rowAfter(current, event, time);
    if (this.#rule !== null && row === current) return;
    this.#context.running = this.#name;
    if (since !== NEVER && since < time) this.#keepVersion(key, current, since, time);
    if (row === null) {
      latest.delete(key);
      history.put(key, time);
      this.#expireAt(time, time, key, true);
    } else {
      latest.put(key, row, time);
      if (previous === undefined && since !== NEVER) history.delete(key);
    }
    this.#expire();
    this.#context.running = '';
    if (row !== null || previous !== undefined) {
      this.#output.push(key, row === null ? undefined : row, previous, time);
    }
  }

  #deletedAt(key: string): number {
    const time = upToDate(key, this.#history.get(key)) as number | undefined;
    return time === undefined ? NEVER : time;
  }

  /** An event of the past: a version that ends where the next one begins, at the latest where the latest row does. */
  #amend(key: string, event: unknown, time: number, since: number): void {
    const rule = this.#rule;
    const past = rule === null ? undefined : this.#versions.get(key, time);
    const current = past === undefined ? null : past;
    const row = this.#rowAfter(current, event, time);
    if (rule !== null && row === current) return;
    this.#context.running = this.#name;
    this.#keepVersion(key, row, time, since);
    this.#context.running = '';
  }

  #rowAfter(current: unknown, event: unknown, time: number): unknown {
    const rule = this.#rule;
    if (rule === null) return event;
    const context = this.#context;
    context.enter(this.#name, time);
    const row = rule(current, event, context);
    if (row === undefined || isThenable(row)) refuseResult(this.#name, row, 'the next row, or null to delete it');
    context.running = '';
    return row;
  }

  #keepVersion(key: string, row: unknown, from: number, until: number): void {
    this.#history.put(versionKey(key, from), row);
    this.#expireAt(until, from, key, false);
  }

  #expireAt(due: number, from: number, key: string, isDeletion: boolean): void {
    const expiry = this.#expiry;
    // Of a key the earlier first: a deletion goes after the rows that it hides.
    expiry.put(`${timeText(due)}${timeText(from)}${key}`, isDeletion);
    const next = expiry.readRegister(NEXT_DUE);
    if (next === NEVER || due < next) expiry.writeRegister(NEXT_DUE, due);
  }

  /** Gives up some of what is due. A sweep begins when the first has been due for a while, and goes on for many events. */
  #expire(): void {
    const expiry = this.#expiry;
    const next = expiry.readRegister(NEXT_DUE);
    if (next === NEVER) return;
    let until = expiry.readRegister(SWEPT_UNTIL);
    if (next > until) {
      until = this.#history.readRegister(GREATEST_TIME) - this.#historyMs;
      if (next > until - this.#pauseMs) return;
      expiry.writeRegister(SWEPT_UNTIL, until);
    }
    // Not from the beginning: there lie the entries given up since the last checkpoint, and a range passes them all.
    const entries = expiry.range(timeText(next), undefined, EXPIRED_AT_ONCE);
    let due = NEVER;
    for (const [entry, isDeletion] of entries) {
      due = timeOfText(entry, 0);
      if (due > until) break;
      expiry.delete(entry);
      this.#giveUp(entry.slice(2 * TIME_LENGTH), timeOfText(entry, TIME_LENGTH), isDeletion as boolean);
    }
    expiry.writeRegister(NEXT_DUE, due > until || entries.length === EXPIRED_AT_ONCE ? due : NEVER);
  }

  #giveUp(key: string, from: number, isDeletion: boolean): void {
    if (!isDeletion) this.#history.delete(versionKey(key, from));
    else if (this.#deletedAt(key) === from) this.#history.delete(key);
  }
}

const NEVER = Number.NEGATIVE_INFINITY;
/** Registers of the expiry: nothing is due before the one, all until the other is being given up. */
const NEXT_DUE = 0;
const SWEPT_UNTIL = 1;
/** Sweeps within the length of a history. */
const SWEEPS = 16;
/** An event makes two entries at most, so that these keep up, and the one event that meets them all is not held up. */
const EXPIRED_AT_ONCE = 64;
