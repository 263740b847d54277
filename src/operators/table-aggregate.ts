// data plane
import type { Initializer } from './aggregate.ts';
import { NO_KEY, type Operator, type OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { selectedKey } from './selected-key.ts';
import { isThenable, refuseResult } from './user-result.ts';

/** The group that a row belongs to and what it brings to it; `null`: it belongs to none. */
export type Grouping = (row: unknown, key: string) => unknown;
/** The state of a group with one value more. */
export type GroupAdder = (state: unknown, value: unknown) => unknown;
/** With one less; `null`: the group is gone. */
export type GroupSubtractor = (state: unknown, value: unknown) => unknown;

/**
 * Folds the rows of a table by group. A row that changes is taken out of its group as it was and put in as it is: within
 * one group in one step, else out of the old group first.
 */
export class TableAggregateOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #grouping: Grouping;
  readonly #initial: Initializer | null;
  readonly #add: GroupAdder;
  readonly #subtract: GroupSubtractor;
  readonly #output: Operator;

  /** @param initial null: the first value of a group stands as it is */
  constructor(
    name: string,
    context: OperatorContext,
    store: OperatorStore,
    grouping: Grouping,
    initial: Initializer | null,
    add: GroupAdder,
    subtract: GroupSubtractor,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#grouping = grouping;
    this.#initial = initial;
    this.#add = add;
    this.#subtract = subtract;
    this.#output = output;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    const context = this.#context;
    context.running = this.#name;
    const before = this.#pairOf(previous, key);
    const groupBefore = before === null ? NO_KEY : selectedKey(this.#name, before[0]);
    const after = this.#pairOf(next, key);
    const group = after === null ? NO_KEY : selectedKey(this.#name, after[0]);
    context.running = '';
    if (groupBefore !== NO_KEY && groupBefore === group) {
      this.#fold(group, before, after, time);
      return;
    }
    if (groupBefore !== NO_KEY) this.#fold(groupBefore, before, null, time);
    if (group !== NO_KEY) this.#fold(group, null, after, time);
  }

  #pairOf(row: unknown, key: string): Pair | null {
    if (row === undefined) return null;
    const pair = this.#grouping(row, key);
    if (pair === null) return null;
    if (!Array.isArray(pair) || pair.length !== 2) refuseResult(this.#name, pair, '[group, value], or null for none');
    return pair as unknown as Pair;
  }

  #fold(group: string, taken: Pair | null, given: Pair | null, time: number): void {
    const store = this.#store;
    const context = this.#context;
    const previous = store.get(group);
    const latest = previous !== undefined && store.time > time ? store.time : time;
    context.running = this.#name;
    let state = previous;
    if (taken !== null && state !== undefined) state = this.#without(state, taken[1]);
    if (given !== null) state = this.#with(state, given[1]);
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

type Pair = readonly [group: unknown, value: unknown];
