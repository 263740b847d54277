import type { Clock } from '../base/clock.ts';
import { failpoint } from '../base/failpoint.ts';
import type { PartitionLog } from '../log/partition-log.ts';
import type { CheckpointMeta, CheckpointSink } from '../store/checkpoint.ts';
import type { PartitionState } from '../store/partition-state.ts';
import { LogRelief } from './log-relief.ts';

export interface CheckpointPolicy {
  /** Replay of the tail may take this long at the rate last measured. */
  maxTailMs: number;
  maxTailBytes: number;
  /** Even an all but idle lane saves what is new this often. */
  maxIntervalMs: number;
}

const IDLE = 0;
const ENCODING = 1;
const FLUSHING = 2;
const COMMITTING = 3;

/** Rows that one turn may hand over: about 0.3 ms of copying. */
const SLICE_BYTES = 256 * 1024;
/** A failed checkpoint is tried again after this. */
const RETRY_MS = 1_000;
/** And an environment that had no room for its copy. */
const ROTATION_RETRY_MS = 10_000;

/**
 * Saves a lane's state at one offset, a slice per turn, while the lane goes on:
 *
 * ```
 *   IDLE ──cut──► ENCODING ──all rows handed over──► FLUSHING ──log durable through the cut──► COMMITTING ──► IDLE
 *     ▲                                                                                            │ failed
 *     └──────────────────────────── rows are dirty again, retry later ◄────────────────────────────┘
 * ```
 * The commit carries the offset, and the log covers it first: no checkpoint is ever ahead of what a power cut leaves.
 * Between two checkpoints it lets go of log when the previous environment, which the log is kept from, has become a
 * later one.
 */
export class Checkpointer {
  readonly #state: PartitionState;
  readonly #log: PartitionLog;
  readonly #sink: CheckpointSink;
  readonly #policy: CheckpointPolicy;
  readonly #relief: LogRelief;
  readonly #describe: (offset: number) => CheckpointMeta;
  #phase = IDLE;
  #meta: CheckpointMeta | null = null;
  #savedOffset: number;
  #trimmedOffset = -1;
  #lastStart: number;
  #retryAt = 0;
  #isForced = false;
  #rotateThrough = -1;
  #rotateAgainAt = Number.NEGATIVE_INFINITY;
  count = 0;
  failureCount = 0;
  lastDurationMs = 0;

  constructor(
    state: PartitionState,
    log: PartitionLog,
    sink: CheckpointSink,
    policy: CheckpointPolicy,
    savedOffset: number,
    now: number,
    logClock: Clock,
    describe: (offset: number) => CheckpointMeta,
  ) {
    this.#state = state;
    this.#log = log;
    this.#sink = sink;
    this.#policy = policy;
    this.#savedOffset = savedOffset;
    this.#lastStart = now;
    this.#relief = new LogRelief(log, sink, logClock);
    this.#describe = describe;
  }

  get savedOffset(): number {
    return this.#savedOffset;
  }

  get isIdle(): boolean {
    return this.#phase === IDLE;
  }

  /** Whether a forced checkpoint would save anything: events, or that others hold what was on its way to them. */
  isStale(processedOffset: number): boolean {
    return this.#savedOffset < processedOffset || this.#state.outbox.isSaveStale;
  }

  /** Makes the next `step` start a checkpoint if there is anything new. */
  force(): void {
    this.#isForced = true;
  }

  /** From now on there are checkpoints, of nothing new too, until the previous environment reflects this offset. */
  rotateThrough(offset: number): void {
    this.#rotateThrough = offset;
  }

  /**
   * @param processedOffset last offset that the state reflects
   * @param eventsPerMs replay rate to expect
   * @param now any monotonic clock, ms
   * @returns whether it can go on at once
   */
  step(processedOffset: number, eventsPerMs: number, now: number): boolean {
    switch (this.#phase) {
      case IDLE: {
        if (this.#sink.floorOffset > this.#trimmedOffset) this.#trim();
        const mustRotate = this.#relief.isDue(processedOffset, now) || this.#isRotationDue(now);
        if (!mustRotate && !this.#isDue(processedOffset, eventsPerMs, now)) return false;
        this.#isForced = false;
        this.#lastStart = now;
        this.#meta = { ...this.#describe(processedOffset), mustRotate };
        this.#state.beginCut();
        this.#sink.begin();
        this.#phase = ENCODING;
        return true;
      }
      case ENCODING:
        if (!this.#state.encodeSlice(this.#sink, SLICE_BYTES)) return this.#sink.hasRoom();
        this.#phase = FLUSHING;
        return true;
      case FLUSHING: {
        const meta = this.#meta as CheckpointMeta;
        if (this.#log.durableThrough < meta.offset) return false;
        failpoint('checkpoint.before-commit');
        if (!this.#sink.finish(meta)) return false;
        this.#phase = COMMITTING;
        return false;
      }
      default:
        return this.#settle(now);
    }
  }

  #isRotationDue(now: number): boolean {
    if (this.#sink.floorOffset >= this.#rotateThrough || this.#sink.isRotating || now < this.#rotateAgainAt)
      return false;
    this.#rotateAgainAt = now + ROTATION_RETRY_MS;
    return true;
  }

  #isDue(processedOffset: number, eventsPerMs: number, now: number): boolean {
    const tail = processedOffset - this.#savedOffset;
    if (this.#isForced && this.isStale(processedOffset)) return true;
    this.#isForced = false;
    if (tail <= 0) return false;
    if (now < this.#retryAt) return false;
    return (
      this.#state.wantsCut ||
      now - this.#lastStart >= this.#policy.maxIntervalMs ||
      tail >= eventsPerMs * this.#policy.maxTailMs ||
      this.#log.bytesSince(this.#savedOffset + 1) >= this.#policy.maxTailBytes
    );
  }

  #settle(now: number): boolean {
    const result = this.#sink.result();
    if (result === 'pending') return false;
    const meta = this.#meta as CheckpointMeta;
    this.#phase = IDLE;
    this.#meta = null;
    this.lastDurationMs = now - this.#lastStart;
    if (result === 'failed') {
      this.failureCount += 1;
      this.#retryAt = now + RETRY_MS;
      this.#state.abandonCut();
      return false;
    }
    failpoint('checkpoint.after-commit');
    this.count += 1;
    this.#savedOffset = meta.offset;
    this.#sink.renewReader();
    this.#state.confirmCut();
    this.#trim();
    return false;
  }

  #trim(): void {
    this.#trimmedOffset = this.#sink.floorOffset;
    this.#log.trim(this.#trimmedOffset);
  }
}
