// data plane
import type { Operator } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';

/**
 * The changes of a table as events: the row from now on, `null` when it is deleted. What follows sees the key of the row,
 * which is not always that of the event that brought the change about.
 */
export class ToStreamOperator implements Operator {
  readonly #context: OperatorContext;
  readonly #output: Operator;

  constructor(context: OperatorContext, output: Operator) {
    this.#context = context;
    this.#output = output;
  }

  push(key: string, next: unknown, _previous: unknown, time: number): void {
    const context = this.#context;
    const before = context.rowKey;
    context.rowKey = key;
    this.#output.push(key, next === undefined ? null : next, undefined, time);
    context.rowKey = before;
  }
}
