// data plane
import { NO_KEY, type Operator, type OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
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
    context.running = '';
    return selected;
  }
}

/**
 * Takes the changes of the left table: joins the row with the one that it refers to, and keeps in the index which left
 * rows refer to which right one.
 */
export class ReferringSide implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #join: TableJoin;
  readonly #selector: ForeignKeySelector;
  readonly #index: OperatorStore;
  readonly #right: OperatorStore;

  constructor(
    name: string,
    context: OperatorContext,
    join: TableJoin,
    selector: ForeignKeySelector,
    index: OperatorStore,
    right: OperatorStore,
  ) {
    this.#name = name;
    this.#context = context;
    this.#join = join;
    this.#selector = selector;
    this.#index = index;
    this.#right = right;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    const before = this.#selector.of(previous, key);
    const target = this.#selector.of(next, key);
    if (before !== target) this.#refer(key, before, target);
    // A row that goes is as old as it and the one that it referred to.
    const rightKey = next === undefined ? before : target;
    const store = this.#right;
    const right = rightKey === NO_KEY ? undefined : store.get(rightKey);
    const latest = right !== undefined && store.time > time ? store.time : time;
    if (next === undefined) this.#join.changed(key, undefined, undefined, latest);
    else this.#join.changed(key, next, right, latest);
  }

  #refer(key: string, before: string, target: string): void {
    const context = this.#context;
    context.running = this.#name;
    if (before !== NO_KEY) this.#index.delete(before + SEPARATOR + key);
    if (target !== NO_KEY) this.#index.put(target + SEPARATOR + key, true);
    context.running = '';
  }
}

/** Takes the changes of the right table: joins the row anew with every left row that refers to it, in the order of their keys. */
export class ReferredSide implements Operator {
  readonly #join: TableJoin;
  readonly #selector: ForeignKeySelector;
  readonly #index: OperatorStore;
  readonly #left: OperatorStore;

  constructor(join: TableJoin, selector: ForeignKeySelector, index: OperatorStore, left: OperatorStore) {
    this.#join = join;
    this.#selector = selector;
    this.#index = index;
    this.#left = left;
  }

  push(rightKey: string, next: unknown, _previous: unknown, time: number): void {
    const store = this.#left;
    const end = rightKey + AFTER_SEPARATOR;
    let from = rightKey + SEPARATOR;
    for (;;) {
      const entries = this.#index.range(from, end, ENTRIES_AT_ONCE);
      for (const [entry] of entries) {
        const key = entry.slice(rightKey.length + 1);
        const left = store.get(key);
        const latest = left !== undefined && store.time > time ? store.time : time;
        // Where both tables hang on one event the left row may be a step ahead: its own change is still to come.
        if (this.#selector.of(left, key) === rightKey) this.#join.changed(key, left, next, latest);
      }
      if (entries.length < ENTRIES_AT_ONCE) return;
      from = `${(entries[ENTRIES_AT_ONCE - 1] as [string, unknown])[0]}${SEPARATOR}`;
    }
  }
}

/** No foreign key has a control character. */
const SEPARATOR = '\u0000';
const AFTER_SEPARATOR = '\u0001';
const ENTRIES_AT_ONCE = 256;
