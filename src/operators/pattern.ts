// data plane
import { NO_KEY, type Operator, type OperatorStore, type TimedOperator } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import type { TimedTarget } from './ordered-events.ts';
import type { Timer, TimerQueue } from './timer-queue.ts';
import { refuseResult } from './user-result.ts';

/** Events by the names of the steps that they were taken for. */
export type Matched = Readonly<Record<string, unknown>>;

export interface PatternStepSpec {
  readonly name: string;
  readonly when: (event: unknown, matched: Matched, context: Context) => unknown;
  /** Whether it must not happen before the step behind it does, or, as the last, before the time is up. */
  readonly isAbsent: boolean;
}

export interface PatternRule {
  /** The first is not absent. */
  readonly steps: readonly PatternStepSpec[];
  readonly withinMs: number;
  /** Whether a match ends all others that began before it did. */
  readonly skipsPastLast: boolean;
  /** Beginnings that one key may have at a time. */
  readonly maxPartial: number;
  /** By event time: how long events are held back, in ms, so that they come in their order. Absent: by log time. */
  readonly graceMs?: number;
}

/** A beginning that came to nothing. */
export interface PatternTimeout {
  readonly matched: Matched;
  /** The step that it waited for. */
  readonly missing: string;
  /** Its time was up, or it was the oldest of its key when there was no room for another. */
  readonly reason: 'time' | 'room';
}

/**
 * Finds a sequence of events among those of a key, in the order in which they come here: an event that a beginning has no
 * use for is passed over. All must happen within a time that begins with the first. By log time that is noticed when nothing
 * comes; by event time `OrderedEventsOperator` gives it the events in the order of their times, and says what is due.
 *
 * ```
 *   store   key ─► [beginning, …], the oldest first          queue   due ++ key \0 number of the beginning
 *
 *   event ─► each beginning: a step that must not happen?  ─► the beginning is dropped
 *                            the step it waits for?        ─► goes on; after the last one it is a match
 *         ─► the first step?                               ─► another beginning
 *   due   ─► only absent steps left?                       ─► a match, else timed out
 * ```
 */
