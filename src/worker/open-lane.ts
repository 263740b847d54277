import type { Clock } from '../base/clock.ts';
import { ERRORS } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { KeyedHash } from '../base/hash.ts';
import type { Disk } from '../log/disk.ts';
import { PartitionLog } from '../log/partition-log.ts';
import type { Doorbell } from '../ring/doorbell.ts';
import { LANE_RECOVERING, type LaneStatus } from '../ring/lane.ts';
import type { SpscRing } from '../ring/spsc-ring.ts';
import type { CheckpointEnvironments, CheckpointReader, CheckpointSink } from '../store/checkpoint.ts';
import { type EvictionPolicy, PartitionState } from '../store/partition-state.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import type { CheckpointPolicy } from './checkpointer.ts';
import { LaneMeter, type LaneMetrics } from './lane-meter.ts';
import { assertSameTopology, laneStores } from './lane-stores.ts';
import { LogClock } from './log-clock.ts';
import { Partition } from './partition.ts';

export interface LaneOptions {
  partition: number;
  topology: CompiledTopology;
  disk: Disk;
  logDirectory: string;
  environments: CheckpointEnvironments;
  /** Made once the environment that will be read is settled. */
  openSink: (reader: CheckpointReader) => CheckpointSink;
  intake: SpscRing;
  acks: SpscRing;
  ackBell: Doorbell;
  status: LaneStatus;
  routingSecret: Uint8Array;
  identitySecret: Uint8Array;
  clock: Clock;
  monotonic: Clock;
  metrics: LaneMetrics;
  log: { segmentBytes: number; maxBlockBytes: number; retentionBytes: number; retentionMs: number; reserveBytes: number };
  state: { cacheBytes: number; eviction: EvictionPolicy };
  dedupe: { windowMs: number; maxEntries: number };
  checkpoint: CheckpointPolicy;
  /** For a person: what recovery found and did. */
  report: (message: string) => void;
}

export interface Lane {
  partition: Partition;
  state: PartitionState;
  log: PartitionLog;
}

/**
 * Opens one partition: the checkpoint, then the log, which rewrites and flushes what a power cut could still take, then
 * the replay of what the checkpoint does not hold. When it returns, every acknowledged event is on disk and processed.
 *
 * @throws MokaError ERR_LOG_DAMAGED, ERR_CHECKPOINT_DAMAGED, ERR_DATA_VERSION, ERR_TOPOLOGY_CHANGED
 */
export function openLane(options: LaneOptions): Lane {
  const { partition, topology, status, environments, disk } = options;
  status.state = LANE_RECOVERING;
  let reader = environments.openForRead();
  const openLog = (checkpointOffset: number): PartitionLog =>
    PartitionLog.open(disk, options.logDirectory, {
      partition,
      ...options.log,
      checkpointOffset,
      clock: options.clock,
    });
  const log = openLog(reader.meta?.offset ?? -1);
  if (reader.meta !== null && reader.meta.offset > log.durableThrough) {
    // The log was flushed before that checkpoint was asked for: the device kept one and not the other.
    options.report(
      `partition=${partition} checkpoint offset=${reader.meta.offset} is ahead of the log's end=${log.durableThrough}: discarded, the previous one is used`,
    );
    reader.close();
    environments.discardCurrent();
    reader = environments.openForRead();
    if (reader.meta !== null && reader.meta.offset > log.durableThrough) {
      throw new MokaError(
        'ERR_CHECKPOINT_DAMAGED',
        `both checkpoints are ahead of the log's end=${log.durableThrough}`,
        { partition, offset: reader.meta.offset },
      );
    }
  }
  const checkpointOffset = reader.meta?.offset ?? -1;
  if (checkpointOffset + 1 < log.firstRetainedOffset) {
    throw new MokaError(
      'ERR_LOG_DAMAGED',
      `log begins at offset=${log.firstRetainedOffset}, the checkpoint reflects offset=${checkpointOffset}: events between are missing`,
      { partition, offset: checkpointOffset },
    );
  }
  assertSameTopology(partition, topology, reader.meta, log.durableThrough);

  const state = new PartitionState({
    stores: laneStores(topology),
    reader,
    ...options.state,
    secret: secretWord(options.identitySecret),
    dedupe: options.dedupe,
  });
  const lane = new Partition({
    partition,
    topology,
    log,
    state,
    intake: options.intake,
    acks: options.acks,
    ackBell: options.ackBell,
    status,
    checkpoints: options.openSink(reader),
    checkpointPolicy: options.checkpoint,
    checkpointOffset,
    logClock: new LogClock(options.clock, options.monotonic, Math.max(log.lastLogTime, reader.meta?.logTime ?? 0)),
    monotonic: options.monotonic,
    routingHash: new KeyedHash(options.routingSecret),
    identityHash: new KeyedHash(options.identitySecret),
    meter: new LaneMeter(options.monotonic, options.metrics),
  });
  const startedAt = options.monotonic.now();
  let replayed = 0;
  lane.recover((events) => {
    replayed = events;
    status.recoveredEvents = events;
  });
  const spent = Math.round(options.monotonic.now() - startedAt);
  options.report(
    `partition=${partition} recovered epoch=${log.epoch} checkpoint=${checkpointOffset} logEnd=${log.durableThrough} replayed=${replayed} ms=${spent}`,
  );
  return { partition: lane, state, log };
}

function secretWord(secret: Uint8Array): number {
  return new DataView(secret.buffer, secret.byteOffset, secret.byteLength).getUint32(0, true);
}

/** Number of the reason on a lane's status for a full disk; named here for the engine's readiness. */
export const DISK_FULL_REASON: number = ERRORS.ERR_DISK_FULL.id;
