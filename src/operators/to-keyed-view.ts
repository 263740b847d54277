// data plane
import { MAX_KEY_BYTES } from '../base/limits.ts';
import type { Operator, OperatorHost, OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { OperatorError } from './operator-error.ts';
import { refuseResult } from './user-result.ts';

/** Key of a table's row in the view; must tell any two rows apart. */
export type ViewKey = (row: unknown, key: string) => string;

/**
 * Shows a table under other keys. When the key of a row changes, the row moves: it is deleted under the old key and
 * inserted under the new one. Two rows under one key would delete each other, so that is refused.
 */
export class ToKeyedViewOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #host: OperatorHost;
  readonly #viewId: number;
  readonly #store: OperatorStore;
  readonly #viewKey: ViewKey;

  constructor(
    name: string,
    context: OperatorContext,
    host: OperatorHost,
    viewId: number,
    store: OperatorStore,
    viewKey: ViewKey,
  ) {
    this.#name = name;
    this.#context = context;
    this.#host = host;
    this.#viewId = viewId;
    this.#store = store;
    this.#viewKey = viewKey;
  }

  push(key: string, next: unknown, previous: unknown, _time: number): void {
    const target = next === undefined ? '' : this.#keyOf(next, key);
    const source = previous === undefined ? '' : this.#keyOf(previous, key);
    if (source !== '' && source !== target) this.#delete(source, previous);
    if (target !== '') this.#put(target, next, source === target ? previous : undefined);
  }

  #delete(viewKey: string, previous: unknown): void {
    this.#store.delete(viewKey);
    this.#host.viewChanged(this.#viewId, viewKey, undefined, previous);
  }

  #put(viewKey: string, next: unknown, previous: unknown): void {
    const store = this.#store;
    const isTaken = previous === undefined && store.get(viewKey) !== undefined;
    const context = this.#context;
    context.running = this.#name;
    if (isTaken)
      throw new OperatorError(this.#name, `view key=${viewKey} shows another row; keys must tell rows apart`);
    store.put(viewKey, next);
    context.running = '';
    this.#host.viewChanged(this.#viewId, viewKey, next, previous);
  }

  #keyOf(row: unknown, key: string): string {
    const context = this.#context;
    context.running = this.#name;
    const viewKey = this.#viewKey(row, key);
    if (typeof viewKey !== 'string' || viewKey === '')
      refuseResult(this.#name, viewKey, 'a view key: a non-empty string');
    // A UTF-16 unit takes at most three bytes of UTF-8, so short keys need no counting.
    if (viewKey.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(viewKey) > MAX_KEY_BYTES) {
      throw new OperatorError(this.#name, `view key bytes=${Buffer.byteLength(viewKey)} max=${MAX_KEY_BYTES}`);
    }
    if (!viewKey.isWellFormed()) throw new OperatorError(this.#name, 'view key holds half a surrogate pair');
    context.running = '';
    return viewKey;
  }
}
