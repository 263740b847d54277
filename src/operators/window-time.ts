// data plane
import type { NodeClock } from './node-clock.ts';
import type { OperatorStore, TimedOperator } from './operator.ts';
import { advanceStreamTime } from './stream-time.ts';

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

  constructor(store: OperatorStore) {
    this.#store = store;
  }

  reach(time: number): number {
    return advanceStreamTime(this.#store, time);
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

/** What closes as time goes on: the windows of an operator. */
export interface ClosingWindows {
  /** The time at which the next closes; Infinity: none is open. */
  readonly nextClose: number;
  /**
   * Closes what closes at `nextClose`: one row if that is told to what follows, else a bounded number of them.
   * @param isTold false: what follows has failed at it, so it goes without being told
   * @returns key that the row is of
   */
  closeNext(isTold: boolean): string;
}

/** Has windows closed by the watermark. */
export class WindowTimer implements TimedOperator {
  readonly #windows: ClosingWindows;

  constructor(windows: ClosingWindows) {
    this.#windows = windows;
  }

  /** What is to come has happened after the watermark, so what ends a ms after it has ended. */
  get nextEventTime(): number {
    return this.#windows.nextClose - 1;
  }

  readonly nextLogTime = Number.POSITIVE_INFINITY;

  onEventTime(): void {
    this.#windows.closeNext(true);
  }

  onLogTime(): void {}

  dropEventTime(): string {
    return this.#windows.closeNext(false);
  }

  dropLogTime(): string {
    return '';
  }
}
