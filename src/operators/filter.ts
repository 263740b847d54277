// data plane
import type { Operator } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { refuseResult } from './user-result.ts';

export type Predicate = (value: unknown, context: Context) => boolean;

/**
 * Lets through what the predicate holds for. On a table the row before is judged too: a row that no longer passes is
 * deleted downstream, one that passes from now on is inserted.
 */
export class FilterOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #predicate: Predicate;
  readonly #output: Operator;

  constructor(name: string, context: OperatorContext, predicate: Predicate, output: Operator) {
    this.#name = name;
    this.#context = context;
    this.#predicate = predicate;
    this.#output = output;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    const passing = next !== undefined && this.#passes(next, time) ? next : undefined;
    const passed = previous !== undefined && this.#passes(previous, time) ? previous : undefined;
    if (passing === undefined && passed === undefined) return;
    this.#output.push(key, passing, passed, time);
  }

  #passes(value: unknown, time: number): boolean {
    const context = this.#context;
    context.enter(this.#name, time);
    const passes = this.#predicate(value, context);
    if (passes !== true && passes !== false) refuseResult(this.#name, passes, 'true or false');
    context.running = '';
    return passes;
  }
}
