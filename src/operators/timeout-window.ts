// data plane
import type { WindowOperator, WindowSite } from './aligned-window.ts';
import { NO_KEY, type OperatorStore } from './operator.ts';
import { windowKey } from './window-key.ts';
import { END, FIRST_WINDOW, START, STATE, TIME, WINDOW_LENGTH, type WindowRow, WindowRows } from './window-rows.ts';

/**
 * Sessions that last a fixed time: the first event of a key opens a window, which takes the events of the key for
 * `timeout`, its end excluded; the first one after it opens the next. Windows never grow, merge or overlap: one that is
 * opened by an event from before another window ends where that begins.
 */
export class TimeoutWindowOperator implements WindowOperator {
  readonly closing: WindowRows;
  readonly #site: WindowSite;
  readonly #timeoutMs: number;
  readonly #graceMs: number;

  /** @param due ordered */
  constructor(site: WindowSite, store: OperatorStore, due: OperatorStore, timeoutMs: number, graceMs: number) {
    this.#site = site;
    // A closed window is remembered for as long as an event that is in it could open another that is not closed yet.
    const life = { closeAfterMs: graceMs, keepAfterMs: graceMs + timeoutMs };
    this.closing = new WindowRows(site, store, due, life, (key) => key);
    this.#timeoutMs = timeoutMs;
    this.#graceMs = graceMs;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    const site = this.#site;
    if (key === NO_KEY || (event === null && !site.fold.takesNull)) return;
    const streamTime = this.#site.time.reach(time);
    const row = this.closing.load(key);
    let next = row.length;
    while (next > FIRST_WINDOW && (row[next - WINDOW_LENGTH + START] as number) > time) next -= WINDOW_LENGTH;
    let at = next - WINDOW_LENGTH;
    const isOpen = at >= FIRST_WINDOW && time < (row[at + END] as number);
    if (!isOpen) at = next;
    const start = isOpen ? (row[at + START] as number) : time;
    const end = isOpen ? (row[at + END] as number) : this.#endOf(row, next, time);
    const lateBy = streamTime - end - this.#graceMs;
    if (lateBy >= 0) site.late.tell(key, event, start, end, lateBy, time);
    else this.#fold(key, row, at, isOpen, start, end, event, time);
    this.closing.close(streamTime);
  }

  /** @param next where the window after the time stands, if there is one */
  #endOf(row: WindowRow, next: number, time: number): number {
    const end = time + this.#timeoutMs;
    return next < row.length ? Math.min(end, row[next + START] as number) : end;
  }

  #fold(
    key: string,
    row: WindowRow,
    at: number,
    isOpen: boolean,
    start: number,
    end: number,
    event: unknown,
    time: number,
  ): void {
    const { name, context, fold, isFinal, output } = this.#site;
    const previous = isOpen ? row[at + STATE] : undefined;
    context.enter(name, time);
    if (!isOpen) row.splice(at, 0, start, end, time, fold.empty());
    const state = fold.add(row[at + STATE], event);
    row[at + STATE] = state;
    if (time > (row[at + TIME] as number)) row[at + TIME] = time;
    const latest = row[at + TIME] as number;
    this.closing.save(key, row);
    context.running = '';
    if (!isFinal) output.push(windowKey(key, start, end), state, previous, latest);
  }
}
