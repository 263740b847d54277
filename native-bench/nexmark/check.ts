import { isDeepStrictEqual } from 'node:util';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { MemoryLane } from './memory-lane.ts';
import { AUCTION, BID, type NexmarkEvent, PERSON } from './model.ts';
import { type NexmarkQuery, OUT_OF_ORDERNESS_MS, resultOf, topologyOf } from './query.ts';
import { sendRowsTo } from './sink.ts';
import type { WorkloadOptions } from './workload.ts';

/** Something that runs a query's topology: the events of a workload go in, one by one. */
export type Runner = (query: NexmarkQuery, events: readonly NexmarkEvent[]) => void;

const STREAMS = { [PERSON]: 'persons', [AUCTION]: 'auctions', [BID]: 'bids' } as const;
/** The first streams of every topology, in this order. */
export const PRELUDE_STREAM = 3;

/** In the test driver, where what functions are given is frozen and what they say is looked at. */
export const driverRunner: Runner = (query, events) => {
  const driver = new TopologyTestDriver(topologyOf(query));
  for (const { stream, event } of query.prelude ?? []) driver.send(stream, event);
  for (const { kind, event } of events) driver.send(STREAMS[kind], event, { eventTime: event.dateTime });
};

/** In what is measured: the engine's state and operators. */
export const memoryRunner: Runner = (query, events) => {
  const lane = new MemoryLane(topologyOf(query));
  for (const { event } of query.prelude ?? []) lane.process(PRELUDE_STREAM, String(event['key']), event, 0, 0);
  for (const { kind, event } of events) {
    const key = String(kind === BID ? event.auction : event.id);
    lane.process(kind, key, event, event.dateTime, event.dateTime);
  }
};

/** Small inputs to hold queries against their oracles: one is dense, in the other windows roll. */
export const CHECKED_WORKLOADS: readonly WorkloadOptions[] = [
  { seed: 1, density: 10_000_000, events: 2400 },
  { seed: 2, density: 80, events: 2400 },
];

export interface Verdict {
  readonly query: string;
  /** Of the query's result. */
  readonly rows: number;
  /** The first difference; null: there is none. */
  readonly difference: string | null;
}

/** Holds the result of a query against that of its oracle, both as sets of rows. */
export function check(query: NexmarkQuery, events: readonly NexmarkEvent[], run: Runner): Verdict {
  const emitted: unknown[] = [];
  sendRowsTo((row) => emitted.push(row));
  try {
    run(query, events);
  } finally {
    sendRowsTo(() => {});
  }
  const greatestTime = events.reduce((greatest, { event }) => Math.max(greatest, event.dateTime), 0);
  const expected = query.oracle({ events, watermark: greatestTime - OUT_OF_ORDERNESS_MS - 1 });
  const actual = resultOf(query, emitted);
  return { query: query.name, rows: actual.length, difference: differenceOf(actual, expected) };
}

/** Rows in any order, members of a row in any order. */
function differenceOf(actual: readonly unknown[], expected: readonly unknown[]): string | null {
  const [got, wanted] = [actual, expected].map((rows) => rows.map(textOf).sort()) as [string[], string[]];
  if (isDeepStrictEqual(got, wanted)) return null;
  const at = wanted.findIndex((row, i) => row !== got[i]);
  const index = at < 0 ? wanted.length : at;
  return `rows=${got.length} expected=${wanted.length}; row ${index} is ${got[index]}, expected ${wanted[index]}`;
}

function textOf(row: unknown): string {
  return JSON.stringify(row, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
