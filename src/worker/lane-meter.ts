// data plane
import type { Clock } from '../base/clock.ts';

/** Weight of the newest sample in the moving average. */
const WEIGHT = 0.1;
/** A sample is of so many events, over as many turns as they take: single turns say more about the clock. */
const SAMPLE_EVENTS = 1024;
/** The drain rate is taken over this much time in which there was something to drain. */
const DRAIN_WINDOW_MS = 50;
/** Before anything was measured: a replay this fast is what the slowest supported box does. */
const INITIAL_EVENTS_PER_MS = 100;

/** What a lane measures of itself: for its own decisions, and for the outside through `LaneMetrics`. */
export interface LaneMetrics {
  judged(accepted: number, duplicate: number, rejected: number, waitedMs: number): void;
  sealed(records: number, bytes: number): void;
  flushed(durationMs: number): void;
}

export const NO_METRICS: LaneMetrics = { judged() {}, sealed() {}, flushed() {} };

export class LaneMeter {
  /** Events processed per ms of work: what a replay will do. */
  eventsPerMs = INITIAL_EVENTS_PER_MS;
  /**
   * Events per second that the lane takes off its ring while there are any: what a backlog is divided by to say when it
   * will be gone. Time in which nothing waited says nothing about it. 0 before anything was measured.
   */
  drainPerSecond = 0;
  readonly #clock: Clock;
  readonly #metrics: LaneMetrics;
  #sealedAt = 0;
  #workMs = 0;
  #workEvents = 0;
  #drainMs = 0;
  #drainEvents = 0;
  #endedAt = 0;
  #isDrained = true;

  constructor(monotonic: Clock, metrics: LaneMetrics) {
    this.#clock = monotonic;
    this.#metrics = metrics;
  }

  begin(): number {
    return this.#clock.now();
  }

  /** @param isDrained nothing is left on the ring; else what comes before the next turn is time it was waited for */
  end(start: number, events: number, isDrained: boolean): void {
    const now = this.#clock.now();
    const spent = now - start;
    this.#workMs += spent;
    this.#workEvents += events;
    if (this.#workEvents >= SAMPLE_EVENTS && this.#workMs > 0) {
      this.eventsPerMs += WEIGHT * (this.#workEvents / this.#workMs - this.eventsPerMs);
      this.#workMs = 0;
      this.#workEvents = 0;
    }
    this.#drainMs += now - (this.#isDrained ? start : this.#endedAt);
    this.#drainEvents += events;
    this.#endedAt = now;
    this.#isDrained = isDrained;
    if (this.#drainMs < DRAIN_WINDOW_MS) return;
    this.drainPerSecond = (this.#drainEvents * 1000) / this.#drainMs;
    this.#drainMs = 0;
    this.#drainEvents = 0;
  }

  judged(accepted: number, duplicate: number, rejected: number, receivedAt: number): void {
    this.#metrics.judged(accepted, duplicate, rejected, receivedAt);
  }

  sealed(records: number, bytes: number): void {
    this.#sealedAt = this.#clock.now();
    this.#metrics.sealed(records, bytes);
  }

  flushed(_through: number): void {
    this.#metrics.flushed(this.#clock.now() - this.#sealedAt);
  }
}
