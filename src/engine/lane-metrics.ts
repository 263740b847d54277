// data plane

import type { PartitionLog } from '../log/partition-log.ts';
import { LANE_METRICS, lateIndex } from '../metrics/catalogue.ts';
import { CounterBlock } from '../metrics/counter-block.ts';
import { LATE_COUNT } from '../operators/late-events.ts';
import type { LaneStatus } from '../ring/lane.ts';
import type { PartitionState } from '../store/partition-state.ts';
import type { LateCount } from '../topology/compiled.ts';
import type { LaneMetrics } from '../worker/lane-meter.ts';
import { laneStoreId } from '../worker/lane-stores.ts';
import type { Partition } from '../worker/partition.ts';

const AT = LANE_METRICS.index;

/** Keeps one partition's numbers in shared memory: what happens often as it happens, the rest when asked to. */
export class SharedLaneMetrics implements LaneMetrics {
  readonly #block: CounterBlock;
  readonly #lateCounts: readonly LateCount[];

  constructor(memory: SharedArrayBuffer, lateCounts: readonly LateCount[]) {
    this.#block = new CounterBlock(memory);
    this.#lateCounts = lateCounts;
  }

  judged(accepted: number, duplicate: number, _rejected: number): void {
    const block = this.#block;
    block.add(AT.eventsLogged, accepted);
    block.add(AT.eventsProcessed, accepted);
    if (duplicate !== 0) block.add(AT.dedupeHits, duplicate);
  }

  sealed(records: number, bytes: number): void {
    const block = this.#block;
    block.add(AT.logBlocks, 1);
    block.add(AT.logBytes, bytes);
    block.histogram(AT.batchEvents).record(records);
  }

  flushed(durationMs: number): void {
    this.#block.histogram(AT.flushTime).record(durationMs * 1000);
  }

  turned(durationMs: number): void {
    this.#block.histogram(AT.turnTime).record(durationMs * 1000);
  }

  recovered(events: number, durationMs: number): void {
    this.#block.set(AT.eventsRecovered, events);
    this.#block.histogram(AT.recoveryTime).record(durationMs * 1000);
  }

  /** A few times a second. */
  sample(
    partition: Partition,
    state: PartitionState,
    log: PartitionLog,
    status: LaneStatus,
    checkpointMs: number,
  ): void {
    const block = this.#block;
    const stats = state.stats();
    const { checkpointer } = partition;
    if (checkpointer.count > block.get(AT.checkpointsCommitted))
      block.histogram(AT.checkpointTime).record(checkpointMs * 1000);
    block.set(AT.checkpointsCommitted, checkpointer.count);
    block.set(AT.checkpointsFailed, checkpointer.failureCount);
    block.set(AT.checkpointOffset, checkpointer.savedOffset);
    block.set(AT.deadLetters, partition.deadLetterCount);
    block.set(AT.processedOffset, partition.processedOffset);
    block.set(AT.durableOffset, partition.durableOffset);
    block.set(AT.pressure, status.pressure);
    block.set(AT.intakeRingFill, status.fillRatio);
    block.set(AT.drainRate, status.drainRate);
    block.set(AT.logTailBytes, log.bytesSince(checkpointer.savedOffset + 1));
    block.set(AT.cacheHits, stats.hits);
    block.set(AT.cacheMisses, stats.misses);
    block.set(AT.cacheEvictions, stats.evictions);
    block.set(AT.cacheBytes, stats.cachedBytes);
    block.set(AT.dirtyBytes, stats.dirtyBytes);
    block.set(AT.stateRows, stats.rows);
    block.set(AT.dedupeEntries, stats.dedupeEntries);
    block.set(AT.producers, stats.producers);
    block.set(AT.logRetainedBytes, log.stats().retainedBytes);
    block.set(AT.viewChanges, partition.viewChangeCount);
    this.#sampleLate(state);
  }

  #sampleLate(state: PartitionState): void {
    const block = this.#block;
    let behind = -1;
    let sum = 0;
    for (let n = 0; n < this.#lateCounts.length; n++) {
      const { storeId } = this.#lateCounts[n] as LateCount;
      const count = Math.max(state.store(laneStoreId(storeId)).readRegister(LATE_COUNT), 0);
      const index = lateIndex(n);
      sum = index === behind ? sum + count : count;
      behind = index;
      block.set(index, sum);
    }
  }
}
