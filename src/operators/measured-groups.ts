// data plane
import { MAX_STORE_KEY_BYTES } from '../store/store-limits.ts';
import type { Grouping, GroupPair } from './group-rows.ts';
import { finiteNumber } from './number-folds.ts';
import { NUMBER_LENGTH, numberText } from './number-order.ts';
import { OperatorError } from './operator-error.ts';
import { refuseResult } from './user-result.ts';

/** What of a value is added up or compared. It depends on the value alone: it is asked again when the row goes. */
export type GroupMeasure = (value: unknown) => unknown;

/** What a row brings to a group that ranks its rows. */
export type RankedRow = readonly [measure: number, rowKey: string, value: unknown];

/**
 * Groups rows with their measure in the place of their value. It is taken where the row lies and not where the group does:
 * that may be another partition, and what failed there the row would not be undone by.
 */
export function measuredGroups(operator: string, grouping: Grouping, measure: GroupMeasure): Grouping {
  return (row, key) => {
    const pair = grouping(row, key);
    return isPlaced(pair) ? [pair[0], finiteNumber(operator, measure(pair[1]))] : pair;
  };
}

/** Groups rows with measure, key and value in the place of their value. */
export function rankedGroups(operator: string, grouping: Grouping, measure: GroupMeasure): Grouping {
  return (row, key) => {
    const pair = grouping(row, key);
    if (!isPlaced(pair)) return pair;
    const [group, value] = pair;
    if (value === undefined || value === null) refuseResult(operator, value, 'a group with a value to be ranked');
    checkEntry(operator, String(group), key);
    const ranked: RankedRow = [finiteNumber(operator, measure(value)), key, value];
    return [group, ranked];
  };
}

/** The first rows of a group, with their values brought up to date. */
export function upcastRankedRows(rows: unknown, upcast: (value: unknown) => unknown): readonly RankedRow[] {
  return (rows as readonly RankedRow[]).map(([measure, rowKey, value]) => [measure, rowKey, upcast(value)]);
}

/** Key of what a group keeps of a measure, or of a row with that measure: in their order under the group. */
export function entryOf(group: string, measure: number, rowKey: string): string {
  return group + SEPARATOR + numberText(measure) + rowKey;
}

/** Behind all entries of a group. */
export function endOfEntries(group: string): string {
  return group + AFTER_SEPARATOR;
}

function checkEntry(operator: string, group: string, rowKey: string): void {
  const length = group.length + 1 + NUMBER_LENGTH + rowKey.length;
  // A UTF-16 unit takes at most three bytes of UTF-8, so short keys need no counting.
  if (length * 3 <= MAX_STORE_KEY_BYTES) return;
  const bytes = Buffer.byteLength(group) + 1 + NUMBER_LENGTH + Buffer.byteLength(rowKey);
  if (bytes <= MAX_STORE_KEY_BYTES) return;
  throw new OperatorError(operator, `group with key of the row bytes=${bytes} max=${MAX_STORE_KEY_BYTES}`);
}

/** Whether the row has a group; what is no pair at all is refused by who asked. */
function isPlaced(pair: unknown): pair is GroupPair {
  return Array.isArray(pair) && pair.length === 2 && pair[0] !== null;
}

/** No group has a control character. */
const SEPARATOR = '\u0000';
const AFTER_SEPARATOR = '\u0001';
