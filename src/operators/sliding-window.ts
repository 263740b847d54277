// data plane
import type { WindowOperator, WindowSite } from './aligned-window.ts';
import { NO_KEY, type OperatorStore } from './operator.ts';
import { TIME_LENGTH, timeText, windowKey } from './window-key.ts';
import { FIRST_WINDOW, START, STATE, TIME, WINDOW_LENGTH, type WindowRow, WindowRows } from './window-rows.ts';

/**
 * Folds the events of a key into one window for each set of events that lie within `difference` of each other, as Kafka
 * Streams does it: a window reaches from `start` to `start + difference`, both included, and an event at `t` brings about
 * the one that ends with it (no window begins before 0) and, once another event is in it, the one that begins right after.
 * So every event is added to all the windows it is in, and what a new window holds is taken over from a window that is
 * there already; closed windows are kept for that for a while.
 *
 * A window is closed when the stream is beyond its end by more than grace. An event whose own window is closed is added to
 * the open ones that are there, but brings about no window but the one that begins after it.
 *
 * Windows that begin near each other share a row, so an event is three gets at most, and as many puts.
 */
export class SlidingWindowOperator implements WindowOperator {
  readonly closing: WindowRows;
  readonly #site: WindowSite;
  readonly #differenceMs: number;
  readonly #graceMs: number;

  /** @param due ordered */
  constructor(site: WindowSite, store: OperatorStore, due: OperatorStore, differenceMs: number, graceMs: number) {
    this.#site = site;
    const life = { closeAfterMs: graceMs + 1, keepAfterMs: graceMs + differenceMs + 2 };
    this.closing = new WindowRows(site, store, due, life, keyOfRow);
    this.#differenceMs = differenceMs;
    this.#graceMs = graceMs;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    if (key === NO_KEY || event === null) return;
    const streamTime = this.#site.time.reach(time);
    const openFrom = streamTime - this.#graceMs;
    const difference = this.#differenceMs;
    const isEarly = time >= 0 && time < difference;
    const start = isEarly ? 0 : time - difference;
    // The window after the event closes last.
    if (time + 1 + difference <= openFrom || !this.#fold(key, event, time, isEarly, openFrom)) {
      const end = start + difference;
      this.#site.late.tell(key, event, start, end, openFrom - end - 1, time);
    }
    this.closing.close(streamTime);
  }

  /** @returns whether the event is in any window */
  #fold(key: string, event: unknown, time: number, isEarly: boolean, openFrom: number): boolean {
    const { name, context, isFinal, output } = this.#site;
    const difference = this.#differenceMs;
    const from = isEarly ? 0 : Math.min(Math.max(time - 2 * difference, 0), time);
    const rows = new NearRows(this.closing, key, from, time + 1, difference);
    context.enter(name, time);
    const windows = new NearWindows(rows.windows, event, time, difference, openFrom, this.#site);
    if (isEarly) windows.addEarly();
    else windows.add();
    rows.save();
    context.running = '';
    if (isFinal) return windows.isTaken;
    for (const { start, time: latest, state, previous, isChanged } of rows.windows) {
      if (isChanged) output.push(windowKey(key, start, start + difference), state, previous, latest);
    }
    return windows.isTaken;
  }
}

interface NearWindow {
  readonly start: number;
  time: number;
  state: unknown;
  readonly previous: unknown;
  isChanged: boolean;
}

/** The windows of a key that begin within a span of time, out of the rows that hold them. */
class NearRows {
  /** In the order of their start. */
  readonly windows: NearWindow[] = [];
  readonly #store: WindowRows;
  readonly #keys: string[] = [];
  readonly #rows: WindowRow[] = [];
  readonly #width: number;
  readonly #first: number;

  constructor(store: WindowRows, key: string, from: number, to: number, differenceMs: number) {
    this.#store = store;
    const width = differenceMs + 1;
    this.#width = width;
    this.#first = Math.floor(from / width);
    for (let number = this.#first; number * width <= to; number++) {
      const rowKey = `${key}\u0000${timeText(number * width)}`;
      const row = store.load(rowKey);
      this.#keys.push(rowKey);
      this.#rows.push(row);
      for (let at = FIRST_WINDOW; at < row.length; at += WINDOW_LENGTH) {
        const start = row[at + START] as number;
        if (start < from || start > to) continue;
        const state = row[at + STATE];
        this.windows.push({ start, time: row[at + TIME] as number, state, previous: state, isChanged: false });
      }
    }
  }

