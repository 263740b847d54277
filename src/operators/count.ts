// data plane
import type { Operator, OperatorStore } from './operator.ts';

/** How many events each key has had. */
export class CountOperator implements Operator {
  readonly #store: OperatorStore;
  readonly #output: Operator;

  constructor(store: OperatorStore, output: Operator) {
    this.#store = store;
    this.#output = output;
  }

  push(key: string, _next: unknown, _previous: unknown, time: number): void {
    const store = this.#store;
    const previous = store.get(key) as number | undefined;
    const count = previous === undefined ? 1 : previous + 1;
    store.put(key, count);
    this.#output.push(key, count, previous, time);
  }
}
