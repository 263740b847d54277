// data plane
import type { Operator } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { isThenable, refuseResult } from './user-result.ts';

export type Mapper = (value: unknown, context: Context) => unknown;

/** Makes one value out of each. On a table the row before is mapped too, so that downstream sees the same rows come and go. */
export class MapOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #mapper: Mapper;
  readonly #output: Operator;
  readonly #allowsNull: boolean;

  /** @param allowsNull an event may be without a value; a row may not */
  constructor(name: string, context: OperatorContext, mapper: Mapper, output: Operator, allowsNull: boolean) {
    this.#allowsNull = allowsNull;
    this.#name = name;
    this.#context = context;
    this.#mapper = mapper;
    this.#output = output;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    const mapped = next === undefined ? undefined : this.#map(next, time);
    const mappedPrevious = previous === undefined ? undefined : this.#map(previous, time);
    this.#output.push(key, mapped, mappedPrevious, time);
  }

  #map(value: unknown, time: number): unknown {
    const context = this.#context;
    context.enter(this.#name, time);
    const mapped = this.#mapper(value, context);
    if (mapped === undefined || (mapped === null && !this.#allowsNull) || isThenable(mapped)) {
      refuseResult(this.#name, mapped, 'a value (to drop one, use filter or flatMap)');
    }
    context.running = '';
    return mapped;
  }
}
