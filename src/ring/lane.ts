import { assert } from '../base/assert.ts';
import type { Doorbell } from './doorbell.ts';
import type { SpscRing } from './spsc-ring.ts';

/** All that an ingress thread shares with one partition. */
export interface LaneLink {
  readonly partition: number;
  /** To the partition. */
  readonly intake: SpscRing;
  /** From the partition. */
  readonly acks: SpscRing;
  /** Of the worker that hosts the partition. */
  readonly bell: Doorbell;
  readonly status: LaneStatus;
}

/** STARTING → RECOVERING → RUNNING → DRAINING → CLOSED; any of them → STOPPED, on damage. */
export const LANE_STARTING = 0;
export const LANE_RECOVERING = 1;
export const LANE_RUNNING = 2;
export const LANE_DRAINING = 3;
export const LANE_CLOSED = 4;
export const LANE_STOPPED = 5;

export const PRESSURE_OK = 0;
export const PRESSURE_HIGH = 1;
export const PRESSURE_FULL = 2;

/**
 * What a partition tells the other threads about itself. The partition writes, everyone reads.
 *
 * ```
 *   0        4           8                       12         16
 *   +--------+-----------+-----------------------+----------+
 *   | state  | pressure  | intakeBlockedReason   | epoch    |                                    int32, atomic
 *   +--------+-----------+-----------------------+----------+-----------+------------+----------+
 *   | fillRatio | drainRate | durableOffset | processedOffset | recoveredEvents | heartbeat      |  float64
 *   +-----------+-----------+---------------+-----------------+-----------------+----------------+
 *  16          24          32              40                48                56               64
 *   | checkpointOffset | checkpointFailures |                                                      float64
 *   +------------------+--------------------+
 *  64                 72                   80
 * ```
 * A float64 has one writer and is aligned, and on the processors that Node runs on such a store is one store. It
 * publishes nothing but itself: whoever reads `durableOffset` learns a number, not that bytes elsewhere are there.
 */
export class LaneStatus {
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;

  static allocate(): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(LANE_STATUS_BYTES);
    const status = new LaneStatus(memory);
    status.durableOffset = -1;
    status.processedOffset = -1;
    status.checkpointOffset = -1;
    return memory;
  }

  constructor(memory: SharedArrayBuffer) {
    assert(memory.byteLength === LANE_STATUS_BYTES, `lane status bytes=${memory.byteLength}`);
    this.#words = new Int32Array(memory, 0, 4);
    this.#numbers = new Float64Array(memory, 16, 8);
  }

  get state(): number {
    return Atomics.load(this.#words, STATE);
  }
  set state(state: number) {
    Atomics.store(this.#words, STATE, state);
  }

  get pressure(): number {
    return Atomics.load(this.#words, PRESSURE);
  }
  set pressure(pressure: number) {
    Atomics.store(this.#words, PRESSURE, pressure);
  }

  /** 0, or the catalogue number of the error that every event would be refused with (disk full, window full). */
  get intakeBlockedReason(): number {
    return Atomics.load(this.#words, INTAKE_BLOCKED_REASON);
  }
  set intakeBlockedReason(errorId: number) {
    Atomics.store(this.#words, INTAKE_BLOCKED_REASON, errorId);
  }

  get epoch(): number {
    return Atomics.load(this.#words, EPOCH);
  }
  set epoch(epoch: number) {
    Atomics.store(this.#words, EPOCH, epoch);
  }

  /** 0..1: the fullest of the partition's bounded buffers. */
  get fillRatio(): number {
    return this.#numbers[FILL_RATIO] as number;
  }
  set fillRatio(ratio: number) {
    this.#numbers[FILL_RATIO] = ratio;
  }

  /** Events per second that the partition has made durable of late. */
  get drainRate(): number {
    return this.#numbers[DRAIN_RATE] as number;
  }
  set drainRate(eventsPerSecond: number) {
    this.#numbers[DRAIN_RATE] = eventsPerSecond;
  }

  /** Last offset that a flush covers; -1 for none. */
  get durableOffset(): number {
    return this.#numbers[DURABLE_OFFSET] as number;
  }
  set durableOffset(offset: number) {
    this.#numbers[DURABLE_OFFSET] = offset;
  }

  /** Last offset that the operators have seen; may run ahead of `durableOffset`. */
  get processedOffset(): number {
    return this.#numbers[PROCESSED_OFFSET] as number;
  }
  set processedOffset(offset: number) {
    this.#numbers[PROCESSED_OFFSET] = offset;
  }

  /** Events replayed since the start, for progress while RECOVERING. */
  get recoveredEvents(): number {
    return this.#numbers[RECOVERED_EVENTS] as number;
  }
  set recoveredEvents(count: number) {
    this.#numbers[RECOVERED_EVENTS] = count;
  }

  /** When the partition last came round, in ms since the epoch. */
  get heartbeat(): number {
    return this.#numbers[HEARTBEAT] as number;
  }
  set heartbeat(timeMs: number) {
    this.#numbers[HEARTBEAT] = timeMs;
  }

  /** Last offset that a checkpoint on disk reflects; -1 for none. */
  get checkpointOffset(): number {
    return this.#numbers[CHECKPOINT_OFFSET] as number;
  }
  set checkpointOffset(offset: number) {
    this.#numbers[CHECKPOINT_OFFSET] = offset;
  }

  /** Checkpoints since the start that the disk had no room for. */
  get checkpointFailures(): number {
    return this.#numbers[CHECKPOINT_FAILURES] as number;
  }
  set checkpointFailures(count: number) {
    this.#numbers[CHECKPOINT_FAILURES] = count;
  }
}

const STATE = 0;
const PRESSURE = 1;
const INTAKE_BLOCKED_REASON = 2;
const EPOCH = 3;

const FILL_RATIO = 0;
const DRAIN_RATE = 1;
const DURABLE_OFFSET = 2;
const PROCESSED_OFFSET = 3;
const RECOVERED_EVENTS = 4;
const HEARTBEAT = 5;
const CHECKPOINT_OFFSET = 6;
const CHECKPOINT_FAILURES = 7;

const LANE_STATUS_BYTES = 128;
