// data plane
import { upToDate } from './earlier-row.ts';
import type { LateEvents } from './late-events.ts';
import { NO_KEY, type Operator, type OperatorStore, type Release } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { type Timer, TimerQueue } from './timer-queue.ts';
import type { WaitingClock } from './waiting-clock.ts';
import type { ClosingWindows, WindowTime } from './window-time.ts';

/** Takes events in the order of their times, and has something of its own due in between. */
export interface TimedTarget extends Operator {
  /** Nothing of its own is due before, in ms of event time; Infinity: nothing is. It may be too small. */
  readonly nextDue: number;
  /** Takes out what is due first, if it is due by then. */
  takeDue(time: number): Timer | null;
  /** Does what was taken out. */
  timeOut(timer: Timer): void;
  /** What was taken out failed and was undone: gives it up. */
  forget(timer: Timer): void;
}

export interface OrderedEventsSite {
  readonly name: string;
  readonly context: OperatorContext;
  /** Ordered; nothing else is in it. */
  readonly store: OperatorStore;
  /** How much later than others that happened after it an event may come, beyond what a watermark allows for. */
  readonly graceMs: number;
  /** Events that are so far apart, in ms, have nothing to do with each other. */
  readonly spanMs: number;
  readonly time: WindowTime;
  /** Event time behind it; null if nobody there wants to know it. */
  readonly timeBehind: WaitingClock | null;
  readonly late: LateEvents;
  /** See `OperatorHost.release`. */
  readonly release: Release;
  readonly target: TimedTarget;
}

/**
 * Gives events to another operator in the order in which they happened; of one time by key, then as they came. An event
 * waits until event time is past it by the grace; one that comes later than that is late, and goes where late events go.
 * What the target has due at a time comes before the events of that time.
 *
 * ```
 *   store   time ++ key \0 number of its arrival ─► event
 *
 *   event ─► late, or held       time, less grace ─► held events and what is due, by turns ─► target
 * ```
 *
 * With a watermark that happens between events, one thing at a time; without one an event brings about what it shows to be
 * over, each thing for itself: what fails is undone and given up alone. Event time behind it stands still for what waits.
 */
export class OrderedEventsOperator implements Operator, ClosingWindows {
  readonly #site: OrderedEventsSite;
  readonly #held: TimerQueue;

  constructor(site: OrderedEventsSite) {
    this.#site = site;
    this.#held = new TimerQueue(site.store);
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    if (event === null || key === NO_KEY) return;
    const { late, time: clock, graceMs, spanMs } = this.#site;
    const reached = clock.reach(time) - graceMs;
    let own = '';
    if (time < reached) late.tell(key, event, time - spanMs + 1, time + spanMs, reached - time, time);
    else own = this.#hold(key, event, time);
    if (clock.isOfEvents && this.#nextDue <= reached) this.#release(reached, own);
    this.#holdTimeBehind();
  }

  get nextClose(): number {
    return this.#nextDue + this.#site.graceMs;
  }

  closeNext(isTold: boolean): string {
    const isOfTarget = this.#isOfTarget;
    const timer = this.#take(isOfTarget);
    if (timer === null) {
      this.#holdTimeBehind();
      return NO_KEY;
    }
    if (isTold) this.#pass(timer, isOfTarget);
    else if (isOfTarget) this.#site.target.forget(timer);
    this.#holdTimeBehind();
    return timer.key;
  }

  /** What is next to be done brings about nothing that happened before it. */
  #holdTimeBehind(): void {
    const next = this.#nextDue;
    this.#site.timeBehind?.hold(next === Number.POSITIVE_INFINITY ? null : next - 1);
  }

  /** Event time, less grace, at which something is to be done; Infinity: never. It may be too small. */
  get #nextDue(): number {
    const due = this.#site.target.nextDue;
    const held = this.#held.next;
    return due < held ? due : held;
  }

  /** Whether that is the target's own. */
  get #isOfTarget(): boolean {
    return this.#site.target.nextDue <= this.#held.next;
  }

  /** @returns null if what is to be done is due later; then that is known now */
  #take(isOfTarget: boolean): Timer | null {
    const now = this.#nextDue;
    return isOfTarget ? this.#site.target.takeDue(now) : this.#held.take(now);
  }

  /** @returns what it is known by */
  #hold(key: string, event: unknown, time: number): string {
    const { name, context, store } = this.#site;
    const number = Math.max(store.readRegister(NEXT_NUMBER), 0);
    const own = String(number).padStart(NUMBER_DIGITS, '0');
    store.writeRegister(NEXT_NUMBER, number + 1);
    context.running = name;
    this.#held.set(time, key, own, event);
    context.running = '';
    return own;
  }

  /** Does what is due by then, the first MAX_RELEASED_PER_EVENT of it; the rest with the next event. */
  #release(until: number, own: string): void {
    for (let left = MAX_RELEASED_PER_EVENT; left > 0 && this.#nextDue <= until; left--) this.#releaseNext(own);
  }

  /** @param own the event at hand: if it leaves at once and fails, it has failed itself */
  #releaseNext(own: string): void {
    const { release, target } = this.#site;
    const isOfTarget = this.#isOfTarget;
    const timer = this.#take(isOfTarget);
    if (timer === null) return;
    if (!isOfTarget && timer.name === own) {
      this.#pass(timer, isOfTarget);
      return;
    }
    // No event's number is as long as a key and a number.
    const row = isOfTarget ? timer.key + timer.name : timer.name;
    let isThrough = false;
    release(timer.key, row, timer.time, () => {
      this.#pass(timer, isOfTarget);
      isThrough = true;
    });
    if (isOfTarget && !isThrough) target.forget(timer);
  }

  #pass(timer: Timer, isOfTarget: boolean): void {
    const { name, context, target } = this.#site;
    if (isOfTarget) {
      target.timeOut(timer);
      return;
    }
    const { key, time } = timer;
    const before = context.rowKey;
    context.rowKey = key;
    context.running = name;
    const event = upToDate(key, timer.value);
    context.running = '';
    target.push(key, event, undefined, time);
    context.rowKey = before;
  }
}

/** Register of the store: those of a queue, and the count of late events, are the others. */
const NEXT_NUMBER = 2;
const NUMBER_DIGITS = 15;

/** A few ms of work. More than events can add, so that what is left over is soon done too. */
const MAX_RELEASED_PER_EVENT = 1024;
