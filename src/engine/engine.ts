import { join } from 'node:path';
import type { SharedClock } from '../base/clock.ts';
import { MokaError } from '../base/errors.ts';
import type { IngestOptions, IngestResult } from '../ingress/ingest-reply.ts';
import { Intake } from '../ingress/intake.ts';
import { NodeDisk } from '../log/node-disk.ts';
import { INGRESS_METRICS, LANE_METRICS, lateMetrics } from '../metrics/catalogue.ts';
import { CounterBlock } from '../metrics/counter-block.ts';
import { Exposition } from '../metrics/exposition.ts';
import { Whereabouts } from '../operators/whereabouts.ts';
import { portOf } from '../query/message-port.ts';
import { QueryRouter } from '../query/query-router.ts';
import { LaneStatus } from '../ring/lane.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import { laneViews } from '../worker/lane-stores.ts';
import { type ConfigInput, type EngineConfig, resolveConfig } from './config.ts';
import { recordCpuProfile } from './cpu-profile.ts';
import {
  type DataDirectory,
  isDataDirectory,
  noteTopology,
  openDataDirectory,
  warningOfSecret,
} from './data-directory.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { endProcess } from './end-process.ts';
import { EngineView } from './engine-view.ts';
import { exitReasonOf } from './failure-cell.ts';
import { linkLane } from './lane-memory.ts';
import { Listeners } from './listeners.ts';
import { createLogger, type Logger } from './logger.ts';
import { MainLoop } from './main-loop.ts';
import { reportStuckThread } from './stuck-report.ts';
import { Threads } from './threads.ts';
import { isTopology, loadTopology, type TopologyModule } from './topology-loader.ts';
import { type SilentThread, Watchdog } from './watchdog.ts';

/** Any part of the configuration; the rest has its defaults. */
export type EngineOptions = ConfigInput;

/**
 * Opens an engine: takes the data directory, recovers every partition, and listens.
 *
 * @param topology path of a module that exports `topology`, or, with `workers: 0`, a topology itself
 * @param clock for tests: log time goes by it and no other
 * @returns when events can be taken; on a full disk when questions can be answered
 * @throws MokaError ERR_CONFIG_INVALID, ERR_TOPOLOGY_…, ERR_DATA_…, ERR_LOG_DAMAGED, ERR_PORT_OCCUPIED, ERR_NATIVE_MISSING;
 * nothing is left running then
 */
export async function createEngine(
  topology: string | CompiledTopology,
  options: EngineOptions = {},
  clock: SharedClock | null = null,
): Promise<Engine> {
  const config = resolveConfig({ flags: options });
  // A new directory is made when the topology is known to be one: what fails before leaves nothing behind.
  const early = isDataDirectory(config.dataDir) ? null : await load(topology, config);
  const disk = new NodeDisk();
  const directory = openDataDirectory(disk, config.dataDir, config.partitions, Math.max(1, config.workers));
  const lock = await lockDirectory(directory.path);
  let engine: Engine | null = null;
  try {
    const { compiled, module } = early ?? (await load(topology, config));
    const logger = createLogger(config.logLevel);
    const warning = warningOfSecret(directory.path);
    if (warning !== null) logger.warn(warning);
    const parts = { topology: compiled, module, directory, lock, logger, clock };
    engine = new Engine({ ...config, partitions: directory.partitions }, parts);
    await engine.open((logEnds) => noteTopology(disk, directory, compiled, logEnds));
    await engine.listen();
    return engine;
  } catch (error) {
    if (engine === null) lock.release();
    else await engine.abandon();
    throw error;
  }
}

async function load(
  topology: string | CompiledTopology,
  config: EngineConfig,
): Promise<{ compiled: CompiledTopology; module: TopologyModule | null }> {
  if (typeof topology === 'string') return loadTopology(topology, join(config.dataDir, 'cache'));
  if (!isTopology(topology))
    throw new MokaError('ERR_TOPOLOGY_LOAD', 'topology is neither a path nor made by defineTopology');
  if (config.workers !== 0) {
    throw new MokaError(
      'ERR_CONFIG_INVALID',
      `workers=${config.workers}: functions cannot cross threads; give the path of a module, or workers: 0`,
    );
  }
  return { compiled: topology, module: null };
}

interface EngineParts {
  readonly topology: CompiledTopology;
  readonly module: TopologyModule | null;
  readonly directory: DataDirectory;
  readonly lock: DirectoryLock;
  readonly logger: Logger;
  readonly clock: SharedClock | null;
}

/** An open engine. Made by `createEngine`. */
export class Engine {
  readonly config: EngineConfig;
  readonly topology: CompiledTopology;
  readonly #threads: Threads;
  readonly #intake: Intake;
  readonly #router: QueryRouter;
  readonly #loop: MainLoop;
  readonly #listeners: Listeners;
  readonly #watchdog: Watchdog;
  readonly #lock: DirectoryLock;
  readonly #logger: Logger;
  #isOpen = false;
  #closing: Promise<void> | null = null;

