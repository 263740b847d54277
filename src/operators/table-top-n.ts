// data plane
import type { GroupPair } from './group-rows.ts';
import { endOfEntries, entryOf, type RankedRow } from './measured-groups.ts';
import { NUMBER_LENGTH, numberOfText } from './number-order.ts';
import type { Operator, OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { compareUtf8 } from './utf8-order.ts';

/**
 * The rows of a group with the greatest measures, the greatest first; of equal ones, those with the least key: which they
 * are depends on the rows alone, not on how they came. Another row may have to move up when one goes, so all rows of a
 * group are kept, each for itself, in the order of their rank:
 *
 * ```
 *   <group> 00 <measure with its sign turned, 16 characters> <key of the row>    value
 * ```
 *
 * Of those a row is looked up only when one of the first has gone and what came does not take its place. A row that was not
 * among the first and is not now changes nothing, and nothing is passed on.
 */
export class TableTopNOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #rows: OperatorStore;
  readonly #n: number;
  readonly #output: Operator;

  /**
   * @param store timed
   * @param rows ordered
   */
  constructor(
    name: string,
    context: OperatorContext,
    store: OperatorStore,
    rows: OperatorStore,
    n: number,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#rows = rows;
    this.#n = n;
    this.#output = output;
  }

  push(group: string, put: unknown, taken: unknown, time: number): void {
    const store = this.#store;
    const context = this.#context;
    const previous = store.get(group) as readonly RankedRow[] | undefined;
    const latest = previous !== undefined && store.time > time ? store.time : time;
    const added = put === undefined ? undefined : ((put as GroupPair)[1] as RankedRow);
    const removed = taken === undefined ? undefined : ((taken as GroupPair)[1] as RankedRow);
    context.running = this.#name;
    this.#keep(group, added, removed);
    const first = this.#ranked(group, previous ?? NONE, added, removed);
    if (first !== null && first.length > 0) store.put(group, first, latest);
    else if (first !== null) store.delete(group);
    context.running = '';
    if (first !== null) this.#output.push(group, first.length > 0 ? first : undefined, previous, latest);
  }

  #keep(group: string, added: RankedRow | undefined, removed: RankedRow | undefined): void {
    const entry = added === undefined ? '' : placeOf(group, added);
    const gone = removed === undefined ? '' : placeOf(group, removed);
    if (removed !== undefined && gone !== entry) this.#rows.delete(gone);
    if (added !== undefined) this.#rows.put(entry, added[VALUE]);
  }

  /** @returns the first rows from now on; null if they are what they were */
  #ranked(
    group: string,
    previous: readonly RankedRow[],
    added: RankedRow | undefined,
    removed: RankedRow | undefined,
  ): readonly RankedRow[] | null {
    const at = removed === undefined ? -1 : previous.findIndex((row) => row[KEY] === removed[KEY]);
    const next = previous.slice();
    if (at >= 0) next.splice(at, 1);
    // While all rows of the group are in the list, its end is free.
    const isWhole = previous.length < this.#n;
    let to = next.length;
    while (added !== undefined && to > 0 && compareRanks(added, next[to - 1] as RankedRow) < 0) to--;
    const isAmong = added !== undefined && (isWhole || to < next.length);
    if (isAmong) next.splice(to, 0, added);
    if (!isAmong && at < 0) return null;
    if (next.length > this.#n) next.pop();
    if (!isWhole && next.length < this.#n) this.#moveUp(group, next, added, removed as RankedRow);
    return next;
  }

  /** The first row behind the list moves up into it. Where the list is empty, it stands no further ahead than those two. */
  #moveUp(group: string, list: RankedRow[], added: RankedRow | undefined, removed: RankedRow): void {
    const last = list[list.length - 1];
    const ahead = added !== undefined && compareRanks(added, removed) < 0 ? added : removed;
    const from = last === undefined ? placeOf(group, ahead) : `${placeOf(group, last)}\u0000`;
    const found = this.#rows.range(from, endOfEntries(group), 1)[0];
    if (found !== undefined) list.push(rankedRow(group, found[0], found[1]));
  }
}

function placeOf(group: string, row: RankedRow): string {
  return entryOf(group, -row[MEASURE], row[KEY]);
}

function rankedRow(group: string, entry: string, value: unknown): RankedRow {
  const at = group.length + 1;
  return [0 - numberOfText(entry, at), entry.slice(at + NUMBER_LENGTH), value];
}

function compareRanks(a: RankedRow, b: RankedRow): number {
  return b[MEASURE] - a[MEASURE] || compareUtf8(a[KEY], b[KEY]);
}

const NONE: readonly RankedRow[] = [];
const MEASURE = 0;
const KEY = 1;
const VALUE = 2;
