// data plane
import type { NodeClock } from './node-clock.ts';
import type { Operator, OperatorStore, TimedOperator } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { advanceStreamTime, STREAM_TIME } from './stream-time.ts';

/** How far event time has come for an operator on windows: a window that ends by then, and a grace before it, is closed. */
export interface WindowTime {
  /** Whether it goes on with the events themselves; if not, windows are closed between events. */
  readonly isOfEvents: boolean;
  /** @returns how far it has come when an event of this time is there; -Infinity: nobody knows yet */
  reach(time: number): number;
}

/** The greatest event time that the operator has seen, the event at hand counted: Kafka's. */
export class StreamTime implements WindowTime {
  readonly isOfEvents = true;
  readonly #store: OperatorStore;
  readonly #register: number;

  constructor(store: OperatorStore, register = STREAM_TIME) {
    this.#store = store;
    this.#register = register;
  }

  reach(time: number): number {
    return advanceStreamTime(this.#store, time, this.#register);
  }
}

/** What the streams say: everything to come has happened after the watermark. An event does not count for itself. */
export class WatermarkTime implements WindowTime {
  readonly isOfEvents = false;
  readonly #clock: NodeClock;

  constructor(clock: NodeClock) {
    this.#clock = clock;
  }

  reach(): number {
    return this.#clock.watermark + 1;
  }
}

/** Log time: an event has happened when it is processed. */
export class LogTime implements WindowTime {
  readonly isOfEvents = false;
  readonly #context: OperatorContext;

  constructor(context: OperatorContext) {
    this.#context = context;
  }

  reach(): number {
    return this.#context.logTime;
  }
}

/** Passes events on as if they had happened now, by log time. */
export class StampOperator implements Operator {
  readonly #context: OperatorContext;
  readonly #output: Operator;

  constructor(context: OperatorContext, output: Operator) {
    this.#context = context;
    this.#output = output;
  }

  push(key: string, next: unknown, previous: unknown): void {
    this.#output.push(key, next, previous, this.#context.logTime);
  }
}

/** What closes as time goes on: the windows of an operator. */
export interface ClosingWindows {
  /** The time at which the next closes; Infinity: none is open. */
  readonly nextClose: number;
  /**
   * Closes what closes at `nextClose`, a bounded number of rows. Each is told as a thing of its own.
   * @param isTold false: it has failed as a whole, so it goes without being told
   * @returns key that the row is of
   */
  closeNext(isTold: boolean): string;
}

/** Rows that are told in one go: they are found together, and no event waits long for them. */
export const MAX_TOLD_AT_ONCE = 64;

/** Has windows closed by the watermark, or by log time. */
export class WindowTimer implements TimedOperator {
  readonly #windows: ClosingWindows;
  readonly #isByLogTime: boolean;

  constructor(windows: ClosingWindows, isByLogTime: boolean) {
    this.#windows = windows;
    this.#isByLogTime = isByLogTime;
  }

  /** What is to come has happened after the watermark, so what ends a ms after it has ended. */
  get nextEventTime(): number {
    return this.#isByLogTime ? Number.POSITIVE_INFINITY : this.#windows.nextClose - 1;
  }

  get nextLogTime(): number {
    return this.#isByLogTime ? this.#windows.nextClose : Number.POSITIVE_INFINITY;
  }

  onEventTime(): void {
    this.#windows.closeNext(true);
  }

  onLogTime(): void {
    this.#windows.closeNext(true);
  }

  dropEventTime(): string {
    return this.#windows.closeNext(false);
  }

  dropLogTime(): string {
    return this.#windows.closeNext(false);
  }
}

/**
 * How far time has come for an operator: by its log time, its watermark, or, without either, its events.
 *
 * @param register of the store, that remembers the greatest time of its events
 */
export function windowTime(
  isByLogTime: boolean,
  context: OperatorContext,
  watermarkClock: NodeClock | null,
  store: OperatorStore,
  register = STREAM_TIME,
): WindowTime {
  if (isByLogTime) return new LogTime(context);
  return watermarkClock === null ? new StreamTime(store, register) : new WatermarkTime(watermarkClock);
}
