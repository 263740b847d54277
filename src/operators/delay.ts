// data plane
import { upToDate } from './earlier-row.ts';
import { NO_KEY, type Operator, type OperatorStore, type TimedOperator } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { OperatorError } from './operator-error.ts';
import type { Timer, TimerQueue } from './timer-queue.ts';
import { refuseResult } from './user-result.ts';

/** How long an event waits, in ms; what is not more than 0 does not wait for longer than the next record or tick. */
export type WaitOf = (event: unknown, context: Context) => unknown;

export interface DelayRule {
  readonly wait: number | WaitOf;
  /** Whether an event takes the place of those that wait under its key. */
  readonly keepsLatest: boolean;
  /** Whether what waits can be found by its key. */
  readonly isTracked: boolean;
}

/**
 * Passes events on when they have waited for so long by log time, in the order of the time at which they are due, then key,
 * then arrival. An event keeps the time at which it happened.
 *
 * ```
 *   queue    due ++ key \0 number ─► [time, event]
 *   waiting  key ─► [due, number, due, number, …]            if what waits is cancelled or replaced by its key
 * ```
 */
export class DelayOperator implements Operator, TimedOperator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #waiting: OperatorStore;
  readonly #queue: TimerQueue;
  readonly #rule: DelayRule;
  readonly #output: Operator;

  constructor(
    name: string,
    context: OperatorContext,
    waiting: OperatorStore,
    queue: TimerQueue,
    rule: DelayRule,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#waiting = waiting;
    this.#queue = queue;
    this.#rule = rule;
    this.#output = output;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    const { keepsLatest, isTracked } = this.#rule;
    const context = this.#context;
    const store = this.#waiting;
    context.enter(this.#name, time);
    const wait = this.#waitOf(event);
    if (keepsLatest) this.cancel(key);
    const due = context.logTime + (wait > 0 ? wait : 0);
    const number = Math.max(store.readRegister(NEXT_NUMBER), 0);
    store.writeRegister(NEXT_NUMBER, number + 1);
    this.#queue.set(due, key, nameOf(number), [time, event]);
    if (isTracked && key !== NO_KEY) this.#track(key, due, number);
    context.running = '';
  }

  /** Nothing of what waits under this key is passed on. */
  cancel(key: string): void {
    const waiting = this.#waiting.get(key) as readonly number[] | undefined;
    if (waiting === undefined) return;
    for (let at = 0; at < waiting.length; at += 2) {
      this.#queue.delete(waiting[at] as number, key, nameOf(waiting[at + 1] as number));
    }
    this.#waiting.delete(key);
  }

  readonly nextEventTime = Number.POSITIVE_INFINITY;

  get nextLogTime(): number {
    return this.#queue.next;
  }

  onEventTime(): void {}

  onLogTime(now: number): void {
    const timer = this.#take(now);
    if (timer === null) return;
    const [time, event] = upToDate(timer.key, timer.value) as Waiting;
    const context = this.#context;
    const before = context.rowKey;
    context.rowKey = timer.key;
    this.#output.push(timer.key, event, undefined, time);
    context.rowKey = before;
  }

  dropEventTime(): string {
    return NO_KEY;
  }

  dropLogTime(): string {
    return this.#take(Number.POSITIVE_INFINITY)?.key ?? NO_KEY;
  }

  #take(now: number): Timer | null {
    const timer = this.#queue.take(now);
    if (timer !== null && this.#rule.isTracked) this.#forget(timer.key, Number(timer.name));
    return timer;
  }

  #waitOf(event: unknown): number {
    const { wait } = this.#rule;
    if (typeof wait === 'number') return wait;
    const answer = wait(event, this.#context);
    if (typeof answer !== 'number') refuseResult(this.#name, answer, 'a whole number of ms');
    if (Number.isSafeInteger(answer) && answer <= MAX_WAIT_MS) return answer;
    throw new OperatorError(this.#name, `returned ${answer}; expected a whole number of ms, ${MAX_WAIT_MS} at most`);
  }

  #track(key: string, due: number, number: number): void {
    const waiting = (this.#waiting.get(key) as readonly number[] | undefined) ?? [];
    if (waiting.length === 2 * MAX_WAITING_PER_KEY) {
      throw new OperatorError(this.#name, `has ${MAX_WAITING_PER_KEY} events waiting under one key; no more are taken`);
    }
    this.#waiting.put(key, [...waiting, due, number]);
  }

  #forget(key: string, number: number): void {
    const waiting = this.#waiting.get(key) as readonly number[] | undefined;
    if (waiting === undefined) return;
    const left = waiting.filter((_, at) => waiting[at | 1] !== number);
    if (left.length === 0) this.#waiting.delete(key);
    else this.#waiting.put(key, left);
  }
}

/** The other input of a delay: an event cancels what waits under its key. */
export class CancelDelayOperator implements Operator {
  readonly #delay: DelayOperator;

  constructor(delay: DelayOperator) {
    this.#delay = delay;
  }

  push(key: string): void {
    this.#delay.cancel(key);
  }
}

/** What is left with a timer, with its event brought up to date. */
export function upcastWaiting(row: unknown, upcast: (event: unknown) => unknown): unknown {
  const [time, event] = row as Waiting;
  return [time, event === null ? null : upcast(event)];
}

type Waiting = readonly [time: number, event: unknown];

function nameOf(number: number): string {
  return String(number).padStart(NUMBER_DIGITS, '0');
}

/** A hundred years. */
const MAX_WAIT_MS = 36_525 * 86_400_000;
/** They stand in one row. */
const MAX_WAITING_PER_KEY = 1000;
const NUMBER_DIGITS = 15;
/** Register of the store of what waits. */
const NEXT_NUMBER = 0;
