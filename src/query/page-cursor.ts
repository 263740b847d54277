import { MokaError } from '../base/errors.ts';
import type { KeyRange } from './key-range.ts';
import { MAX_CURSOR_CHARACTERS } from './query-limits.ts';

/** Where the next page of a range goes on: behind `last`. */
export interface PageCursor {
  readonly view: string;
  readonly range: KeyRange;
  readonly last: string;
}

/**
 * A cursor names the query and the last key that was looked at and nothing that lives in memory: it holds through
 * restarts and for ever, and rows that came or went meanwhile are there or not, as the key order has it.
 */
export function encodeCursor(cursor: PageCursor): string {
  const { view, range, last } = cursor;
  return Buffer.from(JSON.stringify([VERSION, view, range.from, range.to, last])).toString('base64url');
}

/** @throws MokaError ERR_VIEW_QUERY */
export function decodeCursor(text: string, view: string): PageCursor {
  const parts = text.length <= MAX_CURSOR_CHARACTERS ? parsed(text) : undefined;
  if (!isCursor(parts)) throw new MokaError('ERR_VIEW_QUERY', 'cursor is none that a page gave');
  const [, cursorView, from, to, last] = parts;
  if (cursorView !== view) throw new MokaError('ERR_VIEW_QUERY', `cursor belongs to another view: view=${cursorView}`);
  return { view, range: { from, to }, last };
}

const VERSION = 1;

type CursorParts = [version: number, view: string, from: string | null, to: string | null, last: string];

function parsed(text: string): unknown {
  const bytes = Buffer.from(text, 'base64url');
  // The decoder skips what is not base64url; only what encodes to the same text was ours.
  if (bytes.toString('base64url') !== text) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function isCursor(value: unknown): value is CursorParts {
  if (!Array.isArray(value) || value.length !== 5 || value[0] !== VERSION) return false;
  const [, view, from, to, last] = value as unknown[];
  return typeof view === 'string' && isBound(from) && isBound(to) && typeof last === 'string';
}

function isBound(value: unknown): boolean {
  return value === null || typeof value === 'string';
}
