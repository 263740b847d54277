// data plane
import type { Clock } from '../base/clock.ts';

/** Weight of the newest sample in the moving averages. */
const WEIGHT = 0.1;
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
  /** Events made durable per second of wall time, of late. */
  eventsPerSecond = 0;
  readonly #clock: Clock;
  readonly #metrics: LaneMetrics;
  #sealedAt = 0;
  #windowStart: number;
  #windowEvents = 0;

  constructor(monotonic: Clock, metrics: LaneMetrics) {
    this.#clock = monotonic;
    this.#metrics = metrics;
    this.#windowStart = monotonic.now();
  }

  begin(): number {
    return this.#clock.now();
  }

  end(start: number, events: number, _bytes: number): void {
    const now = this.#clock.now();
    const spent = now - start;
    // A handful of events says more about the clock than about the rate.
    if (events >= 64 && spent > 0) this.eventsPerMs += WEIGHT * (events / spent - this.eventsPerMs);
    this.#windowEvents += events;
    const span = now - this.#windowStart;
    if (span >= 100) {
      this.eventsPerSecond = (this.#windowEvents * 1000) / span;
      this.#windowStart = now;
      this.#windowEvents = 0;
    }
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
