/** The public API of moka. */
import type { Engine, EngineOptions } from './engine/engine.ts';
import type { CompiledTopology } from './topology/compiled.ts';

export type { ErrorCode } from './base/error-catalogue.ts';
export { MokaError } from './base/errors.ts';
export { type Static, type TSchema, Type } from './base/typebox.ts';
export type { Engine, EngineOptions } from './engine/engine.ts';
export type { EngineView, Page, Row } from './engine/engine-view.ts';
export type { IngestOptions, IngestResult } from './ingress/ingest-reply.ts';
export type { LateEvent } from './operators/late-events.ts';
export type { LookupContext, LookupFailure } from './operators/lookup.ts';
export type { Context } from './operators/operator-context.ts';
export { OperatorError } from './operators/operator-error.ts';
export type { FiredTimer, ProcessContext, Timers } from './operators/process.ts';
export {
  type ListState,
  listState,
  type MapState,
  mapState,
  type StateOptions,
  type ValueState,
  valueState,
} from './operators/process-state.ts';
export type { JournalEntry } from './operators/to-journal.ts';
export { keyOfWindowKey, type WindowBounds, windowKey, windowOfKey } from './operators/window-key.ts';
export { encodeMsgpack, encodeRecord } from './record/record-encoder.ts';
export { TopologyTestDriver } from './testing/topology-test-driver.ts';
export type { BatchOptions } from './topology/batch-node.ts';
export { defineTopology, type TopologyBuilder, type TopologyOptions } from './topology/builder.ts';
export type { CompiledTopology, Durability, Guarantee } from './topology/compiled.ts';
export type { DelayOptions } from './topology/delay-node.ts';
export type { DeduplicateOptions, DistinctOptions } from './topology/distinct-node.ts';
export type { CheckedEnrichOptions, EnrichOptions } from './topology/enrich-node.ts';
export type { Evolution } from './topology/evolution.ts';
export type { GlobalTable } from './topology/global-table.ts';
export type { GroupedStream } from './topology/grouped-stream.ts';
export type { GroupedTable } from './topology/grouped-table.ts';
export type {
  PatternByEventTime,
  PatternByLogTime,
  PatternOptions,
  PatternStep,
  PatternTimes,
  TimedOut,
} from './topology/pattern-node.ts';
export { type EventType, eventType, type ProcessOptions } from './topology/process-node.ts';
export type { JoinedStream, Stream } from './topology/stream.ts';
export type { JoinWindow } from './topology/stream-join-node.ts';
export type { Table } from './topology/table.ts';
export { TopologyError } from './topology/topology-error.ts';
export type { KeyKind } from './topology/window-keys.ts';
export {
  calendarDays,
  countWindow,
  hopping,
  session,
  sliding,
  tumbling,
  type WindowDefinition,
} from './topology/windows.ts';

/**
 * Opens an engine: takes the data directory, recovers every partition, and listens.
 *
 * @param topology path of a module that exports `topology`, or, with `workers: 0`, a topology itself
 * @returns when events can be taken
 * @throws MokaError ERR_CONFIG_INVALID, ERR_TOPOLOGY_…, ERR_DATA_…, ERR_LOG_DAMAGED, ERR_PORT_OCCUPIED, ERR_NATIVE_MISSING;
 * nothing is left running then
 */
export async function createEngine(topology: string | CompiledTopology, options: EngineOptions = {}): Promise<Engine> {
  // Every worker thread imports this module for its topology; sockets and threads are the main thread's alone.
  const engine = await import('./engine/engine.ts');
  return engine.createEngine(topology, options);
}
