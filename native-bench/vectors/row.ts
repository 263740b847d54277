import { isDeepStrictEqual } from 'node:util';
import type { ExpectedRow, WindowSpan } from './vector.ts';

/** A row that came out, or that must. Keys are text: moka knows no others. */
export interface Row {
  readonly output: string;
  readonly key: string | null;
  readonly value: unknown;
  readonly window?: WindowSpan;
  /** In ms. Of an expected row: not looked at if it is absent. */
  readonly ts?: number;
  /** Index of the input that brought it about. Of an expected row: not looked at if it is absent. */
  readonly afterInput?: number;
}

/** Of a vector with one output, which therefore has no name. */
export const ONLY_OUTPUT = 'out';

export function expectedRow(row: ExpectedRow): Row {
  const { output = ONLY_OUTPUT, key = null, value = null, window, ts, afterInput } = row;
  return {
    output,
    key: key === null ? null : String(key),
    value,
    ...(window === undefined ? {} : { window: { start: window.start, end: window.end } }),
    ...(ts === undefined ? {} : { ts }),
    ...(afterInput === undefined ? {} : { afterInput }),
  };
}

export function matches(expected: Row, observed: Row): boolean {
  return (
    expected.output === observed.output &&
    expected.key === observed.key &&
    isDeepStrictEqual(expected.value, observed.value) &&
    isDeepStrictEqual(expected.window, observed.window) &&
    (expected.ts === undefined || expected.ts === observed.ts) &&
    (expected.afterInput === undefined || expected.afterInput === observed.afterInput)
  );
}

export function withoutTime(row: Row): Row {
  const { ts: _, ...rest } = row;
  return rest;
}

export function withoutInput(row: Row): Row {
  const { afterInput: _, ...rest } = row;
  return rest;
}

/** What a row is a row of: the key, and the window if there is one. */
export function keyAndWindow(row: Row): string {
  return JSON.stringify([row.output, row.key, row.window?.start, row.window?.end]);
}

/** The rows as they stand in the end: the last of each key and window, unless that deleted it. */
export function lastRows(rows: readonly Row[]): Row[] {
  const last = new Map<string, Row>();
  for (const row of rows) {
    const name = keyAndWindow(row);
    // To the end of the map: it is in the order of the changes.
    last.delete(name);
    last.set(name, row);
  }
  return [...last.values()];
}

/** `key[start,end]=value @ts #input` */
export function rowText(row: Row): string {
  const output = row.output === ONLY_OUTPUT ? '' : `${row.output}: `;
  const window = row.window === undefined ? '' : `[${row.window.start},${row.window.end}]`;
  const time = row.ts === undefined ? '' : ` @${row.ts}`;
  const input = row.afterInput === undefined ? '' : ` #${row.afterInput}`;
  return `${output}${row.key}${window}=${JSON.stringify(row.value)}${time}${input}`;
}
