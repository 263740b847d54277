// data plane
import type { Operator, OperatorHost, OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';

/** Shows a table that exists only as a flow of changes: keeps its rows in a store of the view's own. */
export class ToStoredViewOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #host: OperatorHost;
  readonly #viewId: number;
  readonly #store: OperatorStore;

  constructor(name: string, context: OperatorContext, host: OperatorHost, viewId: number, store: OperatorStore) {
    this.#name = name;
    this.#context = context;
    this.#host = host;
    this.#viewId = viewId;
    this.#store = store;
  }

  push(key: string, next: unknown, previous: unknown, _time: number): void {
    this.#context.running = this.#name;
    if (next === undefined) this.#store.delete(key);
    else this.#store.put(key, next);
    this.#context.running = '';
    this.#host.viewChanged(this.#viewId, key, next, previous);
  }
}
