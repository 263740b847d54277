// data plane
import type { Operator, OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { isThenable, refuseResult } from './user-result.ts';

/** Either is null when its table has no such row and the join does without. */
export type RowJoiner = (left: unknown, right: unknown) => unknown;

/** What the two sides of a join share: the rows that it made, which tell it what it said before. */
export class TableJoin {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #results: OperatorStore;
  readonly #joiner: RowJoiner;
  readonly #needsLeft: boolean;
  readonly #needsRight: boolean;
  readonly #output: Operator;

  constructor(
    name: string,
    context: OperatorContext,
    results: OperatorStore,
    joiner: RowJoiner,
    needsLeft: boolean,
    needsRight: boolean,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#results = results;
    this.#joiner = joiner;
    this.#needsLeft = needsLeft;
    this.#needsRight = needsRight;
    this.#output = output;
  }

  /**
   * One of two rows changed. What was said of the key before is read, not computed: both tables may hang on the same
   * event, and then the other one may be a step ahead.
   */
  changed(key: string, left: unknown, right: unknown, time: number): void {
    const results = this.#results;
    const previous = results.get(key);
    const isThere =
      (left !== undefined || right !== undefined) &&
      (left !== undefined || !this.#needsLeft) &&
      (right !== undefined || !this.#needsRight);
    if (!isThere && previous === undefined) return;
    const context = this.#context;
    context.running = this.#name;
    const next = isThere ? this.#join(left, right) : undefined;
    if (next === undefined) results.delete(key);
    else results.put(key, next, time);
    context.running = '';
    this.#output.push(key, next, previous, time);
  }

  #join(left: unknown, right: unknown): unknown {
    const row = this.#joiner(left === undefined ? null : left, right === undefined ? null : right);
    if (row === undefined || row === null || isThenable(row)) refuseResult(this.#name, row, 'the joined row');
    return row;
  }
}

/** Takes the changes of a join's left table. A result has the greater of the times of its rows. */
export class LeftJoinSide implements Operator {
  readonly #join: TableJoin;
  readonly #right: OperatorStore;

  constructor(join: TableJoin, right: OperatorStore) {
    this.#join = join;
    this.#right = right;
  }

  push(key: string, next: unknown, _previous: unknown, time: number): void {
    const store = this.#right;
    const right = store.get(key);
    this.#join.changed(key, next, right, right !== undefined && store.time > time ? store.time : time);
  }
}

/** Takes the changes of its right table. */
export class RightJoinSide implements Operator {
  readonly #join: TableJoin;
  readonly #left: OperatorStore;

  constructor(join: TableJoin, left: OperatorStore) {
    this.#join = join;
    this.#left = left;
  }

  push(key: string, next: unknown, _previous: unknown, time: number): void {
    const store = this.#left;
    const left = store.get(key);
    this.#join.changed(key, left, next, left !== undefined && store.time > time ? store.time : time);
  }
}
