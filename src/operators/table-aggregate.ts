// data plane
import type { Initializer } from './aggregate.ts';
import type { GroupPair } from './group-rows.ts';
import type { Operator, OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { isThenable, refuseResult } from './user-result.ts';

/** The state of a group with one value more. */
export type GroupAdder = (state: unknown, value: unknown) => unknown;
/** With one less; `null`: the group is gone. */
export type GroupSubtractor = (state: unknown, value: unknown) => unknown;

/**
 * Folds the rows of a table by group, from the changes that `GroupRowsOperator` makes of them: what a row brought to the
 * group is taken out as it was, then put in as it is, in one step.
 */
export class TableAggregateOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #initial: Initializer | null;
  readonly #add: GroupAdder;
  readonly #subtract: GroupSubtractor;
  readonly #output: Operator;

  /** @param initial null: the first value of a group stands as it is */
  constructor(
    name: string,
    context: OperatorContext,
    store: OperatorStore,
    initial: Initializer | null,
    add: GroupAdder,
    subtract: GroupSubtractor,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#initial = initial;
    this.#add = add;
    this.#subtract = subtract;
    this.#output = output;
  }

  push(group: string, put: unknown, taken: unknown, time: number): void {
    const store = this.#store;
    const context = this.#context;
    const previous = store.get(group);
    const latest = previous !== undefined && store.time > time ? store.time : time;
    context.running = this.#name;
    let state = previous;
    if (taken !== undefined && state !== undefined) state = this.#without(state, (taken as GroupPair)[1]);
    if (put !== undefined) state = this.#with(state, (put as GroupPair)[1]);
    if (state !== undefined) store.put(group, state, latest);
    else if (previous !== undefined) store.delete(group);
    context.running = '';
    if (state !== undefined || previous !== undefined) this.#output.push(group, state, previous, latest);
  }

  #without(state: unknown, value: unknown): unknown {
    const rest = this.#subtract(state, value);
    if (rest === undefined || isThenable(rest)) refuseResult(this.#name, rest, 'the state without the value, or null');
    return rest === null ? undefined : rest;
  }

  #with(state: unknown, value: unknown): unknown {
    const initial = this.#initial;
    let sum = value;
    if (state !== undefined) sum = this.#add(state, value);
    else if (initial !== null) sum = this.#add(initial(), value);
    if (sum === undefined || sum === null || isThenable(sum)) refuseResult(this.#name, sum, 'the state with the value');
    return sum;
  }
}
