import { DEFAULT_ACK_RING_BYTES } from '../base/limits.ts';
import { CounterBlock } from '../metrics/counter-block.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { type LaneLink, LaneStatus } from '../ring/lane.ts';
import { SpscRing } from '../ring/spsc-ring.ts';
import { CHECKPOINT_RING_BYTES, CheckpointResult } from '../store/checkpoint-channel.ts';

/** All memory that one partition shares with other threads. It is made once by the main thread and handed around. */
export interface LaneMemory {
  readonly partition: number;
  readonly intake: SharedArrayBuffer;
  readonly acks: SharedArrayBuffer;
  readonly status: SharedArrayBuffer;
  readonly checkpointRing: SharedArrayBuffer;
  readonly checkpointResult: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  /** The bell of the worker that hosts the partition. */
  readonly bell: SharedArrayBuffer;
}

export function allocateLane(partition: number, ringBytes: number, bell: SharedArrayBuffer): LaneMemory {
  return {
    partition,
    intake: SpscRing.allocate(ringBytes),
    acks: SpscRing.allocate(Math.max(DEFAULT_ACK_RING_BYTES, ringBytes / 4)),
    status: LaneStatus.allocate(),
    checkpointRing: SpscRing.allocate(CHECKPOINT_RING_BYTES),
    checkpointResult: CheckpointResult.allocate(),
    counters: CounterBlock.allocate(),
    bell,
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
