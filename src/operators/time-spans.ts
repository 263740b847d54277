// data plane
import type { OperatorStore } from './operator.ts';
import { timeOfText, timeText } from './window-key.ts';

/**
 * Rows of an ordered store, parted into spans of time: `<start of the span><key>`. What one event asks for lies in a few
 * of them, however long a time is kept, and what is kept no more is a range of the store: it goes some rows at a time.
 */
export class TimeSpans {
  readonly size: number;
  readonly #store: OperatorStore;
  readonly #retention: number;
  readonly #sweepEvery: number;

  /**
   * @param store ordered; nothing else is in it. Its registers 1 and 2 are taken here
   * @param size of a span in ms
   * @param retention in ms
   */
  constructor(store: OperatorStore, size: number, retention: number) {
    this.#store = store;
    this.size = Math.max(size, 1);
    this.#retention = retention;
    this.#sweepEvery = Math.max(this.size, Math.ceil(retention / SWEEPS_PER_RETENTION));
  }

  /** Start of the span that the time lies in. */
  of(time: number): number {
    return Math.floor(time / this.size) * this.size;
  }

  rowKey(span: number, key: string): string {
    return timeText(span) + key;
  }

  /** To be called with each event that adds a row. Takes out rows whose whole span is kept no more, if there may be any. */
  sweep(latest: number): void {
    const store = this.#store;
    if (latest < store.readRegister(NEXT_SWEEP)) return;
    const end = this.of(latest - this.#retention);
    const swept = store.readRegister(SWEPT_TO);
    // Not from the beginning: rows that were deleted since the last checkpoint would be passed over again each time.
    const rows = store.range(swept === NEVER ? '' : timeText(swept), timeText(end), ROWS_PER_SWEEP);
    for (let i = 0; i < rows.length; i++) store.delete((rows[i] as [string, unknown])[0]);
    if (rows.length < ROWS_PER_SWEEP) {
      store.writeRegister(SWEPT_TO, end);
      store.writeRegister(NEXT_SWEEP, latest + this.#sweepEvery);
    } else {
      const [last] = rows[rows.length - 1] as [string, unknown];
      store.writeRegister(SWEPT_TO, timeOfText(last, 0));
      store.writeRegister(NEXT_SWEEP, latest);
    }
  }
}

// Registers of the store.
const NEXT_SWEEP = 1;
const SWEPT_TO = 2;
const NEVER = Number.NEGATIVE_INFINITY;

const SWEEPS_PER_RETENTION = 8;
/** Rows that go with one event. One event brings one row or two, so that this many are enough. */
const ROWS_PER_SWEEP = 64;
