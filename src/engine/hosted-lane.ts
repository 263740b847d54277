import { ERRORS } from '../base/error-catalogue.ts';
import type { QueryableLane, ViewStore } from '../query/queryable-lane.ts';
import { ViewServer } from '../query/view-server.ts';
import type { LaneStatus } from '../ring/lane.ts';
import type { ViewSpec } from '../topology/compiled.ts';
import type { LaneListener } from '../worker/event-applier.ts';
import type { Lane } from '../worker/open-lane.ts';
import type { LoopLane } from '../worker/worker-loop.ts';
import type { SharedLaneMetrics } from './lane-metrics.ts';

/** Rows that the queries of one lane may read in one turn. */
const QUERY_ROWS_PER_TURN = 256;
const SAMPLE_MS = 200;

/** A partition with the server of its queries, as the worker's loop turns it. */
export class HostedLane implements LoopLane {
  readonly #lane: Lane;
  readonly #views: ViewServer;
  readonly #status: LaneStatus;
  readonly #metrics: SharedLaneMetrics;
  #sampledAt = 0;
  #isStarted = false;

  constructor(
    lane: Lane,
    views: readonly ViewSpec[],
    status: LaneStatus,
    metrics: SharedLaneMetrics,
    post: (message: unknown) => void,
  ) {
    this.#lane = lane;
    this.#status = status;
    this.#metrics = metrics;
    const server = new ViewServer(queryable(lane, views), post);
    this.#views = server;
    const listener: LaneListener = {
      isWatching: (viewId) => server.isWatching(viewId),
      onChange: (viewId, key, next, previous, offset) => server.onChange(viewId, key, next, previous, offset),
      onDurable: (through) => server.onDurable(through),
    };
    lane.partition.listen(listener);
  }

  get isClosed(): boolean {
    return this.#lane.partition.isClosed;
  }

  /** Before this it does nothing: what it writes is of a topology that must have been noted. */
  start(): void {
    this.#isStarted = true;
  }

  /** After its first turn: it takes events, or refuses them for another reason than a segment that is still being made. */
  get isReady(): boolean {
    return this.#isStarted && this.#status.intakeBlockedReason !== ERRORS.ERR_OVERLOAD_PARTITION.id;
  }

  handle(message: unknown): void {
    this.#views.handle(message);
  }

  turn(): boolean {
    if (!this.#isStarted) return false;
    const start = performance.now();
    const hasMore = this.#lane.partition.turn();
    const isReading = this.#views.turn(QUERY_ROWS_PER_TURN);
    const end = performance.now();
    this.#metrics.turned(end - start);
    if (end - this.#sampledAt >= SAMPLE_MS) {
      this.#sampledAt = end;
      this.#status.heartbeat = Date.now();
      const { partition, state, log } = this.#lane;
      this.#metrics.sample(partition, state, log, this.#status, partition.checkpointer.lastDurationMs);
    }
    return hasMore || isReading;
  }

  hasWork(): boolean {
    return this.#isStarted && (this.#views.hasWork || this.#lane.partition.hasWork());
  }
}

function queryable(lane: Lane, views: readonly ViewSpec[]): QueryableLane {
  const { partition, state, log } = lane;
  return {
    partition: partition.partition,
    epoch: partition.epoch,
    get processedOffset() {
      return partition.processedOffset;
    },
    get durableOffset() {
      return partition.durableOffset;
    },
    epochAt: (offset) => log.epochAt(offset),
    isTakenThrough: (offset) => partition.isTakenThrough(offset),
    view: (viewId): ViewStore => state.store((views[viewId] as ViewSpec).storeId),
    producerState: (low, high) => ({
      epoch: state.producers.lastEpoch(low, high),
      sequence: state.producers.lastSequence(low, high),
    }),
  };
}
