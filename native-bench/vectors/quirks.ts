import { isDeepStrictEqual } from 'node:util';
import { keyAndWindow, type Row } from './row.ts';

/**
 * Differences from a peer that moka has on purpose. A vector says by its tag that an engine may differ there; how far, is
 * said here: what is left of both sides must be equal. Every tag that is not listed is held to the letter.
 */
export interface Quirk {
  readonly reason: string;
  /** What is compared of what must come out and of what did. */
  readonly reduce: (expected: readonly Row[], observed: readonly Row[]) => readonly [readonly Row[], readonly Row[]];
  /** The vector shows what a modern engine must not do: rows that are equal as they are fail. */
  readonly mustDiffer?: true;
}

export const QUIRKS: Readonly<Record<string, Quirk>> = {
  'unnecessary-tombstone': {
    reason: 'what was never there is not deleted: a table knows its rows',
    reduce: (expected, observed) => [withoutEmptyDeletes(expected), withoutEmptyDeletes(observed)],
  },
  'KAFKA-6443-duplicate-results': {
    reason: 'a table that is not changed says nothing, and a row that is no longer right is deleted',
    reduce: (expected, observed) => [
      withoutRepeats(expected),
      withoutRepeats(observed).filter((row) => row.value !== null || expected.some((other) => isOfSameKey(other, row))),
    ],
  },
  'legacy-eager-left': {
    reason: 'an unmatched row comes out when its window has closed, and then only',
    reduce: (expected, observed) => [expected.filter((row) => !isUnmatched(row)), observed],
    mustDiffer: true,
  },
  'legacy-transient-state': {
    reason: 'a row that stays in its group is taken out and put in with one update',
    reduce: (expected, observed) => [lastOfEachInput(expected), observed],
    mustDiffer: true,
  },
};

function withoutEmptyDeletes(rows: readonly Row[]): readonly Row[] {
  const there = new Set<string>();
  return rows.filter((row) => {
    const name = keyAndWindow(row);
    if (row.value !== null) there.add(name);
    return row.value !== null || there.delete(name);
  });
}

/** Rows that the same input brings about twice, once. */
function withoutRepeats(rows: readonly Row[]): readonly Row[] {
  return rows.filter((row, index) => rows.findIndex((other) => isDeepStrictEqual(other, row)) === index);
}

function isOfSameKey(row: Row, other: Row): boolean {
  return keyAndWindow(row) === keyAndWindow(other) && row.afterInput === other.afterInput;
}

/** Joined with nothing, as joiners write it. */
function isUnmatched({ value }: Row): boolean {
  return /(^|\W)null($|\W)/.test(String(value));
}

/** Of rows of one key that one input brings about, the last. */
function lastOfEachInput(rows: readonly Row[]): readonly Row[] {
  return rows.filter((row, index) => !rows.slice(index + 1).some((later) => isOfSameKey(later, row)));
}
