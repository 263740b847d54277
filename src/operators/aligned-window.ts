// data plane
import type { LateEvents } from './late-events.ts';
import { NO_KEY, type Operator, type OperatorStore, type Release } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import type { WindowFold } from './window-fold.ts';
import { TIME_LENGTH, timeOfText, timeText, windowKey } from './window-key.ts';
import { type ClosingWindows, MAX_TOLD_AT_ONCE, type WindowTime } from './window-time.ts';

/** Windows that lie one after the other, the same for every key. The answer depends on the arguments alone. */
export interface AlignedWindows {
  /** Start of the window that the time lies in. */
  startOf(time: number): number;
  /** End, exclusive, of the window that begins there. */
  endOf(start: number): number;
}

/** Windows of one size, one after the other. */
export class TumblingWindows implements AlignedWindows {
  readonly #sizeMs: number;
  readonly #offsetMs: number;

  constructor(sizeMs: number, offsetMs: number) {
    this.#sizeMs = sizeMs;
    this.#offsetMs = offsetMs;
  }

  startOf(time: number): number {
    return Math.floor((time - this.#offsetMs) / this.#sizeMs) * this.#sizeMs + this.#offsetMs;
  }

  endOf(start: number): number {
    return start + this.#sizeMs;
  }
}

/** What every operator on windows is made with. */
export interface WindowSite {
  readonly name: string;
  readonly context: OperatorContext;
  readonly fold: WindowFold;
  /** Whether a window's row is told once, when the window closes, and not at every event. */
  readonly isFinal: boolean;
  readonly time: WindowTime;
  readonly late: LateEvents;
  readonly output: Operator;
  /** See `OperatorHost.release`: a closed window's row that fails downstream is taken back alone. */
  readonly release: Release;
}

export interface WindowOperator extends Operator {
  /** What time closes, where it does so between events; null if nothing does. */
  readonly closing: ClosingWindows | null;
}

/**
 * Folds the events of a key that fall into one window, where each event falls into exactly one: a get and a put. A window
 * is closed when the stream has reached its end and the grace after it; then it takes no event more and its row goes.
 *
 * The rows stand in an ordered store under `end ++ key`, so that the store itself says which windows are over: a range from
 * its beginning, asked for only when a register says that the first has closed.
 */
export class AlignedWindowOperator implements WindowOperator, ClosingWindows {
  readonly closing = this;
  readonly #site: WindowSite;
  readonly #store: OperatorStore;
  readonly #windows: AlignedWindows;
  readonly #graceMs: number;
  // The window of the event before, with the texts of its keys: a window has many events.
  #start = Number.POSITIVE_INFINITY;
  #end = Number.NEGATIVE_INFINITY;
  #endText = '';
  #suffix = '';

  /** @param store ordered and timed; nothing else is in it */
  constructor(site: WindowSite, store: OperatorStore, windows: AlignedWindows, graceMs: number) {
    this.#site = site;
    this.#store = store;
    this.#windows = windows;
    this.#graceMs = graceMs;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    const site = this.#site;
    if (key === NO_KEY || (event === null && !site.fold.takesNull)) return;
    const streamTime = site.time.reach(time);
    if (time < this.#start || time >= this.#end) this.#turnTo(time);
    const end = this.#end;
    const lateBy = streamTime - end - this.#graceMs;
    if (lateBy >= 0) site.late.tell(key, event, this.#start, end, lateBy, time);
    else this.#fold(key, event, time);
    if (site.time.isOfEvents && streamTime >= this.nextClose) this.#close(streamTime - this.#graceMs);
  }

  #fold(key: string, event: unknown, time: number): void {
    const { name, context, fold, isFinal, output } = this.#site;
    const store = this.#store;
    const rowKey = this.#endText + key;
    const previous = store.get(rowKey);
    // Not Math.max: its result would be a new number on the heap for every event.
    const latest = previous !== undefined && store.time > time ? store.time : time;
    context.enter(name, time);
    const next = fold.add(previous === undefined ? fold.empty() : previous, event);
    store.put(rowKey, next, latest);
    context.running = '';
    if (previous === undefined && this.#end < this.#nextEnd) store.writeRegister(NEXT_END, this.#end);
    if (!isFinal) output.push(key + this.#suffix, next, previous, latest);
  }

  get nextClose(): number {
    return this.#nextEnd + this.#graceMs;
  }

  closeNext(isTold: boolean): string {
    const store = this.#store;
    const end = this.#nextEnd;
    const most = this.#site.isFinal ? MAX_TOLD_AT_ONCE : MAX_CLOSED_PER_EVENT;
    const rows = store.range(timeText(end), undefined, most + 1);
    let count = 0;
    while (count < most && count < rows.length && timeOfText((rows[count] as [string, unknown])[0], 0) === end) count++;
    const next = rows[count];
    store.writeRegister(NEXT_END, next === undefined ? Number.POSITIVE_INFINITY : timeOfText(next[0], 0));
    for (let i = 0; i < count; i++) {
      const [rowKey] = rows[i] as [string, unknown];
      if (isTold) this.#closeRow(rowKey);
      else store.delete(rowKey);
    }
    return count === 0 ? '' : (rows[0] as [string, unknown])[0].slice(TIME_LENGTH);
  }

  /** No row's window ends before; Infinity: there is none. */
  get #nextEnd(): number {
    const end = this.#store.readRegister(NEXT_END);
    return end === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : end;
  }

  /** Closes the windows that end by then, the first MAX_CLOSED_PER_EVENT rows; the rest goes with the next event. */
  #close(until: number): void {
    const store = this.#store;
    const to = timeText(until + 1);
    const rows = store.range(timeText(this.#nextEnd), to, MAX_CLOSED_PER_EVENT);
    for (let i = 0; i < rows.length; i++) this.#closeRow((rows[i] as [string, unknown])[0]);
    const next = rows.length === MAX_CLOSED_PER_EVENT ? rows[rows.length - 1] : store.range(to, undefined, 1)[0];
    store.writeRegister(NEXT_END, next === undefined ? Number.POSITIVE_INFINITY : timeOfText(next[0], 0));
  }

  #closeRow(rowKey: string): void {
    const store = this.#store;
    const { isFinal, context, output, release } = this.#site;
    if (!isFinal) {
      store.delete(rowKey);
      return;
    }
    const row = store.get(rowKey);
    const time = store.time;
    store.delete(rowKey);
    const lastTime = timeOfText(rowKey, 0) - 1;
    if (lastTime < this.#start || lastTime >= this.#end) this.#turnTo(lastTime);
    const key = rowKey.slice(TIME_LENGTH);
    const before = context.rowKey;
    context.rowKey = key;
    const windowed = key + this.#suffix;
    release(key, windowed, time, () => output.push(windowed, row, undefined, time));
    context.rowKey = before;
  }

  #turnTo(time: number): void {
    const start = this.#windows.startOf(time);
    const end = this.#windows.endOf(start);
    this.#start = start;
    this.#end = end;
    this.#endText = timeText(end);
    this.#suffix = windowKey('', start, end);
  }
}

/** Register: no row's window ends before. STREAM_TIME and LATE_COUNT are the others. */
const NEXT_END = 1;

/** A few ms of work. More than events can add, so that what is left over is soon done too. */
const MAX_CLOSED_PER_EVENT = 1024;
