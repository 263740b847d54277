import { setTimeout as sleep } from 'node:timers/promises';
import { errorCodeOf } from '../base/error-catalogue.ts';
import type { HttpServer } from '../http/server.ts';
import { createUwsServer } from '../http/uws-server.ts';
import type { Intake } from '../ingress/intake.ts';
import { type IntakeRouteOptions, registerIntake } from '../ingress/routes.ts';
import { INGRESS_METRICS } from '../metrics/catalogue.ts';
import type { CounterBlock } from '../metrics/counter-block.ts';
import type { Exposition } from '../metrics/exposition.ts';
import type { QueryRouter } from '../query/query-router.ts';
import { registerQueries } from '../query/routes.ts';
import { LANE_RUNNING } from '../ring/lane.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import type { EngineConfig } from './config.ts';
import { type EngineControl, registerControl, registerHealth } from './health-routes.ts';
import { saveState } from './save-state.ts';

const STATE_NAMES = ['starting', 'recovering', 'running', 'draining', 'closed', 'stopped'] as const;
const PRESSURE_NAMES = ['ok', 'high', 'full'] as const;
/** Answers written in the last turn get this long to leave before connections are closed. */
const LINGER_MS = 50;

export interface ListenersOptions {
  config: EngineConfig;
  topology: CompiledTopology;
  intake: Intake;
  router: QueryRouter;
  exposition: Exposition;
  /** Of the main thread. */
  counters: CounterBlock;
  checkpoint: () => void;
  drain: () => void;
  /** Names of those that can be profiled. */
  threads: readonly string[];
  profile: (thread: string, durationMs: number) => Promise<string>;
}

/** The engine's two doors: one for clients, one for whoever runs it. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #public: HttpServer;
  readonly #admin: HttpServer;
  #publicPort = 0;
  #adminPort = 0;

  constructor(options: ListenersOptions) {
    this.#options = options;
    const { config, intake, router, topology } = options;
    this.#public = createUwsServer({ allowedOrigins: config.http.allowedOrigins });
    this.#admin = createUwsServer({});
    const control = this.#control();
    const pools = registerIntake(this.#public, intake, {
      producerState: (low, high) => router.producerState(low, high),
      ...quotaOf(config),
    });
    for (const [name, pool] of Object.entries(pools)) options.exposition.addPool(name, pool);
    registerQueries(this.#public, router, topology);
    registerHealth(this.#public, control);
    registerHealth(this.#admin, control);
    registerControl(this.#admin, control);
  }

  get url(): string {
    return urlOf(this.#options.config.http.host, this.#publicPort);
  }

  get adminUrl(): string {
    return urlOf(this.#options.config.admin.host, this.#adminPort);
  }

  /** @throws MokaError ERR_PORT_OCCUPIED; nothing listens then */
  async listen(): Promise<void> {
    const { http, admin } = this.#options.config;
    try {
      this.#adminPort = await this.#admin.listen(admin.host, admin.port);
      this.#publicPort = await this.#public.listen(http.host, http.port);
    } catch (error) {
      this.#admin.close();
      this.#public.close();
      throw error;
    }
  }

  stopAccepting(): void {
    this.#public.stopAccepting();
  }

  async close(): Promise<void> {
    await sleep(LINGER_MS);
    this.#public.close();
    this.#admin.close();
  }

  #control(): EngineControl {
    const { intake, router, exposition, counters, checkpoint, drain, threads, profile } = this.#options;
    return {
      unreadyReason: () => this.#unreadyReason(),
      describeLanes: () =>
        intake.lanes.map(({ link: { partition, status } }) => ({
          partition,
          state: STATE_NAMES[status.state],
          epoch: status.epoch,
          processedOffset: status.processedOffset,
          durableOffset: status.durableOffset,
          checkpointOffset: status.checkpointOffset,
          pressure: PRESSURE_NAMES[status.pressure],
          fillRatio: status.fillRatio,
          drainRate: status.drainRate,
          intakeBlockedBy: errorCodeOf(status.intakeBlockedReason) ?? null,
        })),
      renderMetrics: async () => {
        const at = INGRESS_METRICS.index;
        counters.set(at.queriesGet, router.getCount);
        counters.set(at.queriesRange, router.rangeReadCount);
        counters.set(at.subscriptions, router.watchCount);
        return { contentType: exposition.contentType, body: await exposition.render() };
      },
      checkpoint,
      save: (limitMs, isAbandoned) =>
        saveState(
          intake.lanes.map(({ link }) => link),
          { ask: checkpoint, limitMs, isAbandoned },
        ),
      drain,
      pause: (isPaused) => {
        intake.isPaused = isPaused;
      },
      threads,
      profile,
    };
  }

  #unreadyReason(): string | null {
    const { intake } = this.#options;
    if (intake.isDraining) return 'draining';
    if (intake.isPaused) return 'intake paused';
    for (const { link } of intake.lanes) {
      const { state, intakeBlockedReason } = link.status;
      if (state !== LANE_RUNNING) return `partition=${link.partition} ${STATE_NAMES[state] ?? 'unknown'}`;
      if (intakeBlockedReason !== 0)
        return `partition=${link.partition} blocked by ${errorCodeOf(intakeBlockedReason) ?? 'unknown'}`;
    }
    return null;
  }
}

function quotaOf({ http }: EngineConfig): Pick<IntakeRouteOptions, 'quota'> {
  if (http.quotaEventsPerSecond === 0) return {};
  return { quota: { eventsPerSecond: http.quotaEventsPerSecond, burst: http.quotaBurst } };
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
