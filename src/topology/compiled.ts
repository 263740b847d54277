import type { TSchema } from 'typebox';
import type { Answer, AskingOperator } from '../operators/lookup.ts';
import type { OperatorHost } from '../operators/operator.ts';
import type { WatermarkRule } from '../operators/source-clock.ts';
import type { StoreLayout, StoreSpec } from '../store/store-spec.ts';
import type { TopologyDescription } from './description.ts';
import type { HopSpec } from './hops.ts';
import type { LookupSpec } from './lookups.ts';
import type { SchemaIssue } from './schema-check.ts';

export type { EventContext, OperatorHost, OperatorStore } from '../operators/operator.ts';
export type { StoreSpec } from '../store/store-spec.ts';
export type { HopSpec } from './hops.ts';
export type { LookupSpec } from './lookups.ts';
export type { SchemaIssue } from './schema-check.ts';

/** What the ack of a stream promises, and whether its events are deduplicated. */
export type Guarantee = 'at-most-once' | 'at-least-once' | 'exactly-once';

/** Whether the ack waits for the flush (`fsync`) or for the write alone (`os`: survives a crash of the process only). */
export type Durability = 'fsync' | 'os';

/** A field whose value says which event this is, for those events that `appliesTo` admits (`null`: for all). */
export interface IdentitySpec {
  readonly field: string;
  readonly appliesTo: ((value: unknown) => boolean) | null;
}

/** A kind of event that enters from outside. `id` is the position in `CompiledTopology.streams`. */
export interface StreamSpec {
  readonly id: number;
  readonly name: string;
  readonly description: string | undefined;
  /** Top-level field that the event is ordered and partitioned by. */
  readonly keyField: string;
  readonly guarantee: Guarantee;
  readonly durability: Durability;
  readonly identities: readonly IdentitySpec[];
  /** Top-level field with the event time in ms; `null`, or absent in an event: the time of intake counts. */
  readonly eventTimeField: string | null;
  /** How far an event time may lie ahead of the box's clock. */
  readonly maxFutureSkewMs: number;
  /** null: event time is as far as the greatest time seen. */
  readonly watermark: WatermarkRule | null;
  /** As given, with every number bounded to what a double holds exactly unless the schema bounds it itself. */
  readonly schema: TSchema;
  check(value: unknown): boolean;
  /** Why `check` said no; at most 8. */
  errors(value: unknown): SchemaIssue[];
  /** Order of the members in a msgpack record; those of a union's variants in the order they first appear. */
  readonly fields: readonly string[];
}

/** A table that can be read from outside. `id` is the position in `CompiledTopology.views`. */
export interface ViewSpec {
  readonly id: number;
  readonly name: string;
  readonly description: string | undefined;
  readonly storeId: number;
  /** Whether a row lies in the partition its key hashes to; else a row may lie in any. */
  readonly isKeyedByPartitionKey: boolean;
  /** Whether a row stands under a key and a window: `windowKey(key, start, end)`. */
  readonly isOfWindows: boolean;
  /** How often a change may go on in another partition before it shows here. */
  readonly hopLevel: number;
  readonly schema: TSchema | null;
}

export interface LateCount {
  readonly node: string;
  readonly storeId: number;
}

/** A topology that was found sound. The same in every thread; `fingerprint` tells whether two are one. */
export interface CompiledTopology {
  readonly name: string;
  readonly version: string;
  readonly fingerprint: string;
  readonly streams: readonly StreamSpec[];
  readonly stores: readonly StoreSpec[];
  /** By id of the store. */
  readonly storeLayouts: readonly StoreLayout[];
  readonly views: readonly ViewSpec[];
  /** Nodes whose events may come too late, and the store that counts those in its register LATE_COUNT. */
  readonly lateCounts: readonly LateCount[];
  /** By stream: ids of the stores in which its events are looked up by their own key, the first few. */
  readonly keyedStores: readonly (readonly number[])[];
  /** How errors call the operators, by the number of their node. */
  readonly operatorNames: readonly string[];
  /** By number. */
  readonly hops: readonly HopSpec[];
  /** Operators that ask the outside, by number. */
  readonly lookups: readonly LookupSpec[];
  describe(): TopologyDescription;
  /** One copy of the operators, for one partition. */
  instantiate(host: OperatorHost): Pipeline;
}

/** One partition's copy of a topology. */
export interface Pipeline {
  /**
   * Runs one event through all operators behind its stream.
   *
   * @throws OperatorError (`ERR_OPERATOR_FAILED`) when user code failed, naming the operator. The caller undoes the
   * event. Anything else that is thrown is no fault of user code and must stop the partition.
   */
  process(streamId: number, key: string, value: unknown, eventTime: number): void;
  /** Runs a change that came from another partition through what follows its hop. @throws as `process` */
  processMoved(hop: number, key: string, next: unknown, previous: unknown, time: number): void;
  /** Another partition says how far event time has come there before a hop. */
  processMark(hop: number, peer: number, watermark: number, isIdle: boolean): void;
  /** Has the event that waits for it go on with an answer from outside. @throws as `process` */
  processAnswer(lookup: number, answer: Answer): void;
  /** The event that waits went nowhere with its answer, and was undone: it waits no more. */
  dropQuestion(lookup: number, number: number): void;
  /** By number of the look-up: the operators that ask the outside. */
  readonly asking: readonly AskingOperator[];
  /** What time moves; null if it moves nothing. */
  readonly timing: PipelineTiming | null;
}

/**
 * What time brings about in a partition's copy of a topology. What is fired runs as an event does: as a whole, at a
 * position of its own, and undone if it throws. Both kinds of time come from the log, so a replay fires the same.
 */
export interface PipelineTiming {
  /** The earliest log time that something waits for, in ms; Infinity for none. */
  readonly nextLogTime: number;
  /** The log time at which a stream becomes idle if nothing comes until then, in ms; Infinity for none. */
  readonly nextIdleTime: number;
  /** The earliest event time that something waits for and its watermark has reached, in ms; Infinity for none. */
  readonly dueEventTime: number;
  /** Does what is due first by log time, if it is due. @throws as `process` */
  fireLogTime(now: number): void;
  /** Does what is due first by event time, if it is due. @throws as `process` */
  fireEventTime(): void;
  /** What was fired last failed and was undone: it is given up. @returns the key it was for */
  dropFired(): string;
  /** Gives up what is due first, which was not fired. @returns whose it was: number of its operator and key; null for none */
  dropDue(isByLogTime: boolean, logTime: number): { operator: number; key: string } | null;
  /** Nothing waits to come in: streams that have been silent for too long hold no watermark back any more. */
  judgeIdle(logTime: number): void;
}
