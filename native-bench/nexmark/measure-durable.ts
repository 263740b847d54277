// data plane
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { assert } from '../../src/base/assert.ts';
import { systemClock } from '../../src/base/clock.ts';
import { MIB } from '../../src/base/limits.ts';
import { logDirectory, stateDirectory } from '../../src/engine/data-directory.ts';
import { NodeDisk } from '../../src/log/node-disk.ts';
import { ACK_ACCEPTED } from '../../src/record/ack-message.ts';
import { Doorbell } from '../../src/ring/doorbell.ts';
import { LaneStatus } from '../../src/ring/lane.ts';
import { EMPTY, SpscRing } from '../../src/ring/spsc-ring.ts';
import { CHECKPOINT_RING_BYTES, CheckpointResult, CheckpointSender } from '../../src/store/checkpoint-channel.ts';
import { openEnvironments } from '../../src/store/environments.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import { NO_METRICS } from '../../src/worker/lane-meter.ts';
import { type Lane, openLane } from '../../src/worker/open-lane.ts';
import { type LoopLane, WorkerLoop } from '../../src/worker/worker-loop.ts';
import { PRELUDE_STREAM } from './check.ts';
import { type Measure, ProcessCost, Stopwatch } from './measure.ts';
import { type NexmarkQuery, type PreludeEvent, topologyOf } from './query.ts';
import { Sender } from './sender.ts';
import { sendRowsTo } from './sink.ts';
import { WARMUP_EVENTS, Workload, type WorkloadOptions } from './workload.ts';

const PARTITION = 0;
const SECRET = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
const RING_BYTES = 4 * MIB;
/** Waiting on the intake ring: some turns' work. */
const BACKLOG_BYTES = MIB / 2;

/** All memory that the lane, its sender and the checkpoint thread share. */
class Memory {
  readonly intake = SpscRing.allocate(RING_BYTES);
  readonly acks = SpscRing.allocate(RING_BYTES);
  readonly status = LaneStatus.allocate();
  readonly bell = Doorbell.allocate();
  readonly checkpointBell = Doorbell.allocate();
  readonly checkpointRing = SpscRing.allocate(CHECKPOINT_RING_BYTES);
  readonly checkpointResult = CheckpointResult.allocate();
  readonly stop = new SharedArrayBuffer(4);
}

/**
 * With durability as the engine has it: a partition with its log, flushed per batch, deduplication, and checkpoints on a
 * thread of their own. The sender stands in for the ingress, on the partition's thread and by turns with it; everything
 * is paid for that happens behind the intake ring.
 *
 * ```
 *   sender ──records──► intake ring ──► lane: judge, log, operators ──rows──► checkpoint thread
 *      ▲                                  │ flushed
 *      └────────────── ack ring ──────────┘
 * ```
 */
export const measureDurably: Measure = async (query, workload, directory) => {
  const warmup = { ...workload, events: Math.min(workload.events, WARMUP_EVENTS) };
  await run(query, warmup, join(directory, 'warm-up'));
  return run(query, workload, join(directory, 'measured'));
};

async function run(query: NexmarkQuery, options: WorkloadOptions, directory: string): ReturnType<Measure> {
  let rows = 0;
  sendRowsTo(() => {
    rows += 1;
  });
  const memory = new Memory();
  const lane = open(topologyOf(query), memory, directory);
  const checkpoints = new Worker(new URL('./checkpoint-worker.js', import.meta.url), {
    workerData: {
      lanes: [
        {
          partition: PARTITION,
          directory: stateDirectory(directory, PARTITION),
          ring: memory.checkpointRing,
          result: memory.checkpointResult,
          laneBell: memory.bell,
        },
      ],
      bell: memory.checkpointBell,
      stop: memory.stop,
    },
  });
  const workload = new Workload(options);
  const fed = new FedLane(lane, memory, workload, query.prelude ?? []);
  const loop = new WorkerLoop([fed], new Doorbell(memory.bell), () => {});
  lane.partition.onWork = () => loop.wake();
  const failed = new Promise<never>((_, reject) => {
    lane.partition.onFailure = reject;
    checkpoints.on('error', reject);
  });
  await Promise.race([loop.run(), failed]);
  const ended = new Promise((resolve) => checkpoints.once('exit', resolve));
  Atomics.store(new Int32Array(memory.stop), 0, 1);
  new Doorbell(memory.checkpointBell).ring();
  await ended;
  sendRowsTo(() => {});
  const { deadLetterCount, checkpointer } = lane.partition;
  assert(deadLetterCount === 0, `dead letters=${deadLetterCount}`);
  const { seconds, cpuSeconds, senderSeconds } = fed;
  return {
    query: query.name,
    isDurable: true,
    density: options.density,
    events: workload.size,
    rows,
    seconds,
    cpuSeconds,
    senderSeconds,
    checkpoints: checkpointer.count,
  };
}

