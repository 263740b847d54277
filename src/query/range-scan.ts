import type { ScanCursor, ScanRow } from '../store/state-store.ts';
import type { KeyRange } from './key-range.ts';
import type { ViewStore } from './queryable-lane.ts';

/** Rows of a range in key order, a few at a time, while events go on changing the view between two calls. */
export class RangeScan {
  /** Every row through this key has been handed out; `null`: none yet. */
  through: string | null;
  readonly #cursor: ScanCursor;

  constructor(store: ViewStore, range: KeyRange, past: string | null) {
    this.through = past;
    this.#cursor = store.scan({
      ...(range.from !== null && { from: range.from }),
      ...(range.to !== null && { to: range.to }),
      ...(past !== null && { after: past }),
      limit: Number.MAX_SAFE_INTEGER,
    });
  }

  get isEnd(): boolean {
    return this.#cursor.isDone;
  }

  /** None before the end: there is more to do, but the next slice of it should wait for another turn. */
  next(maxRows: number): readonly ScanRow[] {
    if (this.isEnd) return NO_ROWS;
    const rows = this.#cursor.next(maxRows);
    if (rows === 'more') return NO_ROWS;
    this.through = rows.at(-1)?.key ?? this.through;
    return rows;
  }
}

const NO_ROWS: readonly ScanRow[] = [];
