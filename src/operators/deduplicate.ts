// data plane
import { NO_KEY, type Operator, type OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';

/** Which event of a key is its row. */
export interface DeduplicateRule {
  readonly keepsLast: boolean;
  /** By event time: the earliest or the latest, whenever it comes. Else by arrival. */
  readonly byTime: boolean;
}

/**
 * Keeps one event per key as its row. Of several events of the same time the first is kept that came, or the last. An event
 * that does not become the row changes nothing.
 */
export class DeduplicateOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #rule: DeduplicateRule;
  readonly #output: Operator;

  constructor(name: string, context: OperatorContext, store: OperatorStore, rule: DeduplicateRule, output: Operator) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#rule = rule;
    this.#output = output;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    if (event === null || key === NO_KEY) return;
    const store = this.#store;
    const current = store.get(key);
    if (current !== undefined && !this.#isReplaced(store.time, time)) return;
    const context = this.#context;
    context.running = this.#name;
    store.put(key, event, time);
    context.running = '';
    this.#output.push(key, event, current, time);
  }

  #isReplaced(currentTime: number, time: number): boolean {
    const { keepsLast, byTime } = this.#rule;
    if (!byTime) return keepsLast;
    return keepsLast ? time >= currentTime : time < currentTime;
  }
}
