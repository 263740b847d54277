// data plane
import type { OperatorStore } from './operator.ts';
import { timeText } from './window-key.ts';

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
   * @param store ordered; nothing else is in it. Its register 1 is taken here
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
    const end = timeText(this.of(latest - this.#retention));
    const from = (store.get(SWEPT_TO) as string | undefined) ?? FIRST;
    // Not from the beginning: what was deleted since the last checkpoint would be passed over again each time.
    const rows = from < end ? store.range(from, end, ROWS_PER_SWEEP) : [];
    for (let i = 0; i < rows.length; i++) store.delete((rows[i] as [string, unknown])[0]);
    const isDone = rows.length < ROWS_PER_SWEEP;
    store.put(SWEPT_TO, isDone ? end : (rows[rows.length - 1] as [string, unknown])[0]);
    store.writeRegister(NEXT_SWEEP, isDone ? latest + this.#sweepEvery : latest);
  }
}

/** Register of the store. */
const NEXT_SWEEP = 1;
/** The row that says how far rows were taken out, as a key. It stands before the rows of any time. */
const SWEPT_TO = '!swept';
const FIRST = '0';

const SWEEPS_PER_RETENTION = 8;
/** Rows that go with one event. One event brings one row or two, so that this many are enough. */
const ROWS_PER_SWEEP = 64;
