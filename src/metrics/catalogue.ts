import { ERRORS, type ErrorCode } from '../base/error-catalogue.ts';
import { counter, defineMetrics, gauge, histogram, type Metric, type MetricSet, sparse } from './metric-set.ts';

/**
 * Every number that moka reports about itself. Names follow Prometheus: base units, `_total` on what only grows. Times
 * are recorded in µs and shown in seconds.
 */
const US = 1e-6;

type RejectionKey = `rejected:${ErrorCode}`;

function rejections(): Record<RejectionKey, Metric> {
  const help = 'Events refused, by the code of the answer.';
  const entries = (Object.keys(ERRORS) as ErrorCode[]).map((code) => [
    `rejected:${code}`,
    sparse(counter('moka_events_rejected_total', help, { code })),
  ]);
  return Object.fromEntries(entries) as Record<RejectionKey, Metric>;
}

const RECEIVED = 'Events that came in, also those refused later.';
const ACKED = 'Events acknowledged as accepted, by the level the ack named.';
const QUERIES = 'Questions to views.';

/** Kept by the main thread: intake, answers, queries. */
export const INGRESS_METRICS = defineMetrics({
  receivedHttp: counter('moka_events_received_total', RECEIVED, { transport: 'http' }),
  receivedBatch: counter('moka_events_received_total', RECEIVED, { transport: 'batch' }),
  receivedWebSocket: counter('moka_events_received_total', RECEIVED, { transport: 'websocket' }),
  receivedLibrary: counter('moka_events_received_total', RECEIVED, { transport: 'library' }),
  receivedBytes: counter('moka_received_bytes_total', 'Bytes of the values that came in.'),
  ackedReceived: counter('moka_events_acked_total', ACKED, { level: 'received' }),
  ackedWritten: counter('moka_events_acked_total', ACKED, { level: 'written' }),
  ackedDurable: counter('moka_events_acked_total', ACKED, { level: 'durable' }),
  duplicates: counter('moka_events_duplicate_total', 'Events recognised as repeated and answered with their first.'),
  ...rejections(),
  repliesOutstanding: gauge('moka_replies_outstanding', 'Requests and frames not answered yet.'),
  websocketConnections: gauge('moka_websocket_connections', 'Open intake connections.'),
  stagedBytes: gauge('moka_websocket_staged_bytes', 'Bytes of frames that wait for room on a ring.'),
  grantedBytes: gauge('moka_websocket_granted_bytes', 'Credit in bytes given to all connections.'),
  queriesGet: counter('moka_queries_total', QUERIES, { kind: 'get' }),
  queriesRange: counter('moka_queries_total', QUERIES, { kind: 'range' }),
  subscriptions: gauge('moka_subscriptions', 'Open subscriptions to views.'),
  ackTime: histogram('moka_ack_seconds', 'From the receipt of a request or frame to its answer.', US),
});

const CHECKPOINTS = 'Checkpoints ended, by outcome.';

/** Kept once per partition by the worker that hosts it. */
export const LANE_METRICS = defineMetrics({
  eventsLogged: counter('moka_events_logged_total', 'Events appended to the log.'),
  eventsProcessed: counter('moka_events_processed_total', 'Events that went through the topology.'),
  eventsRecovered: counter('moka_events_recovered_total', 'Events replayed from the log at start.'),
  deadLetters: counter('moka_dead_letters_total', 'Events that an operator failed on.'),
  processedOffset: gauge('moka_processed_offset', 'Last event that went through the topology; -1 for none.'),
  durableOffset: gauge('moka_durable_offset', 'Last event known to be on disk; -1 for none.'),
  viewChanges: counter('moka_view_changes_total', 'Rows inserted, updated or deleted in views.'),
  pressure: gauge('moka_pressure', 'Pressure of the partition: 0 ok, 1 high, 2 full.'),
  intakeRingFill: gauge('moka_intake_ring_fill_ratio', 'Share of the intake ring that is taken.'),
  drainRate: gauge('moka_drain_rate', 'Events per second that the partition takes off its ring.'),

  dedupeHits: counter('moka_dedupe_hits_total', 'Identities found in the table.'),
  dedupeEntries: gauge('moka_dedupe_entries', 'Identities remembered.'),
  producers: gauge('moka_dedupe_producers', 'Producers remembered.'),

  logBlocks: counter('moka_log_blocks_total', 'Blocks written.'),
  logBytes: counter('moka_log_bytes_total', 'Bytes written to the log, headers and padding included.'),
  logTailBytes: gauge('moka_log_tail_bytes', 'Log since the last checkpoint: what a crash would replay.'),
  logRetainedBytes: gauge('moka_log_retained_bytes', 'Log on disk.'),

  checkpointsCommitted: counter('moka_checkpoints_total', CHECKPOINTS, { outcome: 'committed' }),
  checkpointsFailed: counter('moka_checkpoints_total', CHECKPOINTS, { outcome: 'failed' }),
  checkpointOffset: gauge('moka_checkpoint_offset', 'Event up to which the last checkpoint reflects the log.'),

  cacheHits: counter('moka_state_cache_hits_total', 'State reads answered from memory.'),
  cacheMisses: counter('moka_state_cache_misses_total', 'State reads that went to disk.'),
  cacheEvictions: counter('moka_state_cache_evictions_total', 'Rows that left the cache for others.'),
  cacheBytes: gauge('moka_state_cache_bytes', 'State held in memory.'),
  dirtyBytes: gauge('moka_state_dirty_bytes', 'State changed since the last checkpoint.'),
  stateRows: gauge('moka_state_rows', 'Rows of all state stores.'),

  batchEvents: histogram('moka_batch_events', 'Events written and flushed together.', 1),
  flushTime: histogram('moka_log_flush_seconds', 'From the start of a write to the end of its flush.', US),
  turnTime: histogram('moka_turn_seconds', 'How long one turn of the partition held its thread.', US),
  checkpointTime: histogram('moka_checkpoint_seconds', 'From the cut to the confirmed commit.', US),
  recoveryTime: histogram('moka_recovery_seconds', 'From the opening of the log to the first intake.', US),
});

const LATE = 'Events that came too late for a node of the topology: it did not take them.';
/** Nodes with a counter of their own; what is behind them shares the last one. */
export const MAX_LATE_COUNTERS = 128;
const FIRST_LATE = Object.values(LANE_METRICS.metrics).filter(({ kind }) => kind !== 'histogram').length;

/** Where a partition's block has the count of late events of the n-th node that may have any. */
export function lateIndex(n: number): number {
  return FIRST_LATE + Math.min(n, MAX_LATE_COUNTERS - 1);
}

/** Kept once per partition too, behind the others. @param nodes of the topology whose events may be late */
export function lateMetrics(nodes: readonly string[]): MetricSet {
  const shown = nodes.length <= MAX_LATE_COUNTERS ? nodes : [...nodes.slice(0, MAX_LATE_COUNTERS - 1), 'others'];
  const entries = shown.map((node) => [node, counter('moka_late_events_total', LATE, { node })]);
  return defineMetrics(Object.fromEntries(entries) as Record<string, Metric>, FIRST_LATE);
}

const REJECTION_INDEX = Int16Array.from({ length: 256 }, () => -1);
for (const code of Object.keys(ERRORS) as ErrorCode[]) {
  REJECTION_INDEX[ERRORS[code].id] = INGRESS_METRICS.index[`rejected:${code}`];
}

/** Where the main thread counts refusals with this number of the error catalogue. */
export function rejectionIndex(errorId: number): number {
  return REJECTION_INDEX[errorId] as number;
}
