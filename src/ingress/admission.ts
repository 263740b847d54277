// data plane
import { ERRORS } from '../base/error-catalogue.ts';
import type { LaneIntake } from './lane-intake.ts';
import type { PendingReplies } from './pending-replies.ts';

const LEAST_WAIT_MS = 1000;
const GREATEST_WAIT_MS = 60_000;
/** A lane that starts or a disk that is full says nothing about when it will be otherwise. */
const STATE_WAIT_MS = 2000;
/** Clients that were refused together shall not come back together. */
const JITTER = 0.25;

/**
 * Says no before anything is accepted. The box as a whole refuses at header time, a single lane once the key is known.
 */
export class Admission {
  isDraining = false;
  readonly #lanes: readonly LaneIntake[];
  readonly #replies: PendingReplies;
  readonly #random: () => number;

  constructor(lanes: readonly LaneIntake[], replies: PendingReplies, random: () => number) {
    this.#lanes = lanes;
    this.#replies = replies;
    this.#random = random;
  }

  /** 0, or the catalogue number of the reason why no event of any key would be taken. */
  boxRefusal(): number {
    if (this.isDraining) return ERRORS.ERR_DRAINING.id;
    if (this.#replies.count === this.#replies.capacity) return ERRORS.ERR_OVERLOAD_BOX.id;
    const lanes = this.#lanes;
    let first = 0;
    for (let index = 0; index < lanes.length; index++) {
      const refusal = (lanes[index] as LaneIntake).refusal();
      if (refusal === 0) return 0;
      if (first === 0) first = refusal;
    }
    return first === ERRORS.ERR_OVERLOAD_PARTITION.id ? ERRORS.ERR_OVERLOAD_BOX.id : first;
  }

  /** As `boxRefusal`, but pressure is no reason: a connection has credit for that. */
  stateRefusal(): number {
    const refusal = this.boxRefusal();
    return refusal === ERRORS.ERR_OVERLOAD_BOX.id ? 0 : refusal;
  }

  /**
   * How long a refused client should wait, in ms: the backlog at the rate it drains, between 1 and 60 s, with jitter.
   * @param lane the one that refused; null for the box
   */
  retryAfterMs(errorId: number, lane: LaneIntake | null): number {
    let waitMs = STATE_WAIT_MS;
    if (errorId === ERRORS.ERR_OVERLOAD_PARTITION.id || errorId === ERRORS.ERR_OVERLOAD_BOX.id) {
      waitMs = 0;
      if (lane !== null) waitMs = drainTimeMs(lane);
      else for (const each of this.#lanes) waitMs = Math.max(waitMs, drainTimeMs(each));
    }
    const clamped = Math.min(GREATEST_WAIT_MS, Math.max(LEAST_WAIT_MS, waitMs));
    return Math.min(GREATEST_WAIT_MS, Math.ceil(clamped * (1 + JITTER * this.#random())));
  }
}

function drainTimeMs(lane: LaneIntake): number {
  const rate = lane.link.status.drainRate;
  return rate > 0 ? (lane.backlogEvents() * 1000) / rate : 0;
}
