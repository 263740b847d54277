// data plane
import type { WindowSite } from './aligned-window.ts';
import { DueRows, MAX_DUE_PER_EVENT } from './due-rows.ts';
import type { OperatorStore } from './operator.ts';
import { compareUtf8 } from './utf8-order.ts';
import { windowKey } from './window-key.ts';
import { type ClosingWindows, MAX_TOLD_AT_ONCE } from './window-time.ts';

/**
 * Rows that hold several windows of one key, so that an event that falls into many windows is one get and one put, not one
 * of each per window:
 *
 * ```
 *   [due, told, parts,  start, end, time, state,  start, end, time, state, …]
 * ```
 *
 * `due`: when the row is looked at next, a time at which DueRows has it. `told`: the windows that end by then have been told
 * as final. `parts`: what the operator notes of other rows of the key, or null. Starts and ends both rise from window to
 * window.
 */
export type WindowRow = unknown[];

/** What stands where in a row: the first window, and how far it is to the next; and what in a window. */
export const PARTS = 2;
export const FIRST_WINDOW = 3;
export const WINDOW_LENGTH = 4;
export const START = 0;
export const END = 1;
export const TIME = 2;
export const STATE = 3;

/** Whether a window's state stands there in a row. */
export function isStateOfRow(at: number): boolean {
  return at >= FIRST_WINDOW && (at - FIRST_WINDOW) % WINDOW_LENGTH === STATE;
}

/** When a window closes, and when it is forgotten: ms after its end, by stream time. */
export interface WindowLife {
  readonly closeAfterMs: number;
  /** Not before it closes. */
  readonly keepAfterMs: number;
}

/** The rows of an operator: reads and writes them, tells the windows that have closed, lets go of those that are over. */
export class WindowRows implements ClosingWindows {
  readonly #site: WindowSite;
  readonly #rows: OperatorStore;
  readonly #due: DueRows;
  readonly #life: WindowLife;
  readonly #keyOf: (rowKey: string) => string;
  readonly #stepMs: number;

  /** @param keyOf key that a row belongs to */
  constructor(
    site: WindowSite,
    rows: OperatorStore,
    due: OperatorStore,
    life: WindowLife,
    keyOf: (rowKey: string) => string,
  ) {
    this.#site = site;
    this.#rows = rows;
    this.#due = new DueRows(due);
    this.#life = life;
    this.#keyOf = keyOf;
    this.#stepMs = Math.ceil(life.keepAfterMs / STEPS) + 1;
  }

  /** @returns a row to be changed and saved */
  load(rowKey: string): WindowRow {
    const row = this.#rows.get(rowKey) as WindowRow | undefined;
    return row === undefined ? emptyRow() : row.slice();
  }

