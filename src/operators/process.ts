// data plane
import type { ExpiringRows } from './expiring-rows.ts';
import type { NodeClock } from './node-clock.ts';
import type { Operator, TimedOperator } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { OperatorError } from './operator-error.ts';
import type { KeyedState } from './process-state.ts';
import type { TimerQueue } from './timer-queue.ts';
import { isThenable, refuseResult } from './user-result.ts';

/** What the functions of a `process` operator are given besides their event or timer. */
export interface ProcessContext<States, Result, Outputs> extends Context {
  /** Of the key at hand. */
  readonly state: States;
  /** How far event time has come, in ms: every event to come is taken to have happened after it. -Infinity at first. */
  readonly watermark: number;
  readonly timers: Timers;
  /** Passes an event on, under the key at hand, with the event time of the event or timer at hand. */
  emit(event: Result): void;
  /** Passes an event on by one of the other ways. */
  emitTo<Name extends keyof Outputs & string>(output: Name, event: Outputs[Name]): void;
}

/** The timers of the key at hand. One per time and name: set twice, it goes off once. */
export interface Timers {
  /** Goes off when the watermark has reached `time`, in ms; at once if it has. */
  setEventTime(time: number, name?: string): void;
  /** Goes off when log time has reached `time`, in ms; at the next record or tick if it has. */
  setLogTime(time: number, name?: string): void;
  /** @returns whether it was set */
  deleteEventTime(time: number, name?: string): boolean;
  deleteLogTime(time: number, name?: string): boolean;
}

/** A timer that goes off. */
export interface FiredTimer {
  readonly kind: 'event-time' | 'log-time';
  /** What it was set to, in ms. */
  readonly time: number;
  /** How long ago that was by its kind of time: a box that was off fires late. */
  readonly lateBy: number;
  readonly name: string;
}

export type EventHandler = (
  event: unknown,
  context: ProcessContext<unknown, unknown, Record<string, unknown>>,
) => unknown;
export type TimerHandler = (
  timer: FiredTimer,
  context: ProcessContext<unknown, unknown, Record<string, unknown>>,
) => unknown;

export interface ProcessParts {
  readonly name: string;
  readonly context: OperatorContext;
  readonly clock: NodeClock;
  readonly state: KeyedState;
  /** The rows of states that expire; null if none does. */
  readonly expiring: ExpiringRows | null;
  readonly eventTimers: TimerQueue;
  readonly logTimers: TimerQueue;
  readonly onEvent: EventHandler;
  readonly onTimer: TimerHandler;
  /** The unnamed output first, then those of `outputNames`. */
  readonly outputs: readonly Operator[];
  readonly outputNames: readonly string[];
}

