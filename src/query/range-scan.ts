import type { ScanCursor, ScanRow } from '../store/state-store.ts';
import type { KeyRange } from './key-range.ts';
import type { ViewStore } from './queryable-lane.ts';

/** Rows of a range in key order, a few at a time, while events go on changing the view between two calls. */
export class RangeScan {
  /** Every row through this key has been handed out; `null`: none yet. */
  through: string | null;
  readonly #store: ViewStore;
  readonly #range: KeyRange;
  #cursor: ScanCursor;

  constructor(store: ViewStore, range: KeyRange, past: string | null) {
    this.through = past;
    this.#store = store;
    this.#range = range;
    this.#cursor = this.#open();
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

  /** Rows behind this key were handed out and had no room: they come again, as they are then. */
  giveBackBehind(key: string): void {
    if (key === this.through) return;
    this.through = key;
    this.#cursor = this.#open();
  }

  #open(): ScanCursor {
    const { from, to } = this.#range;
    return this.#store.scan({
      ...(from !== null && { from }),
      ...(to !== null && { to }),
      ...(this.through !== null && { after: this.through }),
      limit: Number.MAX_SAFE_INTEGER,
    });
  }
}

const NO_ROWS: readonly ScanRow[] = [];

/** Rows to take at once when `count` rows of `size` bytes are there already: what fits, judging by these; a few at first. */
export function lotRows(count: number, size: number, maxSize: number): number {
  if (count === 0) return FIRST_LOT_ROWS;
  return Math.max(1, Math.min(MAX_LOT_ROWS, Math.ceil((maxSize - size) / (size / count))));
}

/** Each lot costs the store a new start, and what has no room is read in vain. */
const FIRST_LOT_ROWS = 32;
const MAX_LOT_ROWS = 256;