/** The lane and its sender, as the worker's loop turns them, until every event is acknowledged as durable. */
class FedLane implements LoopLane {
  seconds = 0;
  cpuSeconds = 0;
  readonly #lane: Lane;
  readonly #acks: SpscRing;
  readonly #sender: Sender;
  readonly #eventCount: number;
  readonly #watch = new Stopwatch();
  readonly #cost = new ProcessCost();
  #ackedCount = 0;
  #isAcked = false;

  constructor(lane: Lane, memory: Memory, workload: Workload, prelude: readonly PreludeEvent[]) {
    this.#lane = lane;
    this.#eventCount = workload.size + prelude.length;
    this.#acks = new SpscRing(memory.acks);
    this.#sender = new Sender(workload, new SpscRing(memory.intake), SECRET);
    this.#sender.sendPrelude(PRELUDE_STREAM, prelude);
  }

  get senderSeconds(): number {
    return this.#watch.seconds;
  }

  get isClosed(): boolean {
    return this.#lane.partition.isClosed;
  }

  turn(): boolean {
    const hasSent = this.#send();
    const hasMore = this.#lane.partition.turn();
    this.#takeAcks();
    return hasMore || hasSent;
  }

  hasWork(): boolean {
    return this.#lane.partition.hasWork();
  }

  #send(): boolean {
    const sender = this.#sender;
    if (sender.isDone || sender.waitingBytes > BACKLOG_BYTES / 2) return false;
    this.#watch.start();
    const hasSent = sender.fill(BACKLOG_BYTES);
    this.#watch.stop();
    return hasSent;
  }

  #takeAcks(): void {
    const acks = this.#acks;
    for (let at = acks.poll(); at !== EMPTY; at = acks.poll()) {
      this.#ackedCount += acks.u32[(at + ACK_ACCEPTED) >>> 2] as number;
      acks.release();
    }
    acks.acknowledge();
    if (this.#isAcked || this.#ackedCount < this.#eventCount) return;
    this.#isAcked = true;
    const { seconds, cpuSeconds } = this.#cost.read();
    this.seconds = seconds;
    this.cpuSeconds = cpuSeconds;
    this.#lane.partition.startDrain();
  }
}

function open(topology: CompiledTopology, memory: Memory, directory: string): Lane {
  const disk = new NodeDisk();
  for (const path of [logDirectory(directory, PARTITION), stateDirectory(directory, PARTITION)]) {
    mkdirSync(path, { recursive: true });
  }
  const environments = openEnvironments(disk, stateDirectory(directory, PARTITION), PARTITION);
  return openLane({
    partition: PARTITION,
    topology,
    isDevelopment: false,
    logged: null,
    disk,
    logDirectory: logDirectory(directory, PARTITION),
    environments,
    openSink: (reader) => {
      const [ring, bell] = [new SpscRing(memory.checkpointRing), new Doorbell(memory.checkpointBell)];
      return new CheckpointSender(ring, bell, memory.checkpointResult, reader);
    },
    intake: new SpscRing(memory.intake),
    acks: new SpscRing(memory.acks),
    ackBell: new Doorbell(memory.bell),
    exchange: null,
    status: new LaneStatus(memory.status),
    routingSecret: SECRET,
    identitySecret: SECRET,
    clock: systemClock,
    monotonic: { now: () => performance.now() },
    metrics: NO_METRICS,
    log: { segmentBytes: 64 * MIB, maxBlockBytes: MIB, retentionBytes: 0, retentionMs: 0, reserveBytes: 0 },
    state: { cacheBytes: 1024 * MIB, eviction: 'lru' },
    dedupe: { windowMs: 60_000, maxEntries: 1_000_000 },
    checkpoint: { maxTailMs: 500, maxTailBytes: 256 * MIB, maxIntervalMs: 60_000 },
    report: () => {},
  });
}
