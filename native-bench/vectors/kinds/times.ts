import { ONLY_OUTPUT, type Row } from '../row.ts';
import { LANE, type Step } from '../steps.ts';
import type { Value } from '../words.ts';

/** Before anything that happens in a vector. */
export const LONG_AGO_MS = -1_000_000_000_000;

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
