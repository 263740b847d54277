// data plane
import type { WindowOperator, WindowSite } from './aligned-window.ts';
import { DueRows } from './due-rows.ts';
import type { HoppingPanes } from './hopping-panes.ts';
import { NO_KEY, type OperatorStore } from './operator.ts';
import { PANE_LENGTH, type PaneRow, PaneRows, placeOf, START, STATE, TIME } from './pane-rows.ts';
import { compareUtf8 } from './utf8-order.ts';
import { windowKey } from './window-key.ts';
import { type ClosingWindows, MAX_TOLD_AT_ONCE } from './window-time.ts';

/**
 * Hopping windows that are told once, when they have closed: an event is folded once, into its pane, and a window is put
 * together out of its panes when it closes. For folds that merge, and give the same however the events are split up. Events
 * per second of processor time, sums of 100 keys, `native-bench/micro/hopping.ts`:
 *
 * | events per key and advance | size / advance | each into its windows | each into its pane |
 * |---|---|---|---|
 * | 1   | 4, 12, 60 | 137 k, 152 k, 87 k  | 196 k, 212 k, 119 k  |
 * | 10  | 4, 12, 60 | 592 k, 414 k, 138 k | 844 k, 821 k, 541 k  |
 * | 100 | 4, 12, 60 | 753 k, 502 k, 149 k | 1191 k, 1139 k, 1064 k |
 *
 * What each key has is a row of its own beside the panes:
 *
 * ```
 *   <key>     [due, told, row, row, …]
 * ```
 *
 * `due`: when its next window closes, a time at which DueRows has the key. `told`: the windows that end by then have been
 * told, or had closed before anything fell into them. Behind that the starts of its rows of panes.
 */
export class PaneWindowOperator implements WindowOperator, ClosingWindows {
  readonly closing = this;
  readonly #site: WindowSite;
  readonly #rows: PaneRows;
  readonly #keys: OperatorStore;
  readonly #due: DueRows;
  readonly #panes: HoppingPanes;
  readonly #graceMs: number;

  /** @param due ordered */
  constructor(
    site: WindowSite,
    store: OperatorStore,
    due: OperatorStore,
    keys: OperatorStore,
    panes: HoppingPanes,
    graceMs: number,
  ) {
    this.#site = site;
    this.#rows = new PaneRows(store, panes);
    this.#keys = keys;
    this.#due = new DueRows(due);
    this.#panes = panes;
    this.#graceMs = graceMs;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    const { fold, late, time: windowTime } = this.#site;
    if (key === NO_KEY || (event === null && !fold.takesNull)) return;
    const streamTime = windowTime.reach(time);
    const panes = this.#panes;
    const last = panes.lastWindowOf(time);
    const lateBy = streamTime - this.#graceMs - (last + panes.sizeMs);
    if (lateBy >= 0) late.tell(key, event, last, last + panes.sizeMs, lateBy, time);
    else this.#fold(key, event, time, streamTime);
    if (windowTime.isOfEvents && this.#due.isDue(streamTime)) this.#close(streamTime);
  }

  get nextClose(): number {
    return this.#due.next;
  }

  closeNext(isTold: boolean): string {
    const time = this.#due.next;
    const keys = this.#due.take(time, MAX_TOLD_AT_ONCE);
    for (let i = 0; i < keys.length; i++) {
      const closed = this.#look(keys[i] as string, time);
      if (isTold) this.#tell(closed);
    }
    return keys.length === 0 ? '' : (keys[0] as string);
  }

  #fold(key: string, event: unknown, time: number, streamTime: number): void {
    const { name, context, fold } = this.#site;
    const panes = this.#panes;
    const pane = panes.paneOf(time);
    const openFrom = streamTime - this.#graceMs;
    // Some of the windows that the pane is in have closed: they must not get the event.
    if (panes.firstEndOf(pane) <= openFrom) this.#closeFor(key, streamTime);
    const row = this.#rows.rowOf(pane);
    const known = this.#rows.load(key, row);
    const states = known ?? [];
    const at = placeOf(states, pane);
    const isNew = states[at + START] !== pane;
    context.enter(name, time);
    if (isNew) states.splice(at, 0, pane, time, fold.add(fold.empty(), event));
    else states[at + STATE] = fold.add(states[at + STATE], event);
    if (time > (states[at + TIME] as number)) states[at + TIME] = time;
    this.#rows.save(key, row, states);
    context.running = '';
    if (isNew) this.#noteDue(key, pane, known === undefined ? row : null, openFrom);
  }

