import { ONLY_OUTPUT, type Row } from '../row.ts';
import { LANE, type Step } from '../steps.ts';
import type { Value } from '../words.ts';

/** Before anything that happens in a vector. */
export const LONG_AGO_MS = -1_000_000_000_000;

/**
 * An event of the year 1970 is none that an engine takes. So there time begins as many days later as lead into the year
 * 2033: windows of any usual size begin at the same places as before.
 */
export const EPOCH_MS = 23_100 * 24 * 60 * 60 * 1000;

/** A row that says something about time, under no key. */
export function told(value: unknown, afterInput: number): Row {
  return { output: ONLY_OUTPUT, key: null, value, afterInput };
}

export function withoutKey(row: Row): Row {
  return { ...row, key: null };
}

export function sent(stream: string, value: Value, ts: number): Step {
  return { send: stream, event: { lane: LANE, key: null, value, ts } };
}
