// data plane
import type { WindowOperator, WindowSite } from './aligned-window.ts';
import { NO_KEY, type OperatorStore } from './operator.ts';
import { TIME_LENGTH, timeText, windowKey } from './window-key.ts';
import { END, FIRST_WINDOW, START, STATE, TIME, WINDOW_LENGTH, WindowRows } from './window-rows.ts';

/**
 * Folds the events of a key into windows of one size, one beginning every `advance`: an event falls into several. They
 * begin at multiples of `advance`, none before 0 unless the event itself happened before.
 *
 * Windows that begin near each other share a row, so an event costs two gets and two puts if it is in WINDOWS_PER_ROW
 * windows or fewer, however many those are. Where every event tells the new row of every window it is in, the windows have to
 * be there anyway, before and after it: out of panes, each would have to be put together anew for each event. Windows that are
 * told once and whose fold merges are put together out of panes: see `PaneWindowOperator`.
 */
export class HoppingWindowOperator implements WindowOperator {
  readonly closing: WindowRows;
  readonly #site: WindowSite;
  readonly #sizeMs: number;
  readonly #advanceMs: number;
  readonly #graceMs: number;
  readonly #spanMs: number;

  /** @param due ordered */
  constructor(
    site: WindowSite,
    store: OperatorStore,
    due: OperatorStore,
    sizeMs: number,
    advanceMs: number,
    graceMs: number,
  ) {
    this.#site = site;
    this.closing = new WindowRows(site, store, due, { closeAfterMs: graceMs, keepAfterMs: graceMs }, keyOfRow);
    this.#sizeMs = sizeMs;
    this.#advanceMs = advanceMs;
    this.#graceMs = graceMs;
    this.#spanMs = advanceMs * Math.min(Math.ceil(sizeMs / advanceMs), WINDOWS_PER_ROW);
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    const site = this.#site;
    if (key === NO_KEY || (event === null && !site.fold.takesNull)) return;
    const streamTime = this.#site.time.reach(time);
    const advance = this.#advanceMs;
    const last = Math.floor(time / advance) * advance;
    const lateBy = streamTime - this.#graceMs - (last + this.#sizeMs);
    if (lateBy >= 0) {
      site.late.tell(key, event, last, last + this.#sizeMs, lateBy, time);
    } else {
      const first = this.#firstOpen(time, streamTime);
      const span = this.#spanMs;
      for (let row = Math.floor(first / span) * span; row <= last; row += span) {
        this.#fold(key, row, Math.max(row, first), Math.min(row + span - advance, last), event, time);
      }
    }
    this.closing.close(streamTime);
  }

  /** Start of the first window that the time is in and that has not closed. */
  #firstOpen(time: number, streamTime: number): number {
    const advance = this.#advanceMs;
    const least = time >= 0 ? Math.max(time - this.#sizeMs + 1, 0) : time - this.#sizeMs + 1;
    const open = streamTime - this.#graceMs - this.#sizeMs + 1;
    return Math.ceil(Math.max(least, open) / advance) * advance;
  }

  /** Folds the event into the windows of one row that begin from `first` to `last`. */
  #fold(key: string, rowStart: number, first: number, last: number, event: unknown, time: number): void {
    const { name, context, fold, isFinal, output } = this.#site;
    const rowKey = `${key}\u0000${timeText(rowStart)}`;
    const row = this.closing.load(rowKey);
    const before = isFinal ? null : row.slice();
    context.enter(name, time);
    let at = FIRST_WINDOW;
    for (let start = first; start <= last; start += this.#advanceMs) {
      while (at < row.length && (row[at + START] as number) < start) at += WINDOW_LENGTH;
      const isNew = row[at + START] !== start;
      if (isNew) row.splice(at, 0, start, start + this.#sizeMs, time, fold.empty());
      if (isNew && before !== null) before.splice(at, 0, start, start + this.#sizeMs, time, undefined);
      row[at + STATE] = fold.add(row[at + STATE], event);
      if (time > (row[at + TIME] as number)) row[at + TIME] = time;
    }
    this.closing.save(rowKey, row);
    context.running = '';
    if (before === null) return;
    for (at = FIRST_WINDOW; at < row.length; at += WINDOW_LENGTH) {
      const start = row[at + START] as number;
      if (start < first || start > last) continue;
      const end = row[at + END] as number;
      output.push(windowKey(key, start, end), row[at + STATE], before[at + STATE], row[at + TIME] as number);
    }
  }
}

/** Windows of one row. More would make the row of a window with much state long. */
const WINDOWS_PER_ROW = 32;

const ROW_SUFFIX_LENGTH = 1 + TIME_LENGTH;

function keyOfRow(rowKey: string): string {
  return rowKey.slice(0, rowKey.length - ROW_SUFFIX_LENGTH);
}
