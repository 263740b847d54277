import { isMainThread, type MessagePort } from 'node:worker_threads';
import { type Clock, monotonicClock, SharedClock, systemClock } from '../base/clock.ts';
import { MokaError } from '../base/errors.ts';
import { MIB } from '../base/limits.ts';
import { NodeDisk } from '../log/node-disk.ts';
import { Whereabouts } from '../operators/whereabouts.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { LaneStatus } from '../ring/lane.ts';
import { SpscRing } from '../ring/spsc-ring.ts';
import type { CheckpointReader } from '../store/checkpoint.ts';
import { CheckpointResult, CheckpointSender } from '../store/checkpoint-channel.ts';
import { runCheckpointThread } from '../store/checkpoint-thread.ts';
import { DEFAULT_ROTATION } from '../store/checkpoint-writer.ts';
import { openEnvironments } from '../store/environments.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import { type LoggedTopology, laneViews } from '../worker/lane-stores.ts';
import { openLane } from '../worker/open-lane.ts';
import { WorkerLoop } from '../worker/worker-loop.ts';
import { recordCpuProfile } from './cpu-profile.ts';
import { logDirectory, stateDirectory } from './data-directory.ts';
import { FailureCell } from './failure-cell.ts';
import { HostedLane } from './hosted-lane.ts';
import { exchangeOf, type LaneMemory } from './lane-memory.ts';
import { SharedLaneMetrics } from './lane-metrics.ts';
import { openPastHangs, type PastHangs } from './past-hangs.ts';
import { StrayFailures } from './stray-failures.ts';
import { giveWay } from './thread-priority.ts';
import { importTopology } from './topology-loader.ts';
import { Heartbeats } from './watchdog.ts';
import type {
  CheckpointTask,
  ControlMessage,
  LanesTask,
  ProfileMessage,
  ReportMessage,
  WorkerTask,
} from './worker-task.ts';

/** Log that may pile up beyond what is to be kept before an environment is copied so that it can go. */
const ROTATION_SLACK_BYTES = 16 * MIB;
/**
 * An ack waits for the main thread and a lane, and nothing waits for a checkpoint. On two cores at half load the p99 of an
 * ack is 58 ms instead of 97 ms, the median of four runs of either by turns; rates at saturation and what a crash has to
 * replay stay as they are. With 10 instead of 5 the latter grew by a third.
 */
const CHECKPOINT_NICE = 5;
/** A thread without work still says that it is alive. */
const HEARTBEAT_MS = 250;

/** What every thread of the pool runs: one task for as long as the engine is open. */
export async function runTask(task: WorkerTask): Promise<void> {
  try {
    if (task.kind === 'lanes') await runLanes(task, await importTopology(task.topology));
    else await runCheckpoints(task);
  } catch (error) {
    new FailureCell(task.failure).report(error);
    throw error;
  } finally {
    task.port.close();
  }
}

