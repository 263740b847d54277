// data plane
import { EventLists, isSealedKey } from './event-lists.ts';
import type { OperatorStore } from './operator.ts';
import { TIME_LENGTH, timeOfText, timeText } from './window-key.ts';

/** Sides of a join, as they stand in a row's key. */
export const LEFT = 'l';
export const RIGHT = 'r';
export type Side = typeof LEFT | typeof RIGHT;

/**
 * The events of a join that nothing has matched yet, in the order of their times: `<side><time><key>`. Events of one side,
 * time and key match the same events, so they stay and go together.
 */
export class UnmatchedEvents {
  /** The events that `takeClosed` found last, and what they have in common. */
  side: Side = LEFT;
  key = '';
  time = 0;
  readonly events: unknown[] = [];
  readonly #store: OperatorStore;
  readonly #lists: EventLists;
  readonly #left: ClosedRows;
  readonly #right: ClosedRows;
  readonly #times: number[] = [];

  /**
   * @param leftOpenMs an event of the left is unmatched for good when the stream's time is more than this ahead of its own
   * @param rightOpenMs the same of the right
   */
  constructor(store: OperatorStore, leftOpenMs: number, rightOpenMs: number) {
    this.#store = store;
    this.#lists = new EventLists(store);
    this.#left = new ClosedRows(store, LEFT, leftOpenMs);
    this.#right = new ClosedRows(store, RIGHT, rightOpenMs);
  }

  add(side: Side, key: string, time: number, event: unknown): void {
    const isNew = this.#lists.append(side + timeText(time) + key, time, event);
    if (!isNew) return;
    const store = this.#store;
    const due = time + (side === LEFT ? this.#left.openMs : this.#right.openMs);
    const first = store.readRegister(FIRST_DUE);
    if (first === NEVER || due < first) store.writeRegister(FIRST_DUE, due);
  }

  remove(side: Side, key: string, time: number): void {
    this.#lists.delete(side + timeText(time) + key);
  }

  /** Nothing is unmatched for good before time is past it; Infinity: nothing is there. It may be too small. */
  get firstDue(): number {
    const first = this.#store.readRegister(FIRST_DUE);
    return first === NEVER ? Number.POSITIVE_INFINITY : first;
  }

  /** To be called before the first `takeClosed` of an event. */
  start(streamTime: number): void {
    const store = this.#store;
    const cleared = store.readRegister(CLEARED_AT);
    store.writeRegister(CLEARED_AT, streamTime);
    this.#left.start(streamTime, cleared);
    this.#right.start(streamTime, cleared);
  }

  /**
   * Takes out the next events that are unmatched for good: by time, at the same time those of the right first, then by key.
   *
   * @returns false when there are no more
   */
  takeClosed(): boolean {
    const left = this.#left;
    const right = this.#right;
    if (!left.isAtRow && !right.isAtRow) {
      const first = Math.min(left.openDue, right.openDue);
      this.#store.writeRegister(FIRST_DUE, first === Number.POSITIVE_INFINITY ? NEVER : first);
      this.events.length = 0;
      return false;
    }
    const rows = right.isAtRow && (!left.isAtRow || right.time <= left.time) ? right : left;
    const rowKey = rows.rowKey;
    this.side = rows.side;
    this.key = rowKey.slice(KEY_AT);
    this.time = rows.time;
    this.events.length = 0;
    this.#times.length = 0;
    this.#lists.collect(rowKey, NEVER, Number.POSITIVE_INFINITY, this.#times, this.events);
    this.#lists.delete(rowKey);
    rows.next();
    return true;
  }
}

/** The rows of one side that are due, each of which is deleted before the next one is asked for. */
class ClosedRows {
  readonly side: Side;
  readonly openMs: number;
  isAtRow = false;
  rowKey = '';
  time = 0;
  /** When the first row that is not due yet will be; Infinity if there is none. */
  openDue = 0;
  readonly #store: OperatorStore;
  readonly #end: string;
  #streamTime = 0;
  #from = '';
  #limit = 0;
  #rows: readonly [key: string, value: unknown][] = [];
  #at = 0;

  constructor(store: OperatorStore, side: Side, openMs: number) {
    this.#store = store;
    this.side = side;
    this.openMs = openMs;
    this.#end = String.fromCharCode(side.charCodeAt(0) + 1);
  }

  /** @param cleared the stream's time when this was called last, or NEVER */
  start(streamTime: number, cleared: number): void {
    this.#streamTime = streamTime;
    // Nothing older is there: it went then, or was so late that it was never kept. To begin before it would be to pass
    // over everything that was deleted since the last checkpoint.
    this.#from = cleared === NEVER ? this.side : this.side + timeText(cleared - this.openMs);
    this.openDue = Number.POSITIVE_INFINITY;
    this.#limit = FIRST_RANGE;
    this.#fetch();
    this.next();
  }

  next(): void {
    for (;;) {
      if (this.#at === this.#rows.length) {
        if (this.#rows.length < this.#limit) break;
        this.#limit = Math.min(2 * this.#limit, LAST_RANGE);
        this.#fetch();
        continue;
      }
      const [rowKey] = this.#rows[this.#at++] as [string, unknown];
      this.#from = rowKey;
      if (isSealedKey(rowKey)) continue;
      const time = timeOfText(rowKey, 1);
      if (this.#streamTime > time + this.openMs) {
        this.isAtRow = true;
        this.rowKey = rowKey;
        this.time = time;
        return;
      }
      this.openDue = time + this.openMs;
      break;
    }
    this.isAtRow = false;
    this.#rows = [];
  }

  #fetch(): void {
    this.#rows = this.#store.range(this.#from, this.#end, this.#limit);
    this.#at = 0;
  }
}

const KEY_AT = 1 + TIME_LENGTH;

// Registers of the store.
const FIRST_DUE = 0;
const CLEARED_AT = 1;
const NEVER = Number.NEGATIVE_INFINITY;

/** Mostly one row is due; after a silence all are. */
const FIRST_RANGE = 8;
const LAST_RANGE = 256;