  constructor(config: EngineConfig, { topology, module, directory, lock, logger, clock }: EngineParts) {
    this.config = config;
    this.topology = topology;
    this.#lock = lock;
    this.#logger = logger;
    this.#threads = new Threads({
      config,
      directory,
      topology,
      module,
      clock,
      onReport: ({ level, text }) => logger[level](text),
      onFailure: (error) => this.#fail(error),
    });
    const counters = new CounterBlock(CounterBlock.allocate());
    this.#intake = new Intake({
      streams: topology.streams,
      lanes: this.#threads.lanes.map(linkLane),
      routingSecret: directory.routingSecret,
      identitySecret: directory.identitySecret,
      scheduleTurnEnd: () => this.#loop.wake(),
      limits: {
        maxEventBytes: config.http.maxEventBytes,
        creditEvents: config.websocket.creditEvents,
        creditBytes: config.websocket.creditBytes,
        maxFrameBytes: config.websocket.maxFrameBytes,
        stagingBytes: config.websocket.stagingBytes,
      },
      counters,
    });
    this.#loop = new MainLoop(this.#intake, this.#threads.mainBell);
    this.#router = new QueryRouter({
      views: laneViews(topology),
      lanes: this.#threads.queryPorts.map(portOf),
      routingSecret: directory.routingSecret,
    });
    const exposition = new Exposition();
    exposition.add(INGRESS_METRICS, counters);
    const late = lateMetrics(topology.lateCounts.map(({ node }) => node));
    for (const lane of this.#threads.lanes) {
      const block = new CounterBlock(lane.counters);
      const labels = { partition: String(lane.partition) };
      exposition.add(LANE_METRICS, block, labels);
      exposition.add(late, block, labels);
    }
    this.#listeners = new Listeners({
      config,
      topology,
      intake: this.#intake,
      router: this.#router,
      exposition,
      counters,
      checkpoint: () => this.#threads.post({ kind: 'checkpoint' }),
      drain: () => void this.close(),
      threads: ['main', ...this.#threads.names],
      profile: (thread, durationMs) =>
        thread === 'main' ? recordCpuProfile(durationMs) : this.#threads.profile(thread, durationMs),
    });
    this.#watchdog = new Watchdog(
      this.#threads.heartbeats,
      (thread) => this.#threads.lanesOf(thread).map(({ whereabouts }) => new Whereabouts(whereabouts)),
      config.watchdogMs,
      (threads) => this.#endStuck(threads),
    );
  }

  /** Where events are taken and questions answered, such as `http://127.0.0.1:8080`. */
  get url(): string {
    return this.#listeners.url;
  }

  /** Health, metrics and control. */
  get adminUrl(): string {
    return this.#listeners.adminUrl;
  }

  /**
   * Resolves when every partition has recovered, and takes events or has no room on the disk for them.
   *
   * @param note makes known which topology this is, when every partition may be opened with it and none has written yet;
   * it is told the last offset of each one's log
   */
  async open(note: (logEnds: readonly number[]) => void): Promise<void> {
    try {
      await this.#threads.recovered;
      note(this.#threads.lanes.map(({ status }) => new LaneStatus(status).durableOffset));
      this.#threads.post({ kind: 'start' });
      await this.#threads.ready;
    } catch (error) {
      throw this.#threads.failure.read()?.error ?? error;
    }
  }

  async listen(): Promise<void> {
    await this.#listeners.listen();
    this.#lock.announce(this.adminUrl);
    this.#isOpen = true;
  }

  /** Opening failed: whatever runs already is ended. */
  async abandon(): Promise<void> {
    await this.#threads.abandon();
    this.#end();
  }

  /**
   * Takes one event from this process.
   * @returns when the level of the stream is reached: by default on disk and processed
   * @throws MokaError with the code of the refusal
   */
  ingest(stream: string, value: unknown, options: IngestOptions = {}): Promise<IngestResult> {
    return this.#intake.ingest(stream, value, options);
  }

  /** @throws MokaError ERR_VIEW_UNKNOWN */
  view<V = unknown>(name: string): EngineView<V> {
    this.#router.view(name);
    return new EngineView<V>(this.#router, name);
  }

  /**
   * Ends in good order: nothing new is taken, everything taken is answered, state is saved. Safe to call twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { drainTimeoutMs } = this.config;
    const late = setTimeout(() => {
      this.#fail(
        new MokaError(
          'ERR_WORKER_DIED',
          `drain not complete after ms=${drainTimeoutMs}; acknowledged events are on disk`,
        ),
      );
    }, drainTimeoutMs);
    this.#intake.stopAccepting();
    this.#listeners.stopAccepting();
    this.#intake.publish();
    await this.#threads.drain();
    this.#intake.pollAcks();
    clearTimeout(late);
    this.#router.close();
    await this.#listeners.close();
    this.#end();
  }

  #end(): void {
    this.#watchdog.stop();
    this.#loop.stop();
    this.#intake.close();
    this.#lock.release();
  }

  /** Before the process ends it is noted what did not return, so that the next start does not run it again. */
  #endStuck(threads: readonly SilentThread[]): void {
    const { topology } = this;
    for (const { thread, silentMs } of threads) {
      const { error, details } = reportStuckThread(
        new NodeDisk(),
        this.config.dataDir,
        { thread, silentMs, topology },
        this.#threads.lanesOf(thread),
        this.config.partitions,
      );
      this.#threads.failure.report(error, error.code === 'ERR_OPERATOR_STUCK_LOGGED' ? 'undecided' : 'stuck');
      this.#logger.fatal(details, error.message);
    }
    endProcess(this.#threads.failure.read()?.exitCode ?? 'stuck');
  }

  /** Fail-stop: half-alive is worse than a restart, which loses nothing that was acknowledged. */
  #fail(error: Error): void {
    // Who opens the engine is told by its rejection.
    if (!this.#isOpen) return;
    const found = this.#threads.failure.read();
    // What we know needs no stack; a throw of user code outside of its operator is found by it.
    this.#logger.fatal(found?.error.message ?? (error instanceof MokaError ? error.message : error.stack));
    endProcess(found?.exitCode ?? exitReasonOf(error));
  }
}
