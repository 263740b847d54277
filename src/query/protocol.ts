import type { ErrorCode } from '../base/error-catalogue.ts';
import type { ChangePosition } from './resume-token.ts';

/**
 * What the main thread and a lane say to each other about reads. Both directions send arrays of messages, one post per
 * turn. A question has an `id` of the asker's choice; its answer bears the same. Values travel as JSON text.
 *
 * ```
 *   get, page, reach, settle,
 *   producer                   ──►            one answer each: row | page | reached | producer | refused
 *   watch                      ──►            lost, or: rows… and changes… ─► ready ─► changes…, then maybe lost
 *   credit                     ──►            one more batch (rows or changes) of that watch
 *   cancel                     ──►            nothing more comes for that id, but for what is on its way
 * ```
 */
export type Question =
  | GetQuestion
  | PageQuestion
  | ReachQuestion
  | SettleQuestion
  | ProducerQuestion
  | WatchQuestion
  | CreditNote
  | CancelNote;

/** The lane answers once it has processed `afterOffset` (-1: at once), if that is a position of `afterEpoch` (-1: any). */
export interface AfterCondition {
  readonly afterOffset: number;
  readonly afterEpoch: number;
}

export interface GetQuestion extends AfterCondition {
  readonly kind: 'get';
  readonly id: number;
  readonly viewId: number;
  readonly key: string;
}

/** Rows of `from` ≤ key < `to` that lie behind `past`. */
export interface PageQuestion extends AfterCondition {
  readonly kind: 'page';
  readonly id: number;
  readonly viewId: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly past: string | null;
  readonly limit: number;
}

export interface ReachQuestion extends AfterCondition {
  readonly kind: 'reach';
  readonly id: number;
}

/**
 * The lane answers once what it has sent on to other partitions is processed and durable there: what the events through
 * `afterOffset` have, or with -1 those that it has processed when it is asked.
 */
export interface SettleQuestion extends AfterCondition {
  readonly kind: 'settle';
  readonly id: number;
}

/** What the lane knows of the producer with this identity hash. */
export interface ProducerQuestion {
  readonly kind: 'producer';
  readonly id: number;
  readonly low: number;
  readonly high: number;
}

export interface WatchQuestion {
  readonly kind: 'watch';
  readonly id: number;
  readonly viewId: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly resume: ChangePosition | null;
}

export interface CreditNote {
  readonly kind: 'credit';
  readonly id: number;
  readonly batches: number;
}

export interface CancelNote {
  readonly kind: 'cancel';
  readonly id: number;
}

export type Answer = PointAnswer | WatchAnswer;
export type PointAnswer = RowAnswer | PageAnswer | ReachedAnswer | ProducerAnswer | RefusedAnswer;
export type WatchAnswer = RowsAnswer | ReadyAnswer | ChangesAnswer | LostAnswer;

/** The lane's position the answer reflects; durable when the answer is posted. */
interface AtPosition {
  readonly id: number;
  readonly offset: number;
  readonly epoch: number;
}

export interface RowAnswer extends AtPosition {
  readonly kind: 'row';
  readonly value: string | null;
}

/** All rows of the range through the key `through`, or to its end (`null`). */
export interface PageAnswer extends AtPosition {
  readonly kind: 'page';
  readonly keys: readonly string[];
  readonly values: readonly string[];
  readonly through: string | null;
}

export interface ReachedAnswer extends AtPosition {
  readonly kind: 'reached';
}

/** `producerEpoch` and `sequence` are -1 for a producer the lane has not met. */
export interface ProducerAnswer extends AtPosition {
  readonly kind: 'producer';
  readonly producerEpoch: number;
  readonly sequence: number;
}

export interface RefusedAnswer {
  readonly kind: 'refused';
  readonly id: number;
  readonly code: ErrorCode;
  readonly detail: string;
}

/** Some rows of a snapshot. */
export interface RowsAnswer {
  readonly kind: 'rows';
  readonly id: number;
  readonly keys: readonly string[];
  readonly values: readonly string[];
}

/** The rows and changes sent so far make up the partition's part of the view at this position. */
export interface ReadyAnswer {
  readonly kind: 'ready';
  readonly id: number;
  readonly position: ChangePosition;
}

/** Change `i` is number `ns[i]` of the event at `offsets[i]`; a value of `null` takes the row away. */
export interface ChangesAnswer {
  readonly kind: 'changes';
  readonly id: number;
  readonly keys: readonly string[];
  readonly values: readonly (string | null)[];
  readonly offsets: readonly number[];
  readonly ns: readonly number[];
  /** How far the watch has got with this message. */
  readonly position: ChangePosition;
}

/**
 * The watch is over, since what it needs next is no longer kept. `epoch`: its position is of no epoch this lane had;
 * `history`: older than what is kept; `slow`: it did not take its changes in time.
 */
export interface LostAnswer {
  readonly kind: 'lost';
  readonly id: number;
  readonly reason: LostReason;
}

export type LostReason = 'epoch' | 'history' | 'slow';

/** One end of the way between the main thread and a lane. Messages arrive in order, each exactly once. */
export interface QueryPort {
  post(message: unknown): void;
  /** Assigned by the owner of this end. */
  onMessage: (message: unknown) => void;
}
