import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import type { SharedClock } from '../base/clock.ts';
import { MokaError } from '../base/errors.ts';
import { NodeDisk } from '../log/node-disk.ts';
import { Doorbell } from '../ring/doorbell.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import type { EngineConfig } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { FailureCell } from './failure-cell.ts';
import { allocateLane, type LaneMemory } from './lane-memory.ts';
import { type PastHangs, readPastHangs } from './past-hangs.ts';
import type { TopologyModule } from './topology-loader.ts';
import { Heartbeats } from './watchdog.ts';
import { runCheckpoints, runLanes, runTask } from './worker-entry.ts';
import { WorkerPool } from './worker-pool.ts';
import type {
  CheckpointTask,
  ControlMessage,
  LanesTask,
  ReportMessage,
  WorkerMessage,
  WorkerTask,
} from './worker-task.ts';

/** How long a worker may take to recover is bounded by the log, not by us; how long it may take to say hello is. */
export interface ThreadsOptions {
  config: EngineConfig;
  directory: DataDirectory;
  topology: CompiledTopology;
  /** Null: the topology is an object of this thread, and everything runs on it. */
  module: TopologyModule | null;
  /** What log time goes by; null: the system's clock. */
  clock: SharedClock | null;
  onReport: (message: ReportMessage) => void;
  onFailure: (error: Error) => void;
}

/** The engine's threads and the memory between them. */
export class Threads {
  readonly lanes: readonly LaneMemory[];
  readonly queryPorts: readonly MessagePort[];
  readonly mainBell: Doorbell;
  readonly failure: FailureCell;
  readonly heartbeats: Heartbeats;
  /** Resolves when every lane has recovered: each waits for `start` before it writes anything new. */
  readonly recovered: Promise<void>;
  /** Resolves when every lane takes events, or has no room on the disk for them. */
  readonly ready: Promise<void>;
  readonly #ports: MessagePort[] = [];
  readonly #checkpointPort: MessagePort;
  readonly #stop = new SharedArrayBuffer(4);
  readonly #checkpointBell: Doorbell;
  readonly #pool: WorkerPool | null;
  readonly #laneTasks: Promise<void>[] = [];
  readonly #checkpointTask: Promise<void>;
  readonly #workerCount: number;
  #isClosing = false;

  constructor(options: ThreadsOptions) {
    const { config, directory, topology, module } = options;
    const isInline = config.workers === 0 || module === null;
    const workerCount = isInline ? 1 : config.workers;
    this.#workerCount = workerCount;
    // Before any partition is open, and before there is a thread to end.
    const pastHangs = Array.from({ length: directory.partitions }, (_, partition) =>
      readPastHangs(new NodeDisk(), directory, partition, topology),
    );
    const mainBell = Doorbell.allocate();
    const checkpointBell = Doorbell.allocate();
    const failure = FailureCell.allocate();
    const heartbeat = Heartbeats.allocate(workerCount + 1);
    this.mainBell = new Doorbell(mainBell);
    this.failure = new FailureCell(failure);
    this.heartbeats = new Heartbeats(heartbeat);
    this.#checkpointBell = new Doorbell(checkpointBell);
    this.#pool = isInline ? null : new WorkerPool(workerCount + 1, (error) => this.#onPoolFailure(error, options));

    const bells = Array.from({ length: workerCount }, () => Doorbell.allocate());
    this.lanes = Array.from({ length: directory.partitions }, (_, partition) =>
      allocateLane(
        partition,
        config.ring.bytes,
        bells[partition % workerCount] as SharedArrayBuffer,
        Math.max(0, ...topology.hops.map((hop) => hop.level)),
        directory.partitions,
      ),
    );
    const queryChannels = this.lanes.map(() => new MessageChannel());
    this.queryPorts = queryChannels.map(({ port1 }) => port1);

    const recovered: Promise<void>[] = [];
    const opened: Promise<void>[] = [];
    const connect = (): MessagePort => {
      const { port1, port2 } = new MessageChannel();
      this.#ports.push(port1);
      const told = (kind: WorkerMessage['kind']): Promise<void> =>
        new Promise((resolve) => {
          port1.on('message', (message: WorkerMessage) => {
            if (message.kind === kind) resolve();
          });
        });
      recovered.push(told('recovered'));
      opened.push(told('open'));
      port1.on('message', (message: WorkerMessage) => {
        if (message.kind === 'report') options.onReport(message);
      });
      return port2;
    };
    const watch = (task: Promise<void>): Promise<void> => {
      // A task that ends while nobody closes has lost its thread.
      task.then(
        () => this.#isClosing || options.onFailure(new MokaError('ERR_WORKER_DIED', 'worker thread ended')),
        (error: Error) => options.onFailure(error),
      );
      return task;
    };

    const drained = new SharedArrayBuffer(4 * directory.partitions);
    const checkpoints: CheckpointTask = {
      kind: 'checkpoints',
      dataDir: directory.path,
      retentionBytes: config.log.retentionBytes,
      maxCommits: config.checkpoint.maxCommits,
      lanes: this.lanes,
      bell: checkpointBell,
      stop: this.#stop,
      failure,
      heartbeat,
      heartbeatIndex: workerCount,
      port: connect(),
    };
    this.#checkpointPort = this.#ports[0] as MessagePort;
    this.#checkpointTask = watch(this.#run(checkpoints, topology));
    for (let worker = 0; worker < workerCount; worker++) {
      const mine = this.lanes.filter(({ partition }) => partition % workerCount === worker);
      if (mine.length === 0) continue;
      const task: LanesTask = {
        kind: 'lanes',
        name: `worker ${worker}`,
        dataDir: directory.path,
        config,
        topology: module ?? { source: topology.name, url: '' },
        fingerprint: topology.fingerprint,
        loggedFingerprint: directory.topologyFingerprint,
        loggedSince: directory.topologySince,
        routingSecret: directory.routingSecret,
        identitySecret: directory.identitySecret,
        lanes: mine,
        pastHangs: mine.map(({ partition }) => pastHangs[partition] as PastHangs),
        allLanes: this.lanes,
        drained,
        bell: bells[worker] as SharedArrayBuffer,
        mainBell,
        checkpointBell,
        failure,
        heartbeat,
        heartbeatIndex: worker,
        clock: options.clock?.memory ?? null,
        port: connect(),
        queryPorts: mine.map(({ partition }) => (queryChannels[partition] as MessageChannel).port2),
      };
      this.#laneTasks.push(watch(this.#run(task, topology)));
    }
    const failed = Promise.all([...this.#laneTasks, this.#checkpointTask]).then(() => {
      throw new MokaError('ERR_WORKER_DIED', 'worker threads ended before they were open');
    });
    const all = (told: readonly Promise<void>[]): Promise<void> =>
      Promise.race([Promise.all(told).then(() => {}), failed]);
    this.recovered = all(recovered);
    this.ready = all(opened);
    this.recovered.catch(() => {});
    this.ready.catch(() => {});
    failed.catch(() => {});
  }