/** Runs functions of the user on the events of a key and on timers that they set. */
export class ProcessOperator implements Operator, TimedOperator {
  readonly #parts: ProcessParts;
  readonly #context: OperatorContext;
  readonly #processContext: ProcessContext<unknown, unknown, Record<string, unknown>>;

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.#context = parts.context;
    this.#processContext = this.#makeContext();
  }

  push(key: string, next: unknown, _previous: unknown, time: number): void {
    this.#run(key, time, () => this.#parts.onEvent(next, this.#processContext));
  }

  get nextEventTime(): number {
    return this.#parts.eventTimers.next;
  }

  get nextLogTime(): number {
    return Math.min(this.#parts.logTimers.next, this.#nextExpiry);
  }

  onEventTime(watermark: number): void {
    this.#fire('event-time', this.#parts.eventTimers, watermark);
  }

  onLogTime(now: number): void {
    const { expiring, logTimers } = this.#parts;
    if (this.#nextExpiry > logTimers.next) this.#fire('log-time', logTimers, now);
    else for (let left = EXPIRED_AT_ONCE; left > 0 && expiring?.takeExpired(now); ) left -= 1;
  }

  dropEventTime(): string {
    return this.#parts.eventTimers.take(Number.POSITIVE_INFINITY)?.key ?? '';
  }

  dropLogTime(): string {
    return this.#parts.logTimers.take(Number.POSITIVE_INFINITY)?.key ?? '';
  }

  get #nextExpiry(): number {
    return this.#parts.expiring?.next ?? Number.POSITIVE_INFINITY;
  }

  #fire(kind: FiredTimer['kind'], timers: TimerQueue, now: number): void {
    const timer = timers.take(now);
    if (timer === null) return;
    const { time, key, name } = timer;
    const fired: FiredTimer = { kind, time, lateBy: now - time, name };
    this.#run(key, time, () => this.#parts.onTimer(fired, this.#processContext));
  }

  #run(key: string, time: number, call: () => unknown): void {
    const context = this.#context;
    const before = context.rowKey;
    const { name } = this.#parts;
    context.rowKey = key;
    this.#parts.state.key = key;
    context.enter(name, time);
    const result = call();
    if (isThenable(result)) refuseResult(name, result, 'nothing: what it has to say goes through context.emit');
    context.running = '';
    context.rowKey = before;
  }

  #emit(output: number, value: unknown): void {
    const context = this.#context;
    const { name, outputs } = this.#parts;
    if (value === undefined || isThenable(value)) refuseResult(name, value, 'an event to emit');
    // What follows runs code of its own; afterwards it is this operator's turn again.
    const { rowKey, eventTime } = context;
    context.running = '';
    (outputs[output] as Operator).push(rowKey, value, undefined, eventTime);
    context.enter(name, eventTime);
    context.rowKey = rowKey;
    this.#parts.state.key = rowKey;
  }

  #makeContext(): ProcessContext<unknown, unknown, Record<string, unknown>> {
    const context = this.#context;
    const { state, clock, name, outputNames } = this.#parts;
    const timers = this.#makeTimers();
    return {
      get key() {
        return context.key;
      },
      get window() {
        return context.window;
      },
      get partition() {
        return context.partition;
      },
      get offset() {
        return context.offset;
      },
      get eventTime() {
        return context.eventTime;
      },
      get logTime() {
        return context.logTime;
      },
      now: () => context.now(),
      random: () => context.random(),
      id: () => context.id(),
      state: state.states,
      get watermark() {
        return clock.watermark;
      },
      timers,
      emit: (value) => this.#emit(0, value),
      emitTo: (output, value) => {
        const index = outputNames.indexOf(output);
        if (index < 0)
          throw new OperatorError(name, `emits to '${output}'; its outputs are ${outputNames.join(', ') || 'none'}`);
        this.#emit(index + 1, value);
      },
    };
  }

  #makeTimers(): Timers {
    const { eventTimers, logTimers } = this.#parts;
    const context = this.#context;
    return {
      setEventTime: (time, name = '') => eventTimers.set(this.#timeOf(time), context.rowKey, this.#nameOf(name)),
      setLogTime: (time, name = '') => logTimers.set(this.#timeOf(time), context.rowKey, this.#nameOf(name)),
      deleteEventTime: (time, name = '') => eventTimers.delete(this.#timeOf(time), context.rowKey, this.#nameOf(name)),
      deleteLogTime: (time, name = '') => logTimers.delete(this.#timeOf(time), context.rowKey, this.#nameOf(name)),
    };
  }

  #timeOf(time: unknown): number {
    if (Number.isSafeInteger(time) && Math.abs(time as number) <= MAX_TIMER_TIME) return time as number;
    throw new OperatorError(this.#parts.name, `sets a timer to ${String(time)}; a whole number of ms is needed`);
  }

  #nameOf(name: unknown): string {
    if (typeof name === 'string' && name.length <= MAX_NAME_LENGTH && !name.includes('\u0000')) return name;
    throw new OperatorError(this.#parts.name, `names a timer ${String(name)}; ${MAX_NAME_LENGTH} characters at most`);
  }
}

const EXPIRED_AT_ONCE = 64;
const MAX_TIMER_TIME = 3_000_000_000_000_000;
const MAX_NAME_LENGTH = 64;
