import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { Stream } from '../../src/topology/stream.ts';
import {
  type Auction,
  AuctionSchema,
  type Bid,
  BidSchema,
  type NexmarkEvent,
  type Person,
  PersonSchema,
} from './model.ts';
import { receive } from './sink.ts';

export interface NexmarkStreams {
  readonly persons: Stream<Person>;
  readonly auctions: Stream<Auction>;
  readonly bids: Stream<Bid>;
}

/** An event that is sent before all others, to a stream of the query's own. */
export interface PreludeEvent {
  readonly stream: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** What an oracle is told: every event in the order in which it came. */
export interface OracleInput {
  readonly events: readonly NexmarkEvent[];
  /** The event time that is reached at the end: what ends by then is over. */
  readonly watermark: number;
}

/** One of the queries of Nexmark. */
export interface NexmarkQuery {
  /** `q0` to `q22`. */
  readonly name: string;
  readonly summary: string;
  /** Writes the query down; what it emits are the rows of its result. */
  readonly build: (streams: NexmarkStreams, t: TopologyBuilder) => Stream<unknown>;
  /**
   * Where a row replaces the one before it: what tells whether two are the same row. Null: every row that is emitted is one
   * of the result.
   */
  readonly identity: ((row: never) => string | number) | null;
  /** The result by the plainest way there is, in no particular order. */
  readonly oracle: (input: OracleInput) => unknown[];
  readonly prelude?: readonly PreludeEvent[];
  /** Its operators have timers in event time; windows that are folded go by the greatest time seen, and a grace. */
  readonly hasWatermark?: boolean;
  /** Bids happen when they are taken in: processing time. Default: when they say. */
  readonly isByProcessingTime?: boolean;
}

/** How late an event may come: the reference's watermark stays this far behind the greatest time seen. */
export const OUT_OF_ORDERNESS_MS = 4000;

/**
 * The topology of a query. Every one of them takes in all three streams, as the reference reads all events whatever it
 * asks. What comes out goes to `receive` and is gone: the reference's blackhole.
 */
export function topologyOf(query: NexmarkQuery): CompiledTopology {
  return defineTopology(query.name, (t) => {
    const time = query.isByProcessingTime === true ? {} : { eventTime: 'dateTime' as const };
    const watermark = query.hasWatermark === true ? { watermark: { outOfOrderness: OUT_OF_ORDERNESS_MS } } : {};
    const persons = t.stream('persons', { schema: PersonSchema, key: 'id', ...watermark, ...time });
    const auctions = t.stream('auctions', { schema: AuctionSchema, key: 'id', ...watermark, ...time });
    const bids = t.stream('bids', { schema: BidSchema, key: 'auction', ...watermark, ...time });
    query
      .build({ persons, auctions, bids }, t)
      .filter('sink', (row) => receive(row))
      .toJournal('never', { keep: 1 });
  });
}

/** What a result says once rows that replace each other have done so. */
export function resultOf(query: NexmarkQuery, emitted: readonly unknown[]): unknown[] {
  const { identity } = query;
  if (identity === null) return [...emitted];
  const rows = new Map<string | number, unknown>();
  for (const row of emitted) rows.set(identity(row as never), row);
  return [...rows.values()];
}
