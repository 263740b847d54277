import type { Clock } from '../base/clock.ts';
import { ERRORS } from '../base/error-catalogue.ts';
import type { PartitionLog } from '../log/partition-log.ts';
import type { CheckpointSink } from '../store/checkpoint.ts';

/** Between two checkpoints that are forced to let go of log: at first, and at most after some that did not help. */
export const RELIEF_WAIT_MS = 1_000;
export const RELIEF_WAIT_MS_MAX = 60_000;

/**
 * The way out for a lane that the disk refuses its next segment, while its own log holds more than is to be kept. Such a
 * lane takes nothing in, so no checkpoint comes due, no environment is copied, and the floor stays where it is. Here a
 * checkpoint is asked for that copies the environment, even one of no new event: the floor then lies at its offset, and
 * the segments below are used again, which takes no space.
 *
 * It is asked for only while it would give segments back, and seldom: it may itself meet the full disk.
 */
export class LogRelief {
  readonly #log: PartitionLog;
  readonly #sink: CheckpointSink;
  readonly #logClock: Clock;
  #waitMs = RELIEF_WAIT_MS;
  #lastAt = Number.NEGATIVE_INFINITY;

  /** @param logClock the time that the next event would get: no event, and the log grows older all the same */
  constructor(log: PartitionLog, sink: CheckpointSink, logClock: Clock) {
    this.#log = log;
    this.#sink = sink;
    this.#logClock = logClock;
  }

  /**
   * Lets go of what may go; call it while no checkpoint is under way.
   * @param offset the last one that a checkpoint would reflect
   * @param now any monotonic clock, ms
   * @returns whether a checkpoint is to be started for more
   */
  isDue(offset: number, now: number): boolean {
    if (this.#log.blockedReason() !== ERRORS.ERR_DISK_FULL.id) {
      this.#waitMs = RELIEF_WAIT_MS;
      return false;
    }
    const logTime = this.#logClock.now();
    this.#log.trim(this.#sink.floorOffset, logTime);
    if (now - this.#lastAt < this.#waitMs || this.#sink.isRotating) return false;
    if (this.#log.trimmableCount(offset, logTime) === 0) return false;
    this.#lastAt = now;
    this.#waitMs = Math.min(2 * this.#waitMs, RELIEF_WAIT_MS_MAX);
    return true;
  }
}