  /** The pane is in windows that have closed: those that wait to be told are told without what comes now. */
  #closeFor(key: string, streamTime: number): void {
    const known = this.#keys.get(key) as KeyRow | undefined;
    if (known === undefined) return;
    if (known[DUE] <= streamTime) {
      this.#due.forget(key, known[DUE]);
      this.#tell(this.#look(key, streamTime));
      return;
    }
    const openFrom = streamTime - this.#graceMs;
    if (this.#panes.windowEndingAfter(known[TOLD]) + this.#panes.sizeMs <= openFrom) {
      const next = known.slice() as KeyRow;
      next[TOLD] = openFrom;
      this.#keys.put(key, next);
    }
  }

  /** @param row one that the key did not have; null if it has */
  #noteDue(key: string, pane: number, row: number | null, openFrom: number): void {
    const panes = this.#panes;
    const known = this.#keys.get(key) as KeyRow | undefined;
    // What had closed before the key had anything is never told.
    const next: KeyRow = known === undefined ? [NEVER, Math.max(openFrom, NEVER)] : (known.slice() as KeyRow);
    const window = Math.max(panes.firstWindowOf(pane), panes.windowEndingAfter(next[TOLD]));
    const due = window + panes.sizeMs + this.#graceMs;
    const isEarlier = known === undefined || due < known[DUE];
    if (!isEarlier && row === null) return;
    if (row !== null) insertRow(next, row);
    if (isEarlier) {
      if (known !== undefined) this.#due.forget(key, known[DUE]);
      this.#due.note(key, due);
      next[DUE] = due;
    }
    this.#keys.put(key, next);
  }

  #close(streamTime: number): void {
    const closed: ClosedWindow[] = [];
    const keys = this.#due.take(streamTime);
    for (let i = 0; i < keys.length; i++) this.#look(keys[i] as string, streamTime, closed);
    if (closed.length > 0) this.#tell(closed.sort(inOrder));
  }

  /** Finds the windows of a key that have closed, lets go of the panes of no other, and notes when the next one closes. */
  #look(key: string, streamTime: number, closed: ClosedWindow[] = []): ClosedWindow[] {
    const known = this.#keys.get(key) as KeyRow | undefined;
    if (known === undefined) return closed;
    const panes = this.#panes;
    const openFrom = streamTime - this.#graceMs;
    const states = this.#rows.loadAll(key, known.slice(FIRST_ROW));
    let from = 0;
    let start = panes.windowEndingAfter(known[TOLD]);
    for (;;) {
      while (from < states.length && (states[from + START] as number) < start) from += PANE_LENGTH;
      if (from === states.length) break;
      start = Math.max(start, panes.firstWindowOf(states[from + START] as number));
      const end = start + panes.sizeMs;
      if (end > openFrom) break;
      closed.push({ key, start, end, states, from });
      start += panes.advanceMs;
    }
    if (from === states.length) this.#forget(key, known);
    else this.#keep(key, known, start, openFrom);
    return closed;
  }

  #forget(key: string, known: KeyRow): void {
    for (let at = FIRST_ROW; at < known.length; at++) this.#rows.delete(key, known[at] as number);
    this.#keys.delete(key);
  }

  /** @param window start of the next one that has anything in it */
  #keep(key: string, known: KeyRow, window: number, openFrom: number): void {
    const due = window + this.#panes.sizeMs + this.#graceMs;
    const next: KeyRow = [due, Math.max(known[TOLD], openFrom)];
    for (let at = FIRST_ROW; at < known.length; at++) {
      const row = known[at] as number;
      if (this.#rows.isBefore(row, window)) this.#rows.delete(key, row);
      else next.push(row);
    }
    this.#due.note(key, due);
    this.#keys.put(key, next);
  }

  #tell(closed: readonly ClosedWindow[]): void {
    const { context, output, release } = this.#site;
    const before = context.rowKey;
    for (const window of closed) {
      const { key, start, end } = window;
      context.rowKey = key;
      const windowed = windowKey(key, start, end);
      const time = this.#timeOf(window);
      release(key, windowed, time, () => output.push(windowed, this.#stateOf(window, time), undefined, time));
    }
    context.rowKey = before;
  }

  /** Of the last event in it. */
  #timeOf({ states, from, start }: ClosedWindow): number {
    const last = this.#panes.endOfPanes(start);
    let time = states[from + TIME] as number;
    for (let at = from + PANE_LENGTH; at < states.length && (states[at + START] as number) < last; at += PANE_LENGTH) {
      // Panes lie one after the other, and so do their times.
      time = states[at + TIME] as number;
    }
    return time;
  }

  #stateOf({ states, from, start }: ClosedWindow, time: number): unknown {
    const { name, context, fold } = this.#site;
    const last = this.#panes.endOfPanes(start);
    context.enter(name, time);
    let state = states[from + STATE];
    for (let at = from + PANE_LENGTH; at < states.length && (states[at + START] as number) < last; at += PANE_LENGTH) {
      state = fold.merge(state, states[at + STATE]);
    }
    context.running = '';
    return state;
  }
}

/** A window that has closed, and the first of its panes. */
interface ClosedWindow {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly states: PaneRow;
  readonly from: number;
}

function inOrder(a: ClosedWindow, b: ClosedWindow): number {
  return a.end - b.end || compareUtf8(a.key, b.key);
}

function insertRow(known: KeyRow, row: number): void {
  let at = known.length;
  while (at > FIRST_ROW && (known[at - 1] as number) > row) at--;
  known.splice(at, 0, row);
}

type KeyRow = [due: number, told: number, ...rows: number[]];
const DUE = 0;
const TOLD = 1;
const FIRST_ROW = 2;

/** As what it is stored: state is finite. */
const NEVER = -Number.MAX_SAFE_INTEGER;