  save(): void {
    const changed = new Set<number>();
    for (const window of this.windows) {
      if (!window.isChanged) continue;
      const number = Math.floor(window.start / this.#width) - this.#first;
      changed.add(number);
      const row = this.#rows[number] as WindowRow;
      let at = FIRST_WINDOW;
      while (at < row.length && (row[at + START] as number) < window.start) at += WINDOW_LENGTH;
      const replaced = row[at + START] === window.start ? WINDOW_LENGTH : 0;
      row.splice(at, replaced, window.start, window.start + this.#width - 1, window.time, window.state);
    }
    for (const number of changed) this.#store.save(this.#keys[number] as string, this.#rows[number] as WindowRow);
  }
}

/** One event, added to the windows near it. */
class NearWindows {
  isTaken = false;
  readonly #windows: NearWindow[];
  readonly #event: unknown;
  readonly #time: number;
  readonly #differenceMs: number;
  readonly #openFrom: number;
  readonly #site: WindowSite;

  constructor(
    windows: NearWindow[],
    event: unknown,
    time: number,
    differenceMs: number,
    openFrom: number,
    site: WindowSite,
  ) {
    this.#windows = windows;
    this.#event = event;
    this.#time = time;
    this.#differenceMs = differenceMs;
    this.#openFrom = openFrom;
    this.#site = site;
  }

  add(): void {
    const time = this.#time;
    const difference = this.#differenceMs;
    let hasOwn = false;
    let before: unknown;
    let timeBefore = NEVER;
    let after: unknown;
    let timeAfter = NEVER;
    for (const window of this.#windows) {
      const end = window.start + difference;
      if (end < time) {
        before = window.state;
        timeBefore = window.time;
      } else if (end === time) {
        hasOwn = true;
        if (window.time < time) timeBefore = window.time;
        this.#take(window);
      } else if (window.start <= time) {
        after = window.state;
        timeAfter = window.time;
        this.#take(window);
      }
    }
    if (!hasOwn) this.#open(time - difference, timeBefore >= time - difference ? before : this.#site.fold.empty());
    if (timeBefore + 1 + difference >= time) this.#openAfter(timeBefore);
    if (timeAfter > time) this.#takeOver(after, timeAfter);
  }

  /** Of an event whose own window would begin before 0: it is the one that begins at 0, which such events share. */
  addEarly(): void {
    const time = this.#time;
    let own: NearWindow | undefined;
    let timeBefore = NEVER;
    let after: unknown;
    let timeAfter = NEVER;
    for (const window of this.#windows) {
      if (window.start === 0) {
        own = window;
        if (window.time < time) timeBefore = window.time;
      } else if (window.start <= time) {
        after = window.state;
        timeAfter = window.time;
        this.#take(window);
      }
    }
    // What is in it came after the event, else another window would have been met.
    if (timeAfter === NEVER && own !== undefined) {
      after = own.state;
      timeAfter = own.time;
    }
    if (timeAfter > time) this.#takeOver(after, timeAfter);
    if (timeBefore !== NEVER) this.#openAfter(timeBefore);
    if (own === undefined) this.#open(0, this.#site.fold.empty());
    else this.#take(own);
  }

  #take(window: NearWindow): void {
    if (window.start + this.#differenceMs < this.#openFrom) return;
    window.state = this.#site.fold.add(window.state, this.#event);
    if (this.#time > window.time) window.time = this.#time;
    window.isChanged = true;
    this.isTaken = true;
  }

  /** The window right after the event before, which this event is the first in. */
  #openAfter(timeBefore: number): void {
    if (!this.#has(timeBefore + 1)) this.#open(timeBefore + 1, this.#site.fold.empty());
  }

  #open(start: number, state: unknown): void {
    if (start + this.#differenceMs < this.#openFrom) return;
    const window = { start, time: this.#time, state, previous: undefined, isChanged: false };
    this.#take(window);
    this.#insert(window);
  }

  /** The window right after the event, with what came after it. */
  #takeOver(state: unknown, time: number): void {
    const start = this.#time + 1;
    if (!this.#has(start)) this.#insert({ start, time, state, previous: undefined, isChanged: true });
  }

  #has(start: number): boolean {
    return this.#windows.some((window) => window.start === start);
  }

  #insert(window: NearWindow): void {
    let at = this.#windows.length;
    while (at > 0 && (this.#windows[at - 1] as NearWindow).start > window.start) at--;
    this.#windows.splice(at, 0, window);
  }
}

const NEVER = Number.NEGATIVE_INFINITY;

const ROW_SUFFIX_LENGTH = 1 + TIME_LENGTH;

function keyOfRow(rowKey: string): string {
  return rowKey.slice(0, rowKey.length - ROW_SUFFIX_LENGTH);
}
