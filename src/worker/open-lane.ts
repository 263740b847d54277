import type { Clock } from '../base/clock.ts';
import { MokaError } from '../base/errors.ts';
import { KeyedHash } from '../base/hash.ts';
import type { Disk } from '../log/disk.ts';
import { PartitionLog } from '../log/partition-log.ts';
import { Whereabouts } from '../operators/whereabouts.ts';
import type { Doorbell } from '../ring/doorbell.ts';
import { LANE_RECOVERING, type LaneStatus } from '../ring/lane.ts';
import type { SpscRing } from '../ring/spsc-ring.ts';
import type { CheckpointEnvironments, CheckpointReader, CheckpointSink } from '../store/checkpoint.ts';
import { countUnconfirmed } from '../store/outbox.ts';
import { type EvictionPolicy, PartitionState } from '../store/partition-state.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import type { CheckpointPolicy } from './checkpointer.ts';
import type { ExchangeOptions } from './exchange.ts';
import { type Inquire, inquire } from './inquiry.ts';
import { LaneMeter, type LaneMetrics } from './lane-meter.ts';
import { assertSameTopology, type LoggedTopology, laneStores, takeoverOffset } from './lane-stores.ts';
import { LogClock } from './log-clock.ts';
import { Partition } from './partition.ts';
import { Standing } from './standing.ts';
import { type StuckNote, StuckNotes } from './stuck-notes.ts';
import { settle, type Unsettled } from './unsettled.ts';
import { watchUpcasters } from './upcast-watch.ts';

