// data plane
import { DueRows } from './due-rows.ts';
import { NO_KEY, type Operator, type OperatorStore, type Release } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { OperatorError } from './operator-error.ts';
import { isWindowKey, plainKeyOf, windowOfKey } from './window-key.ts';
import { type ClosingWindows, MAX_TOLD_AT_ONCE, type WindowTime } from './window-time.ts';

/** What lets a change go, and how many may wait. */
export interface SuppressRule {
  /**
   * What a change waits for: that so much time has gone by since it happened, that its row's window has closed or ended, or
   * the next multiple of an interval. Behind the end of its window it does not wait.
   */
  readonly until: 'time-limit' | 'window-closes' | 'window-ends' | 'interval';
  /** How long after the change, or the end of the window; or the interval. In ms. */
  readonly waitMs: number;
  readonly isByLogTime: boolean;
  readonly maxRecords: number;
  /** Of more rows than that the first is told early, or else the event fails. */
  readonly emitsEarly: boolean;
}

/**
 * Holds the changes of a table back, and tells only the last one of a row: when it has been waiting for so long, when the
 * row's window is over, or at every so many ms. What follows sees the row go from what it was told last to what it is told
 * now.
 *
 * A waiting row is `[time it waits from, time, row or null, row until now or null]`; time is the greatest of the changes that
 * were seen. Until its window is over a row may come and go without being told.
 */
export class SuppressOperator implements Operator, ClosingWindows {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #due: DueRows;
  readonly #rule: SuppressRule;
  readonly #time: WindowTime;
  readonly #release: Release;
  readonly #output: Operator;

  /**
   * @param due ordered
   * @param release see `OperatorHost.release`
   */
  constructor(
    name: string,
    context: OperatorContext,
    store: OperatorStore,
    due: OperatorStore,
    rule: SuppressRule,
    time: WindowTime,
    release: Release,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#due = new DueRows(due);
    this.#rule = rule;
    this.#time = time;
    this.#release = release;
    this.#output = output;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    const store = this.#store;
    const reached = this.#time.reach(time);
    const waiting = store.get(key) as Waiting | undefined;
    if (waiting !== undefined) this.#replace(key, next, time, waiting);
    else if (this.#hasEnded(key, reached)) this.#output.push(key, next, previous, time);
    else if (next !== undefined || !this.#waitsForWindow) this.#hold(key, next, previous, time, reached);
    if (this.#time.isOfEvents && this.#due.isDue(reached)) this.#tellDue(reached);
    const { maxRecords } = this.#rule;
    while (store.readRegister(WAITING) > maxRecords) this.#relieve();
  }

  get nextClose(): number {
    return this.#due.next;
  }

  closeNext(isTold: boolean): string {
    const keys = this.#due.take(this.#due.next, MAX_TOLD_AT_ONCE);
    for (let i = 0; i < keys.length; i++) {
      if (isTold) this.#tell(keys[i] as string);
      else this.#drop(keys[i] as string);
    }
    return plainKeyOf(keys[0] ?? NO_KEY);
  }

  get #waitsForWindow(): boolean {
    const { until } = this.#rule;
    return until === 'window-closes' || until === 'window-ends';
  }

  /** Whether the row was told when its window ended, so that what becomes of it is told at once. */
  #hasEnded(key: string, reached: number): boolean {
    const { until, waitMs } = this.#rule;
    return until === 'window-ends' && windowOfKey(key).end + waitMs <= reached;
  }

  #hold(key: string, next: unknown, previous: unknown, time: number, reached: number): void {
    const from = this.#from(key, time, reached);
    this.#put(key, [from, time, next === undefined ? null : next, previous === undefined ? null : previous]);
    this.#due.note(key, from + this.#rule.waitMs);
    this.#count(1);
  }

  #from(key: string, time: number, reached: number): number {
    const { until, waitMs } = this.#rule;
    if (until === 'time-limit') return time;
    if (until !== 'interval') return windowOfKey(key).end;
    // While nobody knows how far time has come, the interval that the row begins in.
    const now = reached !== Number.NEGATIVE_INFINITY ? reached : isWindowKey(key) ? windowOfKey(key).start : time;
    return Math.floor(now / waitMs) * waitMs;
  }

  #replace(key: string, next: unknown, time: number, waiting: Waiting): void {
    if (next === undefined && this.#waitsForWindow) {
      this.#store.delete(key);
      this.#due.forget(key, waiting[0] + this.#rule.waitMs);
      this.#count(-1);
      return;
    }
    this.#put(key, [waiting[0], time, next === undefined ? null : next, waiting[3]]);
  }

  #tellDue(streamTime: number): void {
    const keys = this.#due.take(streamTime);
    for (let i = 0; i < keys.length; i++) this.#tell(keys[i] as string);
  }

  #relieve(): void {
    if (this.#rule.emitsEarly) {
      this.#tell(this.#due.takeFirst() as string);
      return;
    }
    this.#context.running = this.#name;
    throw new OperatorError(this.#name, `holds back more rows than maxRecords=${this.#rule.maxRecords}`);
  }

  #tell(key: string): void {
    const store = this.#store;
    const context = this.#context;
    const waiting = store.get(key) as Waiting | undefined;
    if (waiting === undefined) return;
    this.#drop(key);
    const [, time, next, previous] = waiting;
    // It came and went while it waited: nobody has heard of it.
    if (next === null && previous === null) return;
    const before = context.rowKey;
    context.rowKey = key;
    this.#release(context.key, key, time, () =>
      this.#output.push(key, next === null ? undefined : next, previous === null ? undefined : previous, time),
    );
    context.rowKey = before;
  }

  #drop(key: string): void {
    this.#store.delete(key);
    this.#count(-1);
  }

  #put(key: string, waiting: Waiting): void {
    this.#context.running = this.#name;
    this.#store.put(key, waiting);
    this.#context.running = '';
  }

  #count(change: number): void {
    const store = this.#store;
    store.writeRegister(WAITING, Math.max(store.readRegister(WAITING), 0) + change);
  }
}

/** Whether a row of the table stands there in what is kept of one that waits. */
export function isRowOfWaiting(at: number): boolean {
  return at >= 2;
}

type Waiting = readonly [from: number, time: number, next: unknown, previous: unknown];

/** Register: how many rows wait. STREAM_TIME is the other one. */
const WAITING = 1;
