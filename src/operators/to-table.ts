// data plane
import { NO_KEY, type Operator, type OperatorStore } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { isThenable, refuseResult } from './user-result.ts';

/** `current` is the row, `null` if there is none; the result is the row from now on, `null` for none. */
export type UpdateRule = (current: unknown, event: unknown, context: Context) => unknown;

/**
 * Keeps one row per key and lets a rule decide what an event does to it: insert, update, delete, or nothing. A rule that
 * returns the row it was given changes nothing, and nothing is passed on. Without a rule the row is the latest event, and
 * every event is an update, one that says the same again too: the row is younger from then on.
 */
export class ToTableOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #rule: UpdateRule | null;
  readonly #output: Operator;

  /** @param rule null: the latest event */
  constructor(name: string, context: OperatorContext, store: OperatorStore, rule: UpdateRule | null, output: Operator) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#rule = rule;
    this.#output = output;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    if (key === NO_KEY) return;
    const store = this.#store;
    const context = this.#context;
    const previous = store.get(key);
    const current = previous === undefined ? null : previous;
    const rule = this.#rule;
    context.enter(this.#name, time);
    const row = rule === null ? event : rule(current, event, context);
    if (row === current && (rule !== null || row === null)) {
      context.running = '';
      return;
    }
    if (row === undefined || isThenable(row)) refuseResult(this.#name, row, 'the next row, or null to delete it');
    const next = row === null ? undefined : row;
    if (next === undefined) store.delete(key);
    else store.put(key, next, time);
    context.running = '';
    this.#output.push(key, next, previous, time);
  }
}
