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

/** Keyed state of one operator in one partition. A value read is immutable; `undefined` is "no value" and never stored. */
export interface OperatorStore {
  get(key: string): unknown;
  put(key: string, value: unknown): void;
  /** @returns whether there was a value */
  delete(key: string): boolean;
}

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

/** What a partition gives its copy of the topology. */
export interface OperatorHost {
  /** The same store at every call with the same id. */
  store(storeId: number): OperatorStore;
  readonly context: EventContext;
  /** A row of a view changed; `undefined` is "no row". Counts only once the whole event is through. */
  viewChanged(viewId: number, key: string, next: unknown, previous: unknown): void;
  /** Development mode: what user code is given is frozen, and what it hands back is looked at. Slow. */
  readonly isDevelopment?: boolean;
}