  /** The partitions that a thread hosts, by the number of its heartbeat. */
  lanesOf(thread: number): LaneMemory[] {
    return this.lanes.filter((_, partition) => partition % this.#workerCount === thread);
  }

  /** To every worker. */
  post(message: ControlMessage): void {
    for (const port of this.#ports) if (port !== this.#checkpointPort) port.postMessage(message);
  }

  /** What can be profiled besides the main thread, in the order of the threads. */
  get names(): string[] {
    if (this.#pool === null) return [];
    return this.#ports.map((port) =>
      port === this.#checkpointPort ? 'checkpoints' : `worker-${this.#ports.indexOf(port) - 1}`,
    );
  }

  /** @returns a CPU profile of the thread with this name, as JSON */
  async profile(name: string, durationMs: number): Promise<string> {
    const port = this.#ports[this.names.indexOf(name)];
    assert(port !== undefined, `thread=${name}`);
    port.postMessage({ kind: 'profile', durationMs } satisfies ControlMessage);
    return new Promise((resolve, reject) => {
      const onMessage = (message: WorkerMessage): void => {
        if (message.kind !== 'profile') return;
        port.off('message', onMessage);
        if (message.profile !== null) resolve(message.profile);
        else reject(new Error(message.failure));
      };
      port.on('message', onMessage);
    });
  }

  /** Resolves when every lane has finished its intake, saved a checkpoint and closed its log. */
  drain(): Promise<void> {
    return this.#end('drain');
  }

  /** Ends every lane as it is: one that has failed would keep the others from draining. */
  abandon(): Promise<void> {
    return this.#end('abandon');
  }

  async #end(kind: 'drain' | 'abandon'): Promise<void> {
    this.#isClosing = true;
    this.post({ kind });
    await Promise.allSettled(this.#laneTasks);
    Atomics.store(new Int32Array(this.#stop), 0, 1);
    this.#checkpointBell.ring();
    await Promise.allSettled([this.#checkpointTask]);
    await this.#pool?.close();
    for (const port of [...this.#ports, ...this.queryPorts]) port.close();
  }

  #run(task: WorkerTask, topology: CompiledTopology): Promise<void> {
    if (this.#pool !== null) return this.#pool.run(task);
    if (task.kind === 'checkpoints') return runCheckpoints(task);
    return task.topology.url === '' ? runLanes(task, topology) : runTask(task);
  }

  #onPoolFailure(error: Error, options: ThreadsOptions): void {
    if (!this.#isClosing) options.onFailure(error);
  }
}
