// data plane
import { NO_KEY, type Operator, type OperatorStore } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { isThenable, refuseResult } from './user-result.ts';

export type Initializer = () => unknown;
export type Adder = (state: unknown, event: unknown, context: Context) => unknown;

/** Folds the events of a key into a state of any type, from an initial one on. */
export class AggregateOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #initial: Initializer;
  readonly #add: Adder;
  readonly #output: Operator;

  constructor(
    name: string,
    context: OperatorContext,
    store: OperatorStore,
    initial: Initializer,
    add: Adder,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#initial = initial;
    this.#add = add;
    this.#output = output;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    if (event === null || key === NO_KEY) return;
    const store = this.#store;
    const context = this.#context;
    const previous = store.get(key);
    // Not Math.max: its result would be a new number on the heap for every event.
    const latest = previous !== undefined && store.time > time ? store.time : time;
    context.enter(this.#name, time);
    const next = this.#add(previous === undefined ? this.#initial() : previous, event, context);
    if (next === undefined || next === null || isThenable(next)) refuseResult(this.#name, next, 'the next state');
    store.put(key, next, latest);
    context.running = '';
    this.#output.push(key, next, previous, latest);
  }
}
