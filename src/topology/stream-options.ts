import type { Static, TSchema } from 'typebox';
import type { Duration } from '../base/duration.ts';
import type { Durability, Guarantee } from './compiled.ts';
import type { Evolution } from './evolution.ts';

/** Names of the members that an event has for sure, whichever variant it is, and whose value is a `Type`. */
export type SureField<Value, Type> = {
  [Field in keyof Value & string]: Value[Field] extends Type ? Field : never;
}[keyof Value & string];

/** Names of the members that some variant of the event has with a value of `Type`, perhaps optional. */
export type AnyField<Value, Type> = Value extends unknown
  ? { [Field in keyof Value & string]-?: Exclude<Value[Field], undefined> extends Type ? Field : never }[keyof Value &
      string]
  : never;

/** A field that tells which event this is; with `when`, only for the events it holds for. */
export interface IdentityOption<Value> {
  readonly field: AnyField<Value, string | number>;
  /** A pure function of the event. If it throws, the field counts. */
  readonly when?: (event: Value) => boolean;
}

export interface WatermarkOptions {
  /** How much later than others an event may come that happened before them: ms, or text such as `5s`. */
  readonly outOfOrderness: Duration;
  /** A stream that is silent for so long holds the watermark of others back no more. Default: never. */
  readonly idleAfter?: Duration;
  /**
   * What becomes of its watermark then: it stands still, or it follows the box's clock as the log keeps it, `outOfOrderness`
   * behind, so that what waits for event time happens although nothing comes. What comes after that from before is late.
   * Default: `stand-still`.
   */
  readonly whenIdle?: 'stand-still' | 'follow-clock';
}

/**
 * `version` and `upcast` say how the form of its events has changed, for those that are kept: waiting, or as rows. The log
 * is not written anew.
 */
export interface StreamOptions<Schema extends TSchema> extends Evolution {
  /** A typebox object schema, or a union of such: what an event must look like to be taken in. */
  readonly schema: Schema;
  /** The member an event is ordered and partitioned by. */
  readonly key: SureField<Static<Schema>, string | number>;
  /**
   * The members that identify an event, so that it is taken only once (`exactly-once` only). An event of which no member
   * counts must be identified by its sender: with an Idempotency-Key or a producer's sequence number.
   */
  readonly id?:
    | AnyField<Static<Schema>, string | number>
    | readonly (AnyField<Static<Schema>, string | number> | IdentityOption<Static<Schema>>)[];
  /** The member that says when the event happened, in ms since 1970. An event without it happened when it was taken in. */
  readonly eventTime?: AnyField<Static<Schema>, number>;
  /**
   * What the events say about how far event time has come. Without it that is the greatest time seen, as in Kafka Streams.
   * With it, operators that keep watermarks wait for events that come late, and for the slowest of several streams.
   */
  readonly watermark?: WatermarkOptions | ((event: Static<Schema>) => number | null);
  /** How far the event time may lie ahead of the box's clock before the event is refused. Default: a day. */
  readonly maxFutureSkewMs?: number;
  /** Default: `exactly-once`. */
  readonly guarantee?: Guarantee;
  /** Default: `fsync`. */
  readonly durability?: Durability;
  readonly description?: string;
}
