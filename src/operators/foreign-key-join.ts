// data plane
import { MAX_STORE_KEY_BYTES } from '../store/store-limits.ts';
import { NO_KEY, type Operator, type OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { OperatorError } from './operator-error.ts';
import { selectedKey } from './selected-key.ts';
import type { TableJoin } from './table-join.ts';

/** Key of the right row that a left row refers to; `null`: none. */
export type ForeignKey = (row: unknown, key: string) => unknown;

/** What both sides of a foreign-key join must know of it. */
export class ForeignKeySelector {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #foreignKey: ForeignKey;

  constructor(name: string, context: OperatorContext, foreignKey: ForeignKey) {
    this.#name = name;
    this.#context = context;
    this.#foreignKey = foreignKey;
  }

  /** @returns `NO_KEY` for none, and for a row that is not there */
  of(row: unknown, key: string): string {
    if (row === undefined) return NO_KEY;
    const context = this.#context;
    context.running = this.#name;
    const selected = selectedKey(this.#name, this.#foreignKey(row, key));
    // Here and not at the index: that may lie in another partition, which the row would not be undone by.
    if ((selected.length + key.length) * 3 >= MAX_STORE_KEY_BYTES) this.#checkEntry(selected, key);
    context.running = '';
    return selected;
  }

  #checkEntry(rightKey: string, key: string): void {
    const bytes = Buffer.byteLength(entryOf(rightKey, key));
    if (bytes <= MAX_STORE_KEY_BYTES) return;
    throw new OperatorError(this.#name, `foreign key with key bytes=${bytes} max=${MAX_STORE_KEY_BYTES}`);
  }
}

/**
 * A join by foreign key happens in two places. Where a left row lies, its key of the right table is selected and its
 * result is kept; where the right row lies, the index says which left rows refer to it:
 *
 * ```
 *                where the left row lies                 where the right row lies
 *
 *   left row ──► ReferringSide ────── first hop ───────► References ◄─ index ─► ReferredSide ◄── right row
 *                                                            │                       │
 *    results ◄── AnsweredSide ◄────── second hop ────────────┴───────────────────────┘
 * ```
 * What passes the first hop under the right row's key: a request, and in the place of the row before the left row's key.
 * What passes the second under the left row's key: the right row, and in the place of the row before its key. The left row
 * may have changed meanwhile. An answer about a row that it does not refer to is dropped. An answer about the one that it
 * refers to is right whichever state of it had asked, for the rows are joined as they are when it comes; and since answers
 * of one partition stay in their order, the last one has the right row as it is.
 */
export class ReferringSide implements Operator {
  readonly #join: TableJoin;
  readonly #selector: ForeignKeySelector;
  readonly #requests: Operator;

  constructor(join: TableJoin, selector: ForeignKeySelector, requests: Operator) {
    this.#join = join;
    this.#selector = selector;
    this.#requests = requests;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    const before = this.#selector.of(previous, key);
    const target = this.#selector.of(next, key);
    const requests = this.#requests;
    if (before !== NO_KEY && before === target) {
      requests.push(target, ANSWER, key, time);
      return;
    }
    // A row that goes is as old as it and the one that it referred to: that is asked for once more.
    if (before !== NO_KEY) requests.push(before, next === undefined ? LEAVE | ANSWER : LEAVE, key, time);
    if (target !== NO_KEY) requests.push(target, ENTER | ANSWER, key, time);
    else if (next !== undefined || before === NO_KEY) this.#join.changed(key, next, undefined, time);
  }
}

/** Keeps which left rows refer to a right one, and answers them. */
export class References implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #index: OperatorStore;
  readonly #right: OperatorStore;
  readonly #answers: Operator;

  constructor(name: string, context: OperatorContext, index: OperatorStore, right: OperatorStore, answers: Operator) {
    this.#name = name;
    this.#context = context;
    this.#index = index;
    this.#right = right;
    this.#answers = answers;
  }

  push(rightKey: string, next: unknown, previous: unknown, time: number): void {
    const request = next as number;
    const key = previous as string;
    const context = this.#context;
    context.running = this.#name;
    if ((request & ENTER) !== 0) this.#index.put(entryOf(rightKey, key), true);
    if ((request & LEAVE) !== 0) this.#index.delete(entryOf(rightKey, key));
    context.running = '';
    if ((request & ANSWER) === 0) return;
    const store = this.#right;
    const right = store.get(rightKey);
    const latest = right !== undefined && store.time > time ? store.time : time;
    if ((request & LEAVE) !== 0) this.#answers.push(key, undefined, undefined, latest);
    else this.#answers.push(key, right, rightKey, latest);
  }
}

/** Takes the changes of the right table: answers every left row that refers to one, in the order of their keys. */
export class ReferredSide implements Operator {
  readonly #context: OperatorContext;
  readonly #index: OperatorStore;
  readonly #answers: Operator;

  constructor(context: OperatorContext, index: OperatorStore, answers: Operator) {
    this.#context = context;
    this.#index = index;
    this.#answers = answers;
  }

  push(rightKey: string, next: unknown, _previous: unknown, time: number): void {
    const context = this.#context;
    const before = context.rowKey;
    const end = rightKey + AFTER_SEPARATOR;
    let from = rightKey + SEPARATOR;
    for (;;) {
      const entries = this.#index.range(from, end, ENTRIES_AT_ONCE);
      for (const [entry] of entries) {
        const key = entry.slice(rightKey.length + 1);
        context.rowKey = key;
        this.#answers.push(key, next, rightKey, time);
      }
      if (entries.length < ENTRIES_AT_ONCE) break;
      from = `${(entries[ENTRIES_AT_ONCE - 1] as [string, unknown])[0]}${SEPARATOR}`;
    }
    context.rowKey = before;
  }
}

/** Joins left rows with the right rows that come as answers; one without a key is for a row that has gone. */
export class AnsweredSide implements Operator {
  readonly #join: TableJoin;
  readonly #selector: ForeignKeySelector;
  readonly #left: OperatorStore;

  constructor(join: TableJoin, selector: ForeignKeySelector, left: OperatorStore) {
    this.#join = join;
    this.#selector = selector;
    this.#left = left;
  }

  push(key: string, right: unknown, rightKey: unknown, time: number): void {
    const store = this.#left;
    const left = store.get(key);
    if (rightKey === undefined) {
      if (left === undefined) this.#join.changed(key, undefined, undefined, time);
      return;
    }
    const latest = left !== undefined && store.time > time ? store.time : time;
    // Besides what is said above: where both tables hang on one event, the left row may be a step ahead of its own change.
    if (this.#selector.of(left, key) === rightKey) this.#join.changed(key, left, right, latest);
  }
}

/** Requests; they may be added up. */
const ENTER = 1;
const LEAVE = 2;
const ANSWER = 4;

/** No foreign key has a control character. */
const SEPARATOR = '\u0000';
const AFTER_SEPARATOR = '\u0001';
const ENTRIES_AT_ONCE = 256;

function entryOf(rightKey: string, key: string): string {
  return rightKey + SEPARATOR + key;
}
