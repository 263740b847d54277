import { MokaError } from '../base/errors.ts';
import { isWindowKey, keyOfWindowKey, timeText, windowKey, windowOfKey } from '../operators/window-key.ts';
import { checkKey, type KeyRange } from './key-range.ts';

/** The rows of one key in a view of windows: those whose window starts at `from` or later and before `to`. */
export interface WindowQuery {
  readonly key: string;
  /** In ms since 1970, or the number of an event where windows are counted. As a number, or as its digits. */
  readonly from?: number | string | undefined;
  readonly to?: number | string | undefined;
}

/** What a row of a view of windows is of. */
export interface RowWindow {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** @throws MokaError ERR_VIEW_QUERY */
export function windowRangeOf({ key, from, to }: WindowQuery): KeyRange {
  checkKey(key);
  const first = from === undefined ? null : timeOf('from', from);
  const last = to === undefined ? null : timeOf('to', to);
  if (first !== null && last !== null && first > last) throw new MokaError('ERR_VIEW_QUERY', 'from lies after to');
  // Behind the zero character come digits, so that the next character is behind all of them.
  return {
    from: `${key}\u0000${first === null ? '' : timeText(first)}`,
    to: last === null ? `${key}\u0001` : `${key}\u0000${timeText(last)}`,
  };
}

/** The key of the row of one window. @throws MokaError ERR_VIEW_QUERY */
export function windowRowKey(key: string, start: number | string, end: number | string): string {
  checkKey(key);
  const bounds = [timeOf('start', start), timeOf('end', end)] as const;
  if (bounds[0] > bounds[1]) throw new MokaError('ERR_VIEW_QUERY', 'start lies after end');
  return windowKey(key, ...bounds);
}

/** @returns null for a key of another kind */
export function rowWindowOf(rowKey: string): RowWindow | null {
  return isWindowKey(rowKey) ? { key: keyOfWindowKey(rowKey), ...windowOfKey(rowKey) } : null;
}

function timeOf(name: string, value: number | string): number {
  const time = typeof value === 'number' ? value : /^-?\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isInteger(time) && Math.abs(time) <= MAX_TIME_MS) return time;
  throw new MokaError('ERR_VIEW_QUERY', `${name} is not a whole number of ms since 1970, ${MAX_TIME_MS} at most`);
}

/** Before the year 100 000; row keys have room for it on both sides of 1970. */
const MAX_TIME_MS = 3_000_000_000_000_000;