export interface LaneOptions {
  partition: number;
  topology: CompiledTopology;
  /** What user code is given is frozen, so that a mutation throws. Slow. */
  isDevelopment: boolean;
  /** What the engine last ran with in this directory; null in a new one. */
  logged: LoggedTopology | null;
  disk: Disk;
  logDirectory: string;
  environments: CheckpointEnvironments;
  /** Made once the environment that will be read is settled. */
  openSink: (reader: CheckpointReader) => CheckpointSink;
  intake: SpscRing;
  acks: SpscRing;
  ackBell: Doorbell;
  /** To and from the other partitions; null where nothing moves between them. */
  exchange: ExchangeOptions | null;
  status: LaneStatus;
  routingSecret: Uint8Array;
  identitySecret: Uint8Array;
  clock: Clock;
  monotonic: Clock;
  metrics: LaneMetrics;
  log: {
    segmentBytes: number;
    maxBlockBytes: number;
    retentionBytes: number;
    retentionMs: number;
    reserveBytes: number;
  };
  state: { cacheBytes: number; eviction: EvictionPolicy };
  dedupe: { windowMs: number; maxEntries: number; maxProducers?: number };
  checkpoint: CheckpointPolicy;
  /** For a person: what recovery found and did. */
  report: (message: string) => void;
  /** How the outside is asked. Default: as the topology says. */
  inquire?: Inquire;
  /** Where it says what it is in the middle of. Default: nobody looks. */
  whereabouts?: Whereabouts;
  /** What did not return in an earlier life. */
  stuck?: readonly StuckNote[];
  /** Whether all of that can be left out is to be decided now; null: it is. */
  unsettled?: Unsettled | null;
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
 * @throws MokaError ERR_LOG_DAMAGED, ERR_CHECKPOINT_DAMAGED, ERR_DATA_VERSION, ERR_TOPOLOGY_CHANGED, ERR_OPERATOR_STUCK_LOGGED
 */
export function openLane(options: LaneOptions): Lane {
  const { partition, topology, status, disk } = options;
  status.state = LANE_RECOVERING;
  const reader = openCheckpoint(options);
  const checkpointOffset = reader.meta?.offset ?? -1;
  const { retentionBytes, retentionMs, ...logOptions } = options.log;
  // A checkpoint that the log does not reach means that acknowledged events are gone: `open` stops on it.
  const log = PartitionLog.open(disk, options.logDirectory, {
    partition,
    ...logOptions,
    checkpointOffset,
    epochStarts: reader.meta?.epochStarts ?? [],
    clock: options.clock,
    retention: { bytes: retentionBytes, ms: retentionMs },
    announcesWritten: topology.streams.some((stream) => stream.durability === 'os'),
  });
  assertSameTopology(partition, topology, reader.meta, log.durableThrough, options.logged, () => {
    return countUnconfirmed(reader);
  });
  const since = takeoverOffset(topology, log.durableThrough, options.logged);

  const whereabouts = options.whereabouts ?? new Whereabouts();
  const state = new PartitionState({
    stores: watchUpcasters(laneStores(topology, reader.meta), topology, whereabouts),
    reader,
    ...options.state,
    secret: secretWord(options.identitySecret),
    dedupe: options.dedupe,
    ...channelsOf(options.exchange),
  });
  const stuck = new StuckNotes(options.stuck ?? [], topology.fingerprint);
  const lane = new Partition({
    partition,
    topology,
    isDevelopment: options.isDevelopment,
    log,
    state,
    intake: options.intake,
    acks: options.acks,
    ackBell: options.ackBell,
    exchange: options.exchange,
    status,
    checkpoints: options.openSink(reader),
    checkpointPolicy: options.checkpoint,
    checkpointOffset,
    logClock: new LogClock(options.clock, options.monotonic, Math.max(log.lastLogTime, reader.meta?.logTime ?? 0)),
    monotonic: options.monotonic,
    routingHash: new KeyedHash(options.routingSecret),
    identityHash: new KeyedHash(options.identitySecret),
    inquire: options.inquire ?? inquire,
    whereabouts,
    stuck,
    meter: new LaneMeter(options.monotonic, options.metrics),
  });
  const startedAt = options.monotonic.now();
  let replayed = 0;
  const onProgress = (events: number): void => {
    replayed = events;
    status.recoveredEvents = events;
  };
  if (stuck.isEmpty) lane.recover(onProgress);
  else recoverWithout(lane, stuck, state, options, onProgress);
  // The previous environment is the way back: what was logged under another topology is not to be replayed from there.
  if (options.environments.previousOffset < since) lane.checkpointer.rotateThrough(since);
  const spent = Math.round(options.monotonic.now() - startedAt);
  options.report(
    `partition=${partition} recovered epoch=${log.epoch} checkpoint=${checkpointOffset} logEnd=${log.durableThrough} replayed=${replayed} ms=${spent}`,
  );
  return { partition: lane, state, log };
}

/** Recovers a partition in which something was set aside. */
function recoverWithout(
  lane: Partition,
  notes: StuckNotes,
  { outbox }: PartitionState,
  { partition, unsettled = null, report }: LaneOptions,
  onProgress: (events: number) => void,
): void {
  const standing = new Standing(outbox, notes.all, unsettled?.held ?? null);
  lane.recover(onProgress, standing, () => {
    const text = unsettled === null ? '' : settle(partition, notes, standing, unsettled);
    if (text !== '') report(text);
  });
}

/** The current environment; the previous one when the current cannot be read, with more of the log to replay then. */
function openCheckpoint({ environments, partition, report }: LaneOptions): CheckpointReader {
  try {
    return environments.openForRead();
  } catch (error) {
    if (!(error instanceof MokaError) || error.code !== 'ERR_CHECKPOINT_DAMAGED') throw error;
    report(`partition=${partition} checkpoint cannot be read (${error.message}): discarded, the previous one is used`);
    environments.discardCurrent();
    return environments.openForRead();
  }
}

/** One way to and from every partition for each level, the ways to itself left empty. */
function channelsOf(exchange: ExchangeOptions | null): { channels?: { out: number; in: number } } {
  if (exchange === null) return {};
  const count = Math.max(0, ...exchange.hops.map((hop) => hop.level)) * exchange.partitionCount;
  return { channels: { out: count, in: count } };
}

function secretWord(secret: Uint8Array): number {
  return new DataView(secret.buffer, secret.byteOffset, secret.byteLength).getUint32(0, true);
}
