// data plane
import type { OperatorStore } from './operator.ts';
import type { TimeSource } from './time-source.ts';

/** How far the events of a stream say that event time has come. */
export interface WatermarkRule {
  /** Events may come this much later than others that happened after them, in ms. */
  readonly outOfOrdernessMs: number;
  /** A stream that is silent for this long, in ms of log time, holds nothing back any more; Infinity: never. */
  readonly idleAfterMs: number;
  /** A silent stream's watermark goes on with log time. */
  readonly followsClock: boolean;
  /** Events say themselves what the watermark is; null or undefined: this one says nothing. */
  readonly fromEvent: ((event: unknown) => unknown) | null;
}

/**
 * The watermark of one stream in one partition: every event to come is taken to have happened after it. With a rule it is
 * the greatest time seen, less the rule's bound and one; without one it is the greatest time seen itself, Kafka's stream
 * time.
 */
export class SourceClock implements TimeSource {
  readonly rule: WatermarkRule | null;
  readonly #store: OperatorStore;

  constructor(rule: WatermarkRule | null, store: OperatorStore) {
    this.rule = rule;
    this.#store = store;
  }

  /** -Infinity before the first event. */
  get watermark(): number {
    return this.#store.readRegister(WATERMARK);
  }

  get hasRule(): boolean {
    return this.rule !== null;
  }

  get isIdle(): boolean {
    return this.#store.readRegister(IS_IDLE) === 1;
  }

  /** Log time at which it becomes idle if nothing comes; Infinity: never. */
  get idleAt(): number {
    if (this.rule === null || this.isIdle) return Number.POSITIVE_INFINITY;
    const seen = this.#store.readRegister(SEEN_AT);
    return seen === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : seen + this.rule.idleAfterMs;
  }

  /** Whether it knows since when it is there. */
  get hasBegun(): boolean {
    return this.#store.readRegister(SEEN_AT) !== Number.NEGATIVE_INFINITY;
  }

  /** The partition took its first event, of whichever stream: from here on this one is silent until it speaks. */
  begin(logTime: number): void {
    this.#store.writeRegister(SEEN_AT, logTime);
  }

  /** @returns whether the watermark rose, or the stream came back */
  observe(event: unknown, time: number, logTime: number): boolean {
    const reached = this.#saidBy(event, time);
    const store = this.#store;
    if (this.rule !== null) store.writeRegister(SEEN_AT, logTime);
    const wasIdle = this.isIdle;
    if (wasIdle) store.writeRegister(IS_IDLE, 0);
    if (reached <= this.watermark) return wasIdle;
    store.writeRegister(WATERMARK, reached);
    return true;
  }

  #saidBy(event: unknown, time: number): number {
    const { rule } = this;
    if (rule === null) return time;
    if (rule.fromEvent === null) return time - rule.outOfOrdernessMs - 1;
    const said = rule.fromEvent(event);
    return typeof said === 'number' && !Number.isNaN(said) ? said : Number.NEGATIVE_INFINITY;
  }

  judgeIdle(logTime: number): void {
    if (logTime >= this.idleAt) this.#store.writeRegister(IS_IDLE, 1);
    const { rule } = this;
    if (rule === null || !rule.followsClock || !this.isIdle) return;
    const reached = logTime - rule.outOfOrdernessMs - 1;
    if (reached > this.watermark) this.#store.writeRegister(WATERMARK, reached);
  }

  /** Log time at which the watermark of a silent stream has come so far; Infinity if it has, or does not go on. */
  clockReaches(eventTime: number): number {
    const { rule } = this;
    if (rule === null || !rule.followsClock || !this.isIdle || this.watermark >= eventTime)
      return Number.POSITIVE_INFINITY;
    return eventTime + rule.outOfOrdernessMs + 1;
  }
}

const WATERMARK = 0;
const SEEN_AT = 1;
const IS_IDLE = 2;
