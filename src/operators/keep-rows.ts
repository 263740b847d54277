// data plane
import type { Operator, OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';

/** Keeps a copy of a table that exists only as a flow of changes, for an operator that looks rows up. */
export class KeepRowsOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #output: Operator;

  constructor(name: string, context: OperatorContext, store: OperatorStore, output: Operator) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#output = output;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    this.#context.running = this.#name;
    if (next === undefined) this.#store.delete(key);
    else this.#store.put(key, next, time);
    this.#context.running = '';
    this.#output.push(key, next, previous, time);
  }
}