/** Opens the partitions of one worker and turns them until they are drained. */
export async function runLanes(task: LanesTask, topology: CompiledTopology): Promise<void> {
  const { config, port } = task;
  const report = (kind: ReportMessage['kind'], level: ReportMessage['level'], text: string): void =>
    port.postMessage({ kind, level, text } satisfies ReportMessage);
  if (topology.fingerprint !== task.fingerprint) {
    throw new Error(
      `topology fingerprint=${topology.fingerprint} differs between threads, expected=${task.fingerprint}`,
    );
  }
  const disk = new NodeDisk();
  const { wall, monotonic } = clocksOf(task);
  const bell = new Doorbell(task.bell);
  const mainBell = new Doorbell(task.mainBell);
  const checkpointBell = new Doorbell(task.checkpointBell);
  const heartbeats = new Heartbeats(task.heartbeat);
  const views = laneViews(topology);
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});

  const lanes = task.lanes.map((memory, index) => {
    const status = new LaneStatus(memory.status);
    const pastHangs = task.pastHangs[index] as PastHangs;
    const metrics = new SharedLaneMetrics(memory.counters, topology.lateCounts);
    const startedAt = performance.now();
    const environments = openEnvironments(disk, stateDirectory(task.dataDir, memory.partition), memory.partition);
    const lane = openLane({
      partition: memory.partition,
      topology,
      isDevelopment: config.development,
      logged: loggedTopology(task, memory.partition),
      disk,
      logDirectory: logDirectory(task.dataDir, memory.partition),
      environments,
      openSink: (reader) => openSender(memory, checkpointBell, reader, environments.previousOffset),
      intake: new SpscRing(memory.intake),
      acks: new SpscRing(memory.acks),
      ackBell: mainBell,
      exchange: exchangeOf(memory.partition, task.allLanes, topology.hops, task.drained, task.routingSecret),
      status,
      routingSecret: task.routingSecret,
      identitySecret: task.identitySecret,
      clock: wall,
      monotonic,
      metrics,
      log: config.log,
      state: config.state,
      dedupe: config.dedupe,
      checkpoint: config.checkpoint,
      report: (text) => report('report', 'info', text),
      whereabouts: new Whereabouts(memory.whereabouts),
      ...openPastHangs(disk, task, memory.partition, pastHangs),
    });
    metrics.recovered(status.recoveredEvents, performance.now() - startedAt);
    const queryPort = task.queryPorts[index] as (typeof task.queryPorts)[number];
    const hosted = new HostedLane(lane, views, status, metrics, (message) => queryPort.postMessage(message));
    return { lane, hosted, queryPort };
  });

  const strays = new StrayFailures(
    lanes.map(({ lane }) => lane),
    (text) => report('report', 'error', text),
    fail,
  );
  // without threads this is the process of whoever opened the engine, who may see to it
  if (!isMainThread) process.on('uncaughtException', strays.onUncaught);
  let isOpen = false;
  const hostedLanes = lanes.map(({ hosted }) => hosted);
  const loop = new WorkerLoop(hostedLanes, bell, () => {
    heartbeats.beat(task.heartbeatIndex, performance.now());
    if (isOpen || hostedLanes.some(({ isReady }) => !isReady)) return;
    isOpen = true;
    report('open', 'info', `${task.name} open`);
  });
  for (const { lane, hosted, queryPort } of lanes) {
    lane.partition.onWork = () => loop.wake();
    lane.partition.onFailure = (error) => fail(error);
    queryPort.on('message', (message: unknown) => {
      hosted.handle(message);
      loop.wake();
    });
  }
  port.on('message', (message: ControlMessage) => {
    if (message.kind === 'profile') return sendProfile(port, message.durationMs);
    if (message.kind === 'abandon') return fail(new MokaError('ERR_WORKER_DIED', 'the engine did not open'));
    for (const { lane, hosted } of lanes) {
      if (message.kind === 'start') hosted.start();
      else if (message.kind === 'drain') lane.partition.startDrain();
      else lane.partition.checkpointer.force();
    }
    loop.wake();
  });
  report('recovered', 'info', `${task.name} recovered`);
  try {
    await Promise.race([loop.run(), failed]);
  } finally {
    process.off('uncaughtException', strays.onUncaught);
    heartbeats.retire(task.heartbeatIndex);
    for (const { queryPort } of lanes) queryPort.close();
  }
}

/** Writes the checkpoints of all partitions; the only writer of their environments. */
export async function runCheckpoints(task: CheckpointTask): Promise<void> {
  if (!isMainThread) giveWay(CHECKPOINT_NICE);
  const heartbeats = new Heartbeats(task.heartbeat);
  const onProgress = (): void => heartbeats.beat(task.heartbeatIndex, performance.now());
  const beat = setInterval(onProgress, HEARTBEAT_MS);
  task.port.on('message', (message: ControlMessage) => {
    if (message.kind === 'profile') sendProfile(task.port, message.durationMs);
  });
  for (const kind of ['recovered', 'open'] as const) {
    task.port.postMessage({ kind, level: 'info', text: `checkpoints ${kind}` } satisfies ReportMessage);
  }
  try {
    await runCheckpointThread({
      lanes: task.lanes.map((memory) => ({
        partition: memory.partition,
        directory: stateDirectory(task.dataDir, memory.partition),
        ring: memory.checkpointRing,
        result: memory.checkpointResult,
        laneBell: memory.bell,
      })),
      bell: task.bell,
      stop: task.stop,
      rotation: {
        ...DEFAULT_ROTATION,
        maxLogBytes: task.retentionBytes + ROTATION_SLACK_BYTES,
        maxCommits: task.maxCommits,
      },
      onProgress,
    });
  } finally {
    clearInterval(beat);
    heartbeats.retire(task.heartbeatIndex);
  }
}

function sendProfile(port: MessagePort, durationMs: number): void {
  const send = (message: ProfileMessage): void => port.postMessage(message);
  recordCpuProfile(durationMs).then(
    (profile) => send({ kind: 'profile', profile, failure: '' }),
    (error: unknown) => send({ kind: 'profile', profile: null, failure: String(error) }),
  );
}

function openSender(
  memory: LaneMemory,
  bell: Doorbell,
  reader: CheckpointReader,
  previousOffset: number,
): CheckpointSender {
  // The checkpoint thread knows it only after its first commit, which a full disk may not allow.
  new CheckpointResult(memory.checkpointResult).previousOffset = previousOffset;
  return new CheckpointSender(new SpscRing(memory.checkpointRing), bell, memory.checkpointResult, reader);
}

function loggedTopology({ loggedFingerprint, loggedSince }: LanesTask, partition: number): LoggedTopology | null {
  return loggedFingerprint === null ? null : { fingerprint: loggedFingerprint, since: loggedSince[partition] ?? -1 };
}

function clocksOf({ clock }: LanesTask): { wall: Clock; monotonic: Clock } {
  if (clock === null) return { wall: systemClock, monotonic: monotonicClock };
  const shared = new SharedClock(clock);
  return { wall: shared, monotonic: shared };
}
