// data plane
import type { Operator } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { disown, isThenable, refuseResult } from './user-result.ts';

export type FlatMapper = (value: unknown, context: Context) => readonly unknown[];

/** Makes any number of events out of each, in the order of the returned array. Streams only. */
export class FlatMapOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #mapper: FlatMapper;
  readonly #output: Operator;

  constructor(name: string, context: OperatorContext, mapper: FlatMapper, output: Operator) {
    this.#name = name;
    this.#context = context;
    this.#mapper = mapper;
    this.#output = output;
  }

  push(key: string, next: unknown, _previous: unknown, time: number): void {
    const events = this.#map(next, time);
    const output = this.#output;
    for (let i = 0; i < events.length; i++) output.push(key, events[i], undefined, time);
  }

  /** The whole array is looked at before anything is passed on. */
  #map(value: unknown, time: number): readonly unknown[] {
    const context = this.#context;
    context.enter(this.#name, time);
    const events = this.#mapper(value, context);
    if (!Array.isArray(events)) refuseResult(this.#name, events, 'an array of values (empty: none)');
    for (let i = 0; i < events.length; i++) {
      const event: unknown = events[i];
      if (event === undefined || event === null || isThenable(event)) {
        events.forEach(disown);
        refuseResult(this.#name, event, `a value at index ${i} of the array`);
      }
    }
    context.running = '';
    return events;
  }
}
