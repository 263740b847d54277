// data plane
import { NO_KEY, type Operator, type OperatorStore } from './operator.ts';

/** How many events each key has had. */
export class CountOperator implements Operator {
  readonly #store: OperatorStore;
  readonly #output: Operator;

  constructor(store: OperatorStore, output: Operator) {
    this.#store = store;
    this.#output = output;
  }

  push(key: string, next: unknown, _previous: unknown, time: number): void {
    if (next === null || key === NO_KEY) return;
    const store = this.#store;
    const previous = store.get(key) as number | undefined;
    const count = previous === undefined ? 1 : previous + 1;
    // Not Math.max: its result would be a new number on the heap for every event.
    const latest = previous !== undefined && store.time > time ? store.time : time;
    store.put(key, count, latest);
    this.#output.push(key, count, previous, latest);
  }
}
