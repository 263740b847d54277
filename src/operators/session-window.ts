// data plane
import type { WindowOperator, WindowSite } from './aligned-window.ts';
import { NO_KEY, type OperatorStore } from './operator.ts';
import { keyOfSessionRow, SessionRows } from './session-rows.ts';
import { windowKey } from './window-key.ts';
import { END, FIRST_WINDOW, START, STATE, TIME, WINDOW_LENGTH, type WindowRow, WindowRows } from './window-rows.ts';

/**
 * Folds the events of a key that lie no more than `gap` apart. A session reaches from its first event to its last, both
 * included; an event between two of them makes them one. A session that has grown bears another window, so its row until
 * now is deleted before the new one comes.
 *
 * It is closed when the stream is beyond its end by more than `gap` and grace. An event is a get and a put, for the open
 * sessions of a key share a row.
 */
export class SessionWindowOperator implements WindowOperator {
  readonly closing: WindowRows;
  readonly #site: WindowSite;
  readonly #sessions: SessionRows;
  readonly #gapMs: number;
  readonly #graceMs: number;

  /** @param due ordered */
  constructor(site: WindowSite, store: OperatorStore, due: OperatorStore, gapMs: number, graceMs: number) {
    this.#site = site;
    const closeAfterMs = gapMs + graceMs + 1;
    this.closing = new WindowRows(site, store, due, { closeAfterMs, keepAfterMs: closeAfterMs }, keyOfSessionRow);
    this.#sessions = new SessionRows(this.closing, gapMs);
    this.#gapMs = gapMs;
    this.#graceMs = graceMs;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    const site = this.#site;
    if (key === NO_KEY || (event === null && !site.fold.takesNull)) return;
    const streamTime = this.#site.time.reach(time);
    const openFrom = streamTime - this.#gapMs - this.#graceMs;
    const row = this.#sessions.load(key, time);
    // Sessions that the event is near, from `from` to `to` (exclusive): the last ones mostly.
    let to = row.length;
    while (to > FIRST_WINDOW && (row[to - WINDOW_LENGTH + START] as number) > time + this.#gapMs) to -= WINDOW_LENGTH;
    const nearFrom = Math.max(time - this.#gapMs, openFrom);
    let from = to;
    while (from > FIRST_WINDOW && (row[from - WINDOW_LENGTH + END] as number) >= nearFrom) from -= WINDOW_LENGTH;
    const start = from === to ? time : Math.min(time, row[from + START] as number);
    const end = from === to ? time : Math.max(time, row[to - WINDOW_LENGTH + END] as number);
    if (end < openFrom) site.late.tell(key, event, start, end, openFrom - end - 1, time);
    else this.#fold(key, row, from, to, start, end, event, time);
    this.closing.close(streamTime);
  }

  #fold(
    key: string,
    row: WindowRow,
    from: number,
    to: number,
    start: number,
    end: number,
    event: unknown,
    time: number,
  ): void {
    const { name, context, fold, isFinal, output } = this.#site;
    context.enter(name, time);
    let state = fold.empty();
    for (let at = from; at < to; at += WINDOW_LENGTH) state = fold.merge(state, row[at + STATE]);
    state = fold.add(state, event);
    const merged = row.splice(from, to - from, start, end, end, state);
    this.#sessions.save(key, row);
    context.running = '';
    if (isFinal) return;
    // Several events at one time, and none other: the window stays what it was.
    const isSame = start === end && merged.length > 0;
    for (let at = 0; at < merged.length && !isSame; at += WINDOW_LENGTH) {
      const old = windowKey(key, merged[at + START] as number, merged[at + END] as number);
      output.push(old, undefined, merged[at + STATE], merged[at + TIME] as number);
    }
    output.push(windowKey(key, start, end), state, isSame ? merged[STATE] : undefined, end);
  }
}
