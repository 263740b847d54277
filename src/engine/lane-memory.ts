import { KeyedHash } from '../base/hash.ts';
import { DEFAULT_ACK_RING_BYTES } from '../base/limits.ts';
import { CounterBlock } from '../metrics/counter-block.ts';
import { Whereabouts } from '../operators/whereabouts.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { type LaneLink, LaneStatus } from '../ring/lane.ts';
import { SpscRing } from '../ring/spsc-ring.ts';
import { CHECKPOINT_RING_BYTES, CheckpointResult } from '../store/checkpoint-channel.ts';
import type { HopSpec } from '../topology/compiled.ts';
import type { ExchangeLink, ExchangeOptions } from '../worker/exchange.ts';

/** All memory that one partition shares with other threads. It is made once by the main thread and handed around. */
export interface LaneMemory {
  readonly partition: number;
  readonly intake: SharedArrayBuffer;
  readonly acks: SharedArrayBuffer;
  readonly status: SharedArrayBuffer;
  readonly checkpointRing: SharedArrayBuffer;
  readonly checkpointResult: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  /** What its thread is in the middle of. */
  readonly whereabouts: SharedArrayBuffer;
  /** What goes to other partitions, by level and target; empty where nothing does. */
  readonly exchange: readonly ExchangeMemory[];
  /** The bell of the worker that hosts the partition. */
  readonly bell: SharedArrayBuffer;
}

/** One way from a partition to another at one level. */
export interface ExchangeMemory {
  readonly level: number;
  readonly target: number;
  readonly ring: SharedArrayBuffer;
  /** One f64. */
  readonly confirmed: SharedArrayBuffer;
}

export const EXCHANGE_RING_BYTES = 1024 * 1024;

export function allocateLane(
  partition: number,
  ringBytes: number,
  bell: SharedArrayBuffer,
  levelCount: number,
  partitionCount: number,
): LaneMemory {
  const exchange: ExchangeMemory[] = [];
  for (let level = 1; level <= levelCount; level++) {
    for (let target = 0; target < partitionCount; target++) {
      if (target === partition) continue;
      const ring = SpscRing.allocate(EXCHANGE_RING_BYTES);
      exchange.push({ level, target, ring, confirmed: new SharedArrayBuffer(8) });
    }
  }
  return {
    exchange,
    partition,
    intake: SpscRing.allocate(ringBytes),
    acks: SpscRing.allocate(Math.max(DEFAULT_ACK_RING_BYTES, ringBytes / 4)),
    status: LaneStatus.allocate(),
    checkpointRing: SpscRing.allocate(CHECKPOINT_RING_BYTES),
    checkpointResult: CheckpointResult.allocate(),
    counters: CounterBlock.allocate(),
    whereabouts: Whereabouts.allocate(),
    bell,
  };
}

/** A partition's side of what goes between partitions; null where nothing does. */
export function exchangeOf(
  partition: number,
  all: readonly LaneMemory[],
  hops: readonly HopSpec[],
  drained: SharedArrayBuffer,
  routingSecret: Uint8Array,
): ExchangeOptions | null {
  const own = all[partition] as LaneMemory;
  if (own.exchange.length === 0) return null;
  const link = (way: ExchangeMemory, peer: number): ExchangeLink => ({
    level: way.level,
    peer,
    ring: new SpscRing(way.ring),
    confirmed: new Float64Array(way.confirmed),
    bell: new Doorbell((all[peer] as LaneMemory).bell),
  });
  return {
    partition,
    partitionCount: all.length,
    hops,
    linksOut: own.exchange.map((way) => link(way, way.target)),
    linksIn: all.flatMap((lane) =>
      lane.exchange.filter((way) => way.target === partition).map((way) => link(way, lane.partition)),
    ),
    drained: new Int32Array(drained),
    routingHash: new KeyedHash(routingSecret),
  };
}

/** The main thread's side of a partition. */
export function linkLane(memory: LaneMemory): LaneLink {
  return {
    partition: memory.partition,
    intake: new SpscRing(memory.intake),
    acks: new SpscRing(memory.acks),
    bell: new Doorbell(memory.bell),
    status: new LaneStatus(memory.status),
  };
}
