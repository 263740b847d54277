// data plane
import type { Operator, OperatorHost } from './operator.ts';

/** Shows a table that is stored already: the view reads the very store of the operator before it. */
export class ToViewOperator implements Operator {
  readonly #host: OperatorHost;
  readonly #viewId: number;

  constructor(host: OperatorHost, viewId: number) {
    this.#host = host;
    this.#viewId = viewId;
  }

  push(key: string, next: unknown, previous: unknown, _time: number): void {
    this.#host.viewChanged(this.#viewId, key, next, previous);
  }
}
