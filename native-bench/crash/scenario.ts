import type { Random } from '../load/random.ts';
import type { ViewRow } from '../run/view-reader.ts';
import type { SentEvent, Violation } from './ledger.ts';

/** An event about to be sent for the first time. */
export interface DraftEvent {
  key: string;
  value: Record<string, unknown>;
}

/** Reads all rows of a view of the running engine. */
export type ReadView = (view: string) => Promise<ViewRow[]>;

/** What a crash run needs to know about a topology. */
export interface Scenario {
  readonly name: string;
  /** File of the module that exports its topology. */
  readonly topology: string;
  /** Whether events move between partitions, as behind a `keyBy`. */
  readonly movesKeys: boolean;
  /** The stream that a producer sends to. */
  streamOf(producerIndex: number): string;
  /**
   * The next event of a producer. `key` names what the producer's own events are ordered by: no other producer has it, and
   * all events of it lie in one partition. Every event's bytes differ.
   */
  draft(producerIndex: number, random: Random): DraftEvent;
  /** Whether the stream takes msgpack records; else its binary frames carry JSON. */
  readonly hasRecordCodec: boolean;
  /** The event as a msgpack record, fields in the order of the schema. */
  pack(value: Record<string, unknown>): Uint8Array;
  /** Whether the stream's own id field identifies this event; others need an identity of the transport. */
  hasNaturalIdentity(value: Record<string, unknown>): boolean;
  /** A fresh data directory: what was live before is forgotten. */
  reset(): void;
  /**
   * Folds the log and compares views of the running, quiet engine with it; what moves between partitions may have to be
   * waited for.
   */
  checkViews(inOrder: readonly SentEvent[], readView: ReadView): Promise<Violation[]>;
}
