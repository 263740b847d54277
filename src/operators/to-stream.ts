// data plane
import type { Operator } from './operator.ts';

/** The changes of a table as events: the row from now on, `null` when it is deleted. */
export class ToStreamOperator implements Operator {
  readonly #output: Operator;

  constructor(output: Operator) {
    this.#output = output;
  }

  push(key: string, next: unknown, _previous: unknown, time: number): void {
    this.#output.push(key, next === undefined ? null : next, undefined, time);
  }
}
