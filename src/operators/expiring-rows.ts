// data plane
import type { OperatorStore } from './operator.ts';
import type { Timer, TimerQueue } from './timer-queue.ts';

/** A row that has been deleted because its time was up. */
export interface ExpiredRow {
  readonly row: string;
  /** When it was up, in ms of log time. */
  readonly time: number;
}

/**
 * Rows that live for so long after they were last written, by log time. A row whose time is up is never returned, deleted or
 * not.
 *
 * ```
 *   row ─► [expiresAt, lookedAt, value]          lookedAt ++ row ─► (a queue of timers)
 * ```
 *
 * A row stands once in the queue. A write does not move it there: when its time comes it is looked at, and put off if it
 * was written meanwhile. So a write costs what it costs without, and what is looked at is bounded by what was written.
 */
export class ExpiringRows {
  readonly #rows: OperatorStore;
  readonly #queue: TimerQueue;
  readonly #ttlOf: (row: string) => number;
  readonly #upcast: (row: string, value: unknown) => unknown;

  /**
   * @param ttlOf how long a row lives, in ms
   * @param upcast what a value of a row is brought up to date by when it is read
   */
  constructor(
    rows: OperatorStore,
    queue: TimerQueue,
    ttlOf: (row: string) => number,
    upcast: (row: string, value: unknown) => unknown = (_, value) => value,
  ) {
    this.#rows = rows;
    this.#queue = queue;
    this.#ttlOf = ttlOf;
    this.#upcast = upcast;
  }

  /** No row need be deleted before this log time; Infinity: there is none. */
  get next(): number {
    return this.#queue.next;
  }

  /** @returns `undefined` if there is none whose time is not up */
  get(row: string, now: number): unknown {
    const life = this.#rows.get(row) as Life | undefined;
    return life === undefined || life[EXPIRES_AT] <= now ? undefined : this.#upcast(row, life[VALUE]);
  }

  /** When the row's time is up, in ms; -Infinity for no row. */
  expiresAt(row: string): number {
    const life = this.#rows.get(row) as Life | undefined;
    return life === undefined ? Number.NEGATIVE_INFINITY : life[EXPIRES_AT];
  }

  put(row: string, value: unknown, now: number): void {
    const ttlMs = this.#ttlOf(row);
    const expiresAt = now + ttlMs;
    const before = this.#rows.get(row) as Life | undefined;
    if (before !== undefined && before[EXPIRES_AT] === expiresAt && before[VALUE] === value) return;
    const lookedAt = before === undefined ? this.#queueUp(row, expiresAt, ttlMs) : before[LOOKED_AT];
    this.#rows.put(row, [expiresAt, lookedAt, value]);
  }

  /** @returns whether there was one whose time was not up */
  delete(row: string, now: number): boolean {
    const life = this.#rows.get(row) as Life | undefined;
    if (life === undefined) return false;
    this.#rows.delete(row);
    this.#queue.delete(life[LOOKED_AT], keyOf(row), nameOf(row));
    return life[EXPIRES_AT] > now;
  }

  /** Those whose time is not up, in the order of their bytes. The rows' store must be ordered. */
  range(from: string, to: string, limit: number, now: number): [row: string, value: unknown][] {
    const living: [string, unknown][] = [];
    for (const [row, value] of this.#rows.range(from, to, limit)) {
      const life = value as Life;
      if (life[EXPIRES_AT] > now) living.push([row, this.#upcast(row, life[VALUE])]);
    }
    return living;
  }

  /** Looks at what is due, a bounded part of it, until a row's time is up. @returns that row, deleted; null for none */
  takeExpired(now: number): ExpiredRow | null {
    for (let left = MAX_LOOKS; left > 0; left--) {
      const timer = this.#queue.take(now);
      if (timer === null) return null;
      const row = rowOf(timer);
      const life = this.#rows.get(row) as Life | undefined;
      if (life === undefined) continue;
      const expiresAt = life[EXPIRES_AT];
      if (expiresAt <= now) {
        this.#rows.delete(row);
        return { row, time: expiresAt };
      }
      const value = this.#upcast(row, life[VALUE]);
      this.#rows.put(row, [expiresAt, this.#queueUp(row, expiresAt, this.#ttlOf(row)), value]);
    }
    return null;
  }

  /** Rows that live for hours need not go to the millisecond: what goes together takes one tick where nothing comes in. */
  #queueUp(row: string, expiresAt: number, ttlMs: number): number {
    const step = Math.max(1, Math.floor(ttlMs / STEPS));
    const lookedAt = Math.ceil(expiresAt / step) * step;
    this.#queue.set(lookedAt, keyOf(row), nameOf(row));
    return lookedAt;
  }
}

type Life = readonly [expiresAt: number, lookedAt: number, value: unknown];

/** Whether the value stands there in a row. */
export function isValueOfLife(at: number): boolean {
  return at === VALUE;
}

const EXPIRES_AT = 0;
const LOOKED_AT = 1;
const VALUE = 2;

const STEPS = 100;
const MAX_LOOKS = 64;

/** A timer has a key and a name: what stands before the last zero character of a row and behind it, if there is one. */
function keyOf(row: string): string {
  const end = row.lastIndexOf('\u0000');
  return end < 0 ? row : row.slice(0, end);
}

function nameOf(row: string): string {
  const end = row.lastIndexOf('\u0000');
  return end < 0 ? '' : row.slice(end + 1);
}

/** No row has a single zero character and that as its last: such a timer is of a row without any. */
function rowOf({ key, name }: Timer): string {
  return name === '' && !key.includes('\u0000') ? key : `${key}\u0000${name}`;
}
