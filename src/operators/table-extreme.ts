// data plane
import type { GroupPair } from './group-rows.ts';
import { endOfEntries, entryOf } from './measured-groups.ts';
import { NUMBER_LENGTH, numberOfText } from './number-order.ts';
import type { Operator, OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';

/**
 * The least of the numbers that the rows of a group bring to it, or the greatest. Another row may have to take the place of
 * one that goes, so all numbers of a group are kept, each with how often it is there:
 *
 * ```
 *   <group> 00 <number, 16 characters in its order>    count
 * ```
 *
 * A row that comes or changes is a few gets and puts. Only where the first number goes with its last row is the next one
 * looked up, from where it stood: nothing stands before it.
 */
export class TableExtremeOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #numbers: OperatorStore;
  /** 1 for the least. The greatest is the least of the numbers with their signs turned, -1. */
  readonly #sign: 1 | -1;
  readonly #output: Operator;

  /**
   * @param store timed
   * @param numbers ordered
   */
  constructor(
    name: string,
    context: OperatorContext,
    store: OperatorStore,
    numbers: OperatorStore,
    sign: 1 | -1,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#numbers = numbers;
    this.#sign = sign;
    this.#output = output;
  }

  push(group: string, put: unknown, taken: unknown, time: number): void {
    const store = this.#store;
    const context = this.#context;
    const previous = store.get(group) as number | undefined;
    const latest = previous !== undefined && store.time > time ? store.time : time;
    const added = put === undefined ? undefined : this.#sign * ((put as GroupPair)[1] as number);
    const removed = taken === undefined ? undefined : this.#sign * ((taken as GroupPair)[1] as number);
    context.running = this.#name;
    if (added !== removed) {
      if (added !== undefined) this.#count(group, added, 1);
      if (removed !== undefined) this.#count(group, removed, -1);
    }
    const before = previous === undefined ? undefined : this.#sign * previous;
    const first = this.#first(group, before, added, removed);
    const next = first === undefined ? undefined : this.#sign * first + 0;
    if (next !== undefined) store.put(group, next, latest);
    else if (previous !== undefined) store.delete(group);
    context.running = '';
    if (next !== undefined || previous !== undefined) this.#output.push(group, next, previous, latest);
  }

  #count(group: string, number: number, change: number): void {
    const numbers = this.#numbers;
    const entry = entryOf(group, number, '');
    const count = ((numbers.get(entry) as number | undefined) ?? 0) + change;
    if (count > 0) numbers.put(entry, count);
    else numbers.delete(entry);
  }

  /** @param before the first number until now */
  #first(
    group: string,
    before: number | undefined,
    added: number | undefined,
    removed: number | undefined,
  ): number | undefined {
    if (before === undefined || (added !== undefined && added <= before)) return added;
    if (removed !== before) return before;
    const numbers = this.#numbers;
    const entry = entryOf(group, before, '');
    if (numbers.get(entry) !== undefined) return before;
    const found = numbers.range(entry, endOfEntries(group), 1)[0];
    return found === undefined ? undefined : numberOfText(found[0], found[0].length - NUMBER_LENGTH);
  }
}
