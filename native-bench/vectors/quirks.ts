import { keyAndWindow, type Row } from './row.ts';

/**
 * Differences from a peer that moka has on purpose. A vector says by its tag that an engine may differ there; how far, is
 * said here: what is left of both sides, or that the two must differ. Every tag that is not listed is held to the letter.
 */
export interface Quirk {
  readonly reason: string;
  /** What of a side is compared. */
  readonly reduce?: (rows: readonly Row[]) => readonly Row[];
  /** The vector shows what a modern engine must not do. */
  readonly mustDiffer?: true;
}

export const QUIRKS: Readonly<Record<string, Quirk>> = {
  'unnecessary-tombstone': {
    reason: 'what was never there is not deleted: a table knows its rows',
    reduce: withoutEmptyDeletes,
  },
  'legacy-eager-left': {
    reason: 'an unmatched row comes out when its window has closed, once and for all',
    mustDiffer: true,
  },
  'legacy-transient-state': {
    reason: 'a row that stays in its group is taken back and added in one update',
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
