import { isDeepStrictEqual } from 'node:util';
import type { ViewRow } from '../run/view-reader.ts';
import type { Violation } from './ledger.ts';

/** Rows a view must have: what a fold over the log gives. */
export type ExpectedRows = ReadonlyMap<string, unknown>;

const REPORTED = 5;

/**
 * Compares a view with the fold over the log: the same keys, the same values. `pick` takes of a row what the fold
 * knows, for views whose rows carry more.
 */
export function checkView(
  view: string,
  expected: ExpectedRows,
  rows: readonly ViewRow[],
  pick: (value: unknown) => unknown = (value) => value,
): Violation[] {
  const violations: Violation[] = [];
  const seen = new Set<string>();
  for (const { key, value } of rows) {
    if (seen.has(key)) violations.push({ kind: 'view', detail: `view=${view} key=${key} listed twice` });
    seen.add(key);
    const wanted = expected.get(key);
    if (isDeepStrictEqual(pick(value), wanted)) continue;
    violations.push({
      kind: 'view',
      detail: `view=${view} key=${key} shows=${JSON.stringify(value)} folded=${JSON.stringify(wanted)}`,
    });
  }
  for (const key of expected.keys()) {
    if (!seen.has(key)) violations.push({ kind: 'view', detail: `view=${view} key=${key} is missing` });
  }
  return violations.slice(0, REPORTED);
}
