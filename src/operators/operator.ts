import type { Repartitioner } from './repartition.ts';
import type { Whereabouts } from './whereabouts.ts';

/**
 * What an operator is, what it may lean on, and what passes between two of them.
 *
 * **A change** travels as four arguments, never as an object, so that a hop allocates nothing:
 *
 * | argument   | in a stream         | in a table                                          |
 * |------------|---------------------|-----------------------------------------------------|
 * | `key`      | key of the event    | key of the row                                      |
 * | `next`     | the event           | the row from now on, `undefined` when it is deleted |
 * | `previous` | always `undefined`  | the row until now, `undefined` when there was none  |
 * | `time`     | event time in ms    | event time of the event that changed the row        |
 *
 * So an event is the insertion of a row, and an operator that knows tables knows streams too. Values are immutable: an
 * operator passes on what it was given or something new.
 *
 * **Life of an operator.** One copy per partition, made when the partition opens, called by that partition's thread
 * only, never re-entered. It keeps nothing of its own between two events: what must last is in its store, which the
 * partition takes back as a whole when an event fails, and which outlives the process.
 */
export interface Operator {
  push(key: string, next: unknown, previous: unknown, time: number): void;
}

/**
 * An operator that time moves on, besides events. Two kinds of time do, both of them from the log: **event time**, when the
 * watermark of its sources passes, and **log time**, before the first record of a block. The partition asks what is waited
 * for, and has one thing done at a time, each as a whole or not at all, as with an event.
 */
export interface TimedOperator {
  /** The earliest event time that is waited for, in ms; Infinity for none. Due when the watermark has reached it. */
  readonly nextEventTime: number;
  /** The earliest log time that is waited for, in ms; Infinity for none. */
  readonly nextLogTime: number;
  /** Does what is due first by event time, and no more. */
  onEventTime(watermark: number): void;
  /** Does what is due first by log time, and no more. */
  onLogTime(now: number): void;
  /** What was due first failed and was undone: gives it up. @returns the key it was for */
  dropEventTime(): string;
  dropLogTime(): string;
}

/** Keyed state of one operator in one partition. A value read is immutable; `undefined` is "no value" and never stored. */
export interface OperatorStore {
  get(key: string): unknown;
  /** @param time of the row in ms, kept with it by a store that its node declares timed */
  put(key: string, value: unknown, time?: number): void;
  /** Time of the row that `get` found last, in a timed store. */
  readonly time: number;
  /** @returns whether there was a value */
  delete(key: string): boolean;
  /**
   * Rows from `from` (inclusive) to `to` (exclusive; `undefined`: to the end) in the order of their keys' UTF-8 bytes, as
   * they are now, at most `limit`. Of stores that the node declares ordered only. A range costs tens of microseconds:
   * ask when something is due, not at every event.
   */
  range(from: string, to: string | undefined, limit: number): [key: string, value: unknown][];
  /**
   * Four numbers beside the rows, for what is remembered once per partition: the greatest time seen, what is due next.
   * They are taken back with their event as rows are.
   *
   * @param index 0 to 3
   * @returns -Infinity if it was never written
   */
  readRegister(index: number): number;
  writeRegister(index: number, value: number): void;
}

/** Key of an event that has none: what lies under a key of its own (a fold, an inner join) does not take it. */
export const NO_KEY = '';

/** Where a partition stands in its log: one object per partition, moved by the partition before each event. */
export interface EventContext {
  readonly partition: number;
  readonly offset: number;
  readonly eventTime: number;
  readonly logTime: number;
  now(): number;
  random(): number;
  id(): string;
}

/** What an event came into the partition as, for a person who has to see to it when it goes no further. */
export interface EventOrigin {
  /** Number of its stream; -1 if another partition sent it, or time brought it about. */
  readonly stream: number;
  readonly offset: number;
  readonly codec: number;
  /** The bytes that it came in; none if time brought it about. */
  readonly value: Uint8Array;
}

/** See `OperatorHost.release`; of an operator that is known. */
export type Release = (key: string, row: string, time: number, run: () => void) => void;

/** What a partition gives its copy of the topology. */
export interface OperatorHost {
  /** The same store at every call with the same id. */
  store(storeId: number): OperatorStore;
  readonly context: EventContext;
  /** A row of a view changed; `undefined` is "no row". Counts only once the whole event is through. */
  viewChanged(viewId: number, key: string, next: unknown, previous: unknown): void;
  /** What the event at hand came as. Missing: nobody keeps it. */
  origin?(): EventOrigin;
  /**
   * Runs what an event brings about for another key, such as a result that was due: if user code fails there, what it wrote
   * is taken back and becomes a dead letter, and the event at hand goes on. Missing: it fails with the event.
   * @param operator number of the operator that lets it go
   * @param row of this time: with the operator, what tells it from all else that is let go
   */
  release?(operator: number, key: string, row: string, time: number, run: () => void): void;
  /** Null, or missing: every key lies in this partition. */
  readonly repartitioner?: Repartitioner | null;
  /** Where the operators say whose code is running. Missing: nobody looks. */
  readonly whereabouts?: Whereabouts;
  /** Development mode: what user code is given is frozen, and what it hands back is looked at. Slow. */
  readonly isDevelopment?: boolean;
}