export class PatternOperator implements TimedTarget, TimedOperator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #queue: TimerQueue;
  readonly #rule: PatternRule;
  readonly #output: Operator;
  readonly #timedOut: Operator;

  constructor(
    name: string,
    context: OperatorContext,
    store: OperatorStore,
    queue: TimerQueue,
    rule: PatternRule,
    outputs: readonly Operator[],
  ) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#queue = queue;
    this.#rule = rule;
    this.#output = outputs[0] as Operator;
    this.#timedOut = outputs[1] as Operator;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    if (event === null || key === NO_KEY) return;
    this.#context.eventTime = time;
    const now = this.#rule.graceMs === undefined ? this.#context.logTime : time;
    const before = (this.#store.get(key) as readonly Beginning[] | undefined) ?? NONE;
    const number = this.#nextNumber();
    const matches: Matched[] = [];
    const left = this.#advance(key, before, event, number, now, matches);
    const isSpent = this.#rule.skipsPastLast && matches.length > 0;
    const began = isSpent || !this.#holds(0, event, NOTHING) ? left : this.#begin(key, left, event, number, now);
    const displaced = began.length > this.#rule.maxPartial ? (began[0] as Beginning) : null;
    if (displaced !== null) this.#queue.delete(displaced[DUE], key, nameOf(displaced));
    this.#save(key, before, displaced === null ? began : began.slice(1));
    for (let i = 0; i < matches.length; i++) this.#output.push(key, matches[i], undefined, time);
    if (displaced !== null) this.#giveUp(key, displaced, 'room', time);
  }

  readonly nextEventTime = Number.POSITIVE_INFINITY;

  get nextLogTime(): number {
    return this.#queue.next;
  }

  onEventTime(): void {}

  onLogTime(now: number): void {
    const timer = this.takeDue(now);
    if (timer !== null) this.timeOut(timer);
  }

  dropEventTime(): string {
    return NO_KEY;
  }

  dropLogTime(): string {
    const timer = this.takeDue(Number.POSITIVE_INFINITY);
    if (timer === null) return NO_KEY;
    this.forget(timer);
    return timer.key;
  }

  get nextDue(): number {
    return this.#queue.next;
  }

  takeDue(now: number): Timer | null {
    return this.#queue.take(now);
  }

  /** The time of a beginning is up. */
  timeOut({ key, time, name }: Timer): void {
    const before = (this.#store.get(key) as readonly Beginning[] | undefined) ?? NONE;
    const ended = before.find((one) => nameOf(one) === name);
    // All of the key's have been given up.
    if (ended === undefined) return;
    const isMatch = this.#missing(ended) === undefined;
    const isLeft = (one: Beginning): boolean =>
      one !== ended && !(isMatch && this.#rule.skipsPastLast && one[NUMBER] <= ended[LAST]);
    for (const one of before) if (one !== ended && !isLeft(one)) this.#queue.delete(one[DUE], key, nameOf(one));
    this.#save(key, before, before.filter(isLeft));
    const context = this.#context;
    const keyBefore = context.rowKey;
    context.rowKey = key;
    if (isMatch) this.#output.push(key, ended[MATCHED], undefined, time);
    else this.#giveUp(key, ended, 'time', time);
    context.rowKey = keyBefore;
  }

  /** What is told of a beginning fails: it is there no more. */
  forget({ key, name }: Timer): void {
    const before = this.#readable(key);
    if (before === null) this.#store.delete(key);
    else {
      this.#save(
        key,
        before,
        before.filter((one) => nameOf(one) !== name),
      );
    }
  }

  /** @returns null if events of an earlier version could not be brought up to date */
  #readable(key: string): readonly Beginning[] | null {
    try {
      return (this.#store.get(key) as readonly Beginning[] | undefined) ?? NONE;
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code !== 'ERR_OPERATOR_FAILED') throw error;
      return null;
    }
  }

  /** @returns the beginnings that are left; those that are complete go to `matches` */
  #advance(
    key: string,
    before: readonly Beginning[],
    event: unknown,
    number: number,
    now: number,
    matches: Matched[],
  ): readonly Beginning[] {
    const { steps, skipsPastLast } = this.#rule;
    let left = before;
    for (let i = 0; i < before.length; i++) {
      const one = before[i] as Beginning;
      // Its time is up, but others were before it: it is told so soon.
      if (one[DUE] <= now) continue;
      const step = this.#stepFor(one, event);
      if (step === STAYS) continue;
      if (step === ENDS) {
        left = this.#without(key, left, one);
        continue;
      }
      const matched = { ...one[MATCHED], [(steps[step] as PatternStepSpec).name]: event };
      if (step + 1 < steps.length) {
        const next: Beginning = [one[NUMBER], one[DUE], step + 1, number, matched];
        left = left.map((other) => (other === one ? next : other));
        continue;
      }
      left = this.#without(key, left, one);
      matches.push(matched);
      if (!skipsPastLast) continue;
      for (const other of left) this.#queue.delete(other[DUE], key, nameOf(other));
      return NONE;
    }
    return left;
  }

  #without(key: string, left: readonly Beginning[], one: Beginning): readonly Beginning[] {
    this.#queue.delete(one[DUE], key, nameOf(one));
    return left.filter((other) => other !== one);
  }

  /** @returns the step that the event is taken for; STAYS, ENDS */
  #stepFor(one: Beginning, event: unknown): number {
    const { steps } = this.#rule;
    for (let step = one[STEP]; step < steps.length; step++) {
      const { isAbsent } = steps[step] as PatternStepSpec;
      const holds = this.#holds(step, event, one[MATCHED]);
      if (!isAbsent) return holds ? step : STAYS;
      if (holds) return ENDS;
    }
    return STAYS;
  }

  #holds(step: number, event: unknown, matched: Matched): boolean {
    const context = this.#context;
    context.running = this.#name;
    const holds = (this.#rule.steps[step] as PatternStepSpec).when(event, matched, context);
    if (holds !== true && holds !== false) refuseResult(this.#name, holds, 'true or false');
    context.running = '';
    return holds;
  }

  #begin(key: string, left: readonly Beginning[], event: unknown, number: number, now: number): readonly Beginning[] {
    const { steps, withinMs } = this.#rule;
    const due = now + withinMs;
    const begun: Beginning = [number, due, 1, number, { [(steps[0] as PatternStepSpec).name]: event }];
    this.#queue.set(due, key, nameOf(begun));
    return [...left, begun];
  }

  #save(key: string, before: readonly Beginning[], left: readonly Beginning[]): void {
    if (left === before) return;
    this.#context.running = this.#name;
    if (left.length > 0) this.#store.put(key, left);
    else this.#store.delete(key);
    this.#context.running = '';
  }

  #giveUp(key: string, one: Beginning, reason: PatternTimeout['reason'], time: number): void {
    const { steps } = this.#rule;
    const missing = this.#missing(one) ?? (steps[steps.length - 1] as PatternStepSpec).name;
    const timeout: PatternTimeout = { matched: one[MATCHED], missing, reason };
    this.#timedOut.push(key, timeout, undefined, time);
  }

  /** The step that has to happen yet. */
  #missing(one: Beginning): string | undefined {
    return this.#rule.steps.find((step, index) => index >= one[STEP] && !step.isAbsent)?.name;
  }

  /** Every event has one, so that it can be told what began before what ended. */
  #nextNumber(): number {
    const number = Math.max(this.#store.readRegister(NEXT_NUMBER), 0);
    this.#store.writeRegister(NEXT_NUMBER, number + 1);
    return number;
  }
}

/** The beginnings of a key, with their events brought up to date. */
export function upcastBeginnings(row: unknown, upcast: (event: unknown) => unknown): unknown {
  return (row as readonly Beginning[]).map(([number, due, step, last, matched]): Beginning => {
    return [number, due, step, last, upcastMatched(matched, upcast)];
  });
}

/** A match with its events brought up to date. */
export function upcastMatched(matched: unknown, upcast: (event: unknown) => unknown): Matched {
  return Object.fromEntries(Object.entries(matched as Matched).map(([name, event]) => [name, upcast(event)]));
}

/** What came to nothing, with its events brought up to date. */
export function upcastTimeout(timeout: unknown, upcast: (event: unknown) => unknown): PatternTimeout {
  const { matched, ...rest } = timeout as PatternTimeout;
  return { matched: upcastMatched(matched, upcast), ...rest };
}

/** A match that is not complete: `number` of its first event and of its `last`, and the step that it is at. */
type Beginning = readonly [number: number, due: number, step: number, last: number, matched: Matched];

const NUMBER = 0;
const DUE = 1;
const STEP = 2;
const LAST = 3;
const MATCHED = 4;

const NONE: readonly Beginning[] = [];
const NOTHING: Matched = Object.freeze({});

/** The event is nothing to the beginning. */
const STAYS = -1;
/** The event is what must not happen. */
const ENDS = -2;

const NUMBER_DIGITS = 15;
/** Registers of the store. */
const NEXT_NUMBER = 0;
/** By event time, without a watermark: the greatest time of its events. */
export const TIME_SEEN = 1;

function nameOf(one: Beginning): string {
  return String(one[NUMBER]).padStart(NUMBER_DIGITS, '0');
}
