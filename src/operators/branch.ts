// data plane
import type { Predicate } from './filter.ts';
import type { Operator } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { refuseResult } from './user-result.ts';

/** Sends each event down the first branch whose predicate holds; the last output takes what no branch wanted. */
export class BranchOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #predicates: readonly Predicate[];
  readonly #outputs: readonly Operator[];

  /** @param outputs one per predicate and one more for the rest */
  constructor(name: string, context: OperatorContext, predicates: readonly Predicate[], outputs: readonly Operator[]) {
    this.#name = name;
    this.#context = context;
    this.#predicates = predicates;
    this.#outputs = outputs;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    const output = this.#outputs[this.#choose(next, time)] as Operator;
    output.push(key, next, previous, time);
  }

  #choose(value: unknown, time: number): number {
    const context = this.#context;
    const predicates = this.#predicates;
    context.enter(this.#name, time);
    let index = 0;
    for (; index < predicates.length; index++) {
      const holds = (predicates[index] as Predicate)(value, context);
      if (holds === true) break;
      if (holds !== false) refuseResult(this.#name, holds, 'true or false');
    }
    context.running = '';
    return index;
  }
}
