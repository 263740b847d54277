// data plane
import { TIME_LENGTH, timeText } from './window-key.ts';
import {
  END,
  emptyRow,
  FIRST_WINDOW,
  PARTS,
  START,
  WINDOW_LENGTH,
  type WindowRow,
  type WindowRows,
} from './window-rows.ts';

/**
 * The open sessions of each key, mostly in one row. A key that has more, since grace is many times the gap, has the latest
 * of them in its row, and the others in rows of their own:
 *
 * ```
 *   <key>                    [due, told, [start, start, …, start], sessions …]   the latest
 *   <key> 00 <16 digits>     [due, told, null, sessions …]                       under the start of the first
 * ```
 *
 * The starts say which row a session is in, the last one for the row of the key itself. So an event in its order costs a
 * get and a put, and one that comes late within the grace a few.
 */
export class SessionRows {
  readonly #rows: WindowRows;
  readonly #gapMs: number;
  // What `load` found; `save` follows it within the same event.
  #head: WindowRow = [];
  #starts: readonly number[] | null = null;
  #first = 0;
  #last = 0;

  constructor(rows: WindowRows, gapMs: number) {
    this.#rows = rows;
    this.#gapMs = gapMs;
  }

  /** @returns a row, to be changed and saved, with all sessions of the key that an event at that time is near */
  load(key: string, time: number): WindowRow {
    const head = this.#rows.load(key);
    const starts = head[PARTS] as readonly number[] | null;
    this.#head = head;
    this.#starts = starts;
    if (starts === null) return head;
    this.#last = starts.length - 1;
    this.#first = this.#last;
    // A session that the event is not near stands before all that it is near.
    if (head.length > FIRST_WINDOW && (head[FIRST_WINDOW + END] as number) < time - this.#gapMs) return head;
    while (this.#last > 0 && (starts[this.#last] as number) > time + this.#gapMs) this.#last--;
    // No more than three sessions are near one time, for they lie further apart than the gap.
    this.#first = Math.max(0, this.#last - 2);
    const near = emptyRow();
    for (let part = this.#first; part <= this.#last; part++) {
      const row = part === starts.length - 1 ? head : this.#rows.load(partKey(key, starts[part] as number));
      for (let at = FIRST_WINDOW; at < row.length; at++) near.push(row[at]);
    }
    return near;
  }

  /** @param row what `load` returned last, with a session at least */
  save(key: string, row: WindowRow): void {
    const isWhole = row === this.#head;
    if (isWhole && row.length <= FIRST_WINDOW + MAX_SESSIONS * WINDOW_LENGTH) this.#rows.save(key, row);
    else this.#spread(key, row);
  }

  /** Puts the sessions into as few rows as hold them, in place of those that they came from. */
  #spread(key: string, row: WindowRow): void {
    const rows = this.#rows;
    const starts = this.#starts ?? [row[FIRST_WINDOW + START] as number];
    const [first, last] = this.#starts === null ? [0, 0] : [this.#first, this.#last];
    const hasHead = last === starts.length - 1;
    for (let part = first; part <= last; part++) {
      if (part < starts.length - 1) rows.delete(partKey(key, starts[part] as number));
    }
    const before = starts.slice(0, first);
    while (before.length > 0 && !rows.has(partKey(key, before[0] as number))) before.shift();
    const own: number[] = [];
    const length = Math.ceil((row.length - FIRST_WINDOW) / WINDOW_LENGTH / PART_SESSIONS);
    const step = Math.ceil((row.length - FIRST_WINDOW) / WINDOW_LENGTH / length) * WINDOW_LENGTH;
    let head: WindowRow = this.#head.slice();
    for (let at = FIRST_WINDOW; at < row.length; at += step) {
      const start = row[at + START] as number;
      own.push(start);
      const sessions = row.slice(at, at + step);
      if (hasHead && at + step >= row.length) head = [...this.#head.slice(0, FIRST_WINDOW), ...sessions];
      else rows.save(partKey(key, start), [...emptyRow(), ...sessions]);
    }
    const all = [...before, ...own, ...starts.slice(last + 1)];
    head[PARTS] = all.length === 1 ? null : all;
    rows.save(key, head);
  }
}

/** Key that a row belongs to. */
export function keyOfSessionRow(rowKey: string): string {
  const at = rowKey.length - PART_SUFFIX_LENGTH;
  return at > 0 && rowKey.charCodeAt(at) === 0 ? rowKey.slice(0, at) : rowKey;
}

function partKey(key: string, start: number): string {
  return `${key}\u0000${timeText(start)}`;
}

/** Of one row; and of each that they are spread over when there are more. */
const MAX_SESSIONS = 64;
const PART_SESSIONS = 48;
const PART_SUFFIX_LENGTH = 1 + TIME_LENGTH;
