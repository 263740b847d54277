// data plane
import { NO_KEY, type Operator } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { selectedKey } from './selected-key.ts';
import { refuseResult } from './user-result.ts';

/** The group that a row belongs to and what it brings to it; `null`: it belongs to none. */
export type Grouping = (row: unknown, key: string) => unknown;

/** What a `Grouping` returned. */
export type GroupPair = readonly [group: unknown, value: unknown];

/**
 * Turns the changes of a table into changes of groups: under the key of the group, `next` is the pair that is to be put
 * in, `previous` the one that is to be taken out. A row that stays in its group is one change; of one that moves, the old
 * group is told first.
 */
export class GroupRowsOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #grouping: Grouping;
  readonly #output: Operator;

  constructor(name: string, context: OperatorContext, grouping: Grouping, output: Operator) {
    this.#name = name;
    this.#context = context;
    this.#grouping = grouping;
    this.#output = output;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    const context = this.#context;
    context.running = this.#name;
    const before = this.#pairOf(previous, key);
    const groupBefore = this.#groupOf(before);
    const after = this.#pairOf(next, key);
    const group = this.#groupOf(after);
    context.running = '';
    if (groupBefore === group) {
      if (group !== NO_KEY) this.#pass(group, after, before, time);
      return;
    }
    if (groupBefore !== NO_KEY) this.#pass(groupBefore, undefined, before, time);
    if (group !== NO_KEY) this.#pass(group, after, undefined, time);
  }

  #pass(group: string, put: GroupPair | undefined, taken: GroupPair | undefined, time: number): void {
    const context = this.#context;
    const before = context.rowKey;
    context.rowKey = group;
    this.#output.push(group, put, taken, time);
    context.rowKey = before;
  }

  #pairOf(row: unknown, key: string): GroupPair | undefined {
    if (row === undefined) return undefined;
    const pair = this.#grouping(row, key);
    if (pair === null) return undefined;
    if (!Array.isArray(pair) || pair.length !== 2) refuseResult(this.#name, pair, '[group, value], or null for none');
    return pair as unknown as GroupPair;
  }

  #groupOf(pair: GroupPair | undefined): string {
    return pair === undefined ? NO_KEY : selectedKey(this.#name, pair[0]);
  }
}
