// data plane
import { type Measure, measureOf } from './number-folds.ts';
import { NO_KEY, type Operator, type OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';

/** Events of a row: it is written anew when one of them changes. */
export const MAX_TOP = 100;

/** An event among the first of its key. */
export interface Ranked {
  readonly measure: number;
  readonly event: unknown;
}

/** What is kept of a key, with its events brought up to date. */
export function upcastRanked(row: unknown, upcast: (event: unknown) => unknown): unknown {
  return (row as readonly Ranked[]).map((ranked) => ({ ...ranked, event: upcast(ranked.event) }));
}

/**
 * Keeps the events of each key with the greatest measures, the greatest first; of equal ones, those that came first. An
 * event that is not among them changes nothing, and nothing is passed on.
 */
export class TopNOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #n: number;
  readonly #measure: Measure;
  readonly #output: Operator;

  constructor(
    name: string,
    context: OperatorContext,
    store: OperatorStore,
    n: number,
    measure: Measure,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#n = n;
    this.#measure = measure;
    this.#output = output;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    if (event === null || key === NO_KEY) return;
    const store = this.#store;
    const context = this.#context;
    const previous = store.get(key) as readonly Ranked[] | undefined;
    const latest = previous !== undefined && store.time > time ? store.time : time;
    context.enter(this.#name, time);
    const measure = measureOf(this.#name, this.#measure, event, context);
    let at = previous === undefined ? 0 : previous.length;
    while (at > 0 && ((previous as readonly Ranked[])[at - 1] as Ranked).measure < measure) at--;
    if (at === this.#n) {
      context.running = '';
      return;
    }
    const next = previous === undefined ? [] : previous.slice();
    next.splice(at, 0, { measure, event });
    if (next.length > this.#n) next.pop();
    store.put(key, next, latest);
    context.running = '';
    this.#output.push(key, next, previous, latest);
  }
}
