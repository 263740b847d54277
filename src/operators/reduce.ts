// data plane
import { NO_KEY, type Operator, type OperatorStore } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { isThenable, refuseResult } from './user-result.ts';

export type Reducer = (current: unknown, event: unknown, context: Context) => unknown;

/** Folds the events of a key into one value of their own type; the first stands as it is. */
export class ReduceOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #reducer: Reducer;
  readonly #output: Operator;

  constructor(name: string, context: OperatorContext, store: OperatorStore, reducer: Reducer, output: Operator) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#reducer = reducer;
    this.#output = output;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    if (event === null || key === NO_KEY) return;
    const store = this.#store;
    const context = this.#context;
    const previous = store.get(key);
    // Not Math.max: its result would be a new number on the heap for every event.
    const latest = previous !== undefined && store.time > time ? store.time : time;
    let next: unknown = event;
    context.enter(this.#name, time);
    if (previous !== undefined) {
      next = this.#reducer(previous, event, context);
      if (next === undefined || next === null || isThenable(next)) {
        refuseResult(this.#name, next, 'the reduced value');
      }
    }
    store.put(key, next, latest);
    context.running = '';
    this.#output.push(key, next, previous, latest);
  }
}
