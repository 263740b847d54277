// data plane
import { EventLists } from './event-lists.ts';
import { NO_KEY, type Operator, type OperatorStore, type Release, type TimedOperator } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import type { TimerQueue } from './timer-queue.ts';

export interface BatchRule {
  /** Events of a batch that is told at once. */
  readonly maxCount: number;
  /** How long the first event of a batch waits at most, in ms of log time. */
  readonly maxWaitMs: number;
  /** Whether a batch is of one key; else of all keys of the partition. */
  readonly isPerKey: boolean;
}

export interface BatchSite {
  readonly name: string;
  readonly context: OperatorContext;
  readonly open: OperatorStore;
  readonly events: OperatorStore;
  readonly queue: TimerQueue;
  readonly rule: BatchRule;
  /** See `OperatorHost.release`: a full batch that fails downstream is given up alone. */
  readonly release: Release;
  readonly output: Operator;
}

/**
 * Gathers events, in the order in which they come, into arrays: one is told when it is full, or when its first event has
 * waited for so long by log time, under the greatest time of its events.
 *
 * ```
 *   open     key ─► [due, count]          queue    due ++ key \0
 *   events   key ─► its events, see EventLists
 * ```
 */
export class BatchOperator implements Operator, TimedOperator {
  readonly #site: BatchSite;
  readonly #lists: EventLists;

  constructor(site: BatchSite) {
    this.#site = site;
    this.#lists = new EventLists(site.events);
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    const { context, name, open, queue, release, rule } = this.#site;
    if (event === null || (rule.isPerKey && key === NO_KEY)) return;
    const list = rule.isPerKey ? key : ALL;
    const batch = open.get(list) as Open | undefined;
    const due = batch === undefined ? context.logTime + rule.maxWaitMs : batch[0];
    const count = batch === undefined ? 1 : batch[1] + 1;
    context.running = name;
    this.#lists.append(list, time, event);
    context.running = '';
    if (count < rule.maxCount) {
      if (batch === undefined) queue.set(due, list, '');
      open.put(list, [due, count]);
      return;
    }
    if (batch !== undefined) queue.delete(due, list, '');
    const told = this.#take(list);
    release(this.#keyOf(list), list, told.time, () => this.#tell(list, told));
  }

  readonly nextEventTime = Number.POSITIVE_INFINITY;

  get nextLogTime(): number {
    return this.#site.queue.next;
  }

  onEventTime(): void {}

  onLogTime(now: number): void {
    const timer = this.#site.queue.take(now);
    if (timer !== null) this.#tell(timer.key, this.#take(timer.key));
  }

  dropEventTime(): string {
    return NO_KEY;
  }

  dropLogTime(): string {
    const timer = this.#site.queue.take(Number.POSITIVE_INFINITY);
    if (timer === null) return NO_KEY;
    this.#site.open.delete(timer.key);
    this.#lists.delete(timer.key);
    return this.#keyOf(timer.key);
  }

  #take(list: string): Batch {
    const times: number[] = [];
    const events: unknown[] = [];
    this.#lists.collect(list, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, times, events);
    this.#lists.delete(list);
    this.#site.open.delete(list);
    let time = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < times.length; i++) if ((times[i] as number) > time) time = times[i] as number;
    return { events, time };
  }

  #tell(list: string, { events, time }: Batch): void {
    const { context, output } = this.#site;
    const key = this.#keyOf(list);
    const before = context.rowKey;
    context.rowKey = key;
    output.push(key, events, undefined, time);
    context.rowKey = before;
  }

  #keyOf(list: string): string {
    return this.#site.rule.isPerKey ? list : NO_KEY;
  }
}

type Open = readonly [due: number, count: number];

interface Batch {
  readonly events: readonly unknown[];
  readonly time: number;
}

/** What stands in place of a key where a batch is of all keys. */
const ALL = 'all';