  save(rowKey: string, row: WindowRow): void {
    const due = this.#dueOf(row);
    // A row that is due too early is looked at in vain, once; too late it must not be.
    if (row[0] === NEVER || (this.#site.isFinal && due < (row[0] as number))) {
      row[0] = due;
      this.#due.note(rowKey, due);
    }
    this.#rows.put(rowKey, row);
  }

  has(rowKey: string): boolean {
    return this.#rows.get(rowKey) !== undefined;
  }

  /** The row's windows have moved elsewhere; that it is due is found out to be wrong later. */
  delete(rowKey: string): void {
    this.#rows.delete(rowKey);
  }

  /** Tells and lets go of what has closed, in the order of end, start, key; of what is over, a bounded part at an event. */
  close(streamTime: number): void {
    const due = this.#due;
    if (!this.#site.time.isOfEvents || !due.isDue(streamTime)) return;
    const closed: ClosedWindow[] = [];
    const rowKeys = due.take(streamTime);
    for (let i = 0; i < rowKeys.length; i++) this.#look(rowKeys[i] as string, streamTime, closed);
    if (closed.length > 0) this.#tell(closed);
  }

  get nextClose(): number {
    return this.#due.next;
  }

  closeNext(isTold: boolean): string {
    const time = this.#due.next;
    const rowKeys = this.#due.take(time, this.#site.isFinal ? MAX_TOLD_AT_ONCE : MAX_DUE_PER_EVENT);
    for (let i = 0; i < rowKeys.length; i++) {
      const closed: ClosedWindow[] = [];
      this.#look(rowKeys[i] as string, time, closed);
      if (isTold && closed.length > 0) this.#tell(closed);
    }
    return rowKeys.length === 0 ? '' : this.#keyOf(rowKeys[0] as string);
  }

  #look(rowKey: string, streamTime: number, closed: ClosedWindow[]): void {
    const row = this.#rows.get(rowKey) as WindowRow | undefined;
    if (row === undefined) return;
    const told = this.#site.isFinal ? this.#gather(rowKey, row, streamTime - this.#life.closeAfterMs, closed) : NEVER;
    const kept = this.#withoutPast(row, streamTime - this.#life.keepAfterMs);
    if (kept.length === FIRST_WINDOW) {
      this.#rows.delete(rowKey);
      return;
    }
    kept[1] = Math.max(told, row[1] as number);
    // Another look is noted already unless this was it.
    if ((row[0] as number) <= streamTime) {
      kept[0] = this.#dueOf(kept);
      this.#due.note(rowKey, kept[0] as number);
    }
    this.#rows.put(rowKey, kept);
  }

  /** @returns end of the last window that is told */
  #gather(rowKey: string, row: WindowRow, until: number, closed: ClosedWindow[]): number {
    let told = row[1] as number;
    for (let at = FIRST_WINDOW; at < row.length; at += WINDOW_LENGTH) {
      const end = row[at + END] as number;
      if (end > until) break;
      if (end <= told) continue;
      told = end;
      const start = row[at + START] as number;
      closed.push({ key: this.#keyOf(rowKey), start, end, time: row[at + TIME] as number, state: row[at + STATE] });
    }
    return told;
  }

  #withoutPast(row: WindowRow, until: number): WindowRow {
    let at = FIRST_WINDOW;
    while (at < row.length && (row[at + END] as number) <= until) at += WINDOW_LENGTH;
    const kept = row.slice(at - FIRST_WINDOW);
    kept[0] = row[0];
    kept[1] = row[1];
    kept[PARTS] = row[PARTS];
    return kept;
  }

  /** When a window of the row is to be told, or, where none is told, when all of them are over. */
  #dueOf(row: WindowRow): number {
    const { closeAfterMs, keepAfterMs } = this.#life;
    const last = (row[row.length - WINDOW_LENGTH + END] as number) + keepAfterMs;
    // Nobody sees a row go: many go at once, so that time seldom comes to one that is due.
    if (!this.#site.isFinal) return Math.ceil(last / this.#stepMs) * this.#stepMs;
    for (let at = FIRST_WINDOW; at < row.length; at += WINDOW_LENGTH) {
      const end = row[at + END] as number;
      if (end > (row[1] as number)) return end + closeAfterMs;
    }
    return last;
  }

  #tell(closed: ClosedWindow[]): void {
    const { context, output, release } = this.#site;
    const before = context.rowKey;
    closed.sort(inOrder);
    for (const { key, start, end, time, state } of closed) {
      context.rowKey = key;
      const windowed = windowKey(key, start, end);
      release(key, windowed, time, () => output.push(windowed, state, undefined, time));
    }
    context.rowKey = before;
  }
}

export function emptyRow(): WindowRow {
  return [NEVER, NEVER, null];
}

interface ClosedWindow {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly time: number;
  readonly state: unknown;
}

function inOrder(a: ClosedWindow, b: ClosedWindow): number {
  return a.end - b.end || a.start - b.start || compareUtf8(a.key, b.key);
}

/** Times, in the span that a window is kept after its end, at which rows go. */
const STEPS = 4;

/** As what it is stored: state is finite. */
const NEVER = -Number.MAX_SAFE_INTEGER;
