import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../load/random.ts';
import { ENGINE_MAIN } from '../run/places.ts';
import { type Ready, ServerProcess } from '../run/process.ts';
import { readView, type ViewRow } from '../run/view-reader.ts';
import { checkLog, type LogMatch } from './check-log.ts';
import { checkReplay } from './check-replay.ts';
import { probeDuplicates } from './duplicate-probe.ts';
import { HttpProducer } from './http-producer.ts';
import { describePlan, drawKillPlan, type Ending, type KillPlan } from './kill-plan.ts';
import { Ledger, type Violation } from './ledger.ts';
import { readLog } from './log-records.ts';
import type { Producer, ProducerContext, Target } from './producer.ts';
import type { Scenario } from './scenario.ts';
import { WebSocketProducer } from './websocket-producer.ts';

const READY_MS_MAX = 30_000;
const DRAIN_MS_MAX = 20_000;
/** An engine that takes nothing for so long, of a run that wants a number of events, is killed nevertheless. */
const LOAD_MS_MAX = 120_000;
const LOAD_POLL_MS = 20;
/** A fail point that the load does not reach within this time is given up, and the engine killed. */
const FAILPOINT_MS_MAX = 2500;
/** The same for a start: where there is nothing to rewrite, some points are not passed. */
const RECOVERY_FAILPOINT_MS_MAX = 1500;
const PROBES_PER_CYCLE = 12;
const FIRST_READY_MS = 500;

/** Small bounds, so that checkpoints, segment changes and full blocks happen all the time. */
const ENGINE_ENVIRONMENT = {
  MOKA_LOG_LEVEL: 'error',
  MOKA_CHECKPOINT_MAX_TAIL_MS: '50',
  MOKA_CHECKPOINT_MAX_TAIL_BYTES: String(1024 * 1024),
  MOKA_CHECKPOINT_MAX_INTERVAL_MS: '1000',
  // The log is kept whole, to be compared; environments give way to fresh ones all the same.
  MOKA_CHECKPOINT_MAX_COMMITS: '5',
  MOKA_LOG_SEGMENT_BYTES: String(4 * 1024 * 1024),
  MOKA_PARTITIONS: '2',
  MOKA_WORKERS: '2',
  // All of it is read, and replayed from its beginning.
  MOKA_LOG_RETENTION_BYTES: String(1024 ** 4),
  // What is sent again may be as old as the run.
  MOKA_DEDUPE_WINDOW_MS: String(24 * 60 * 60_000),
};

export interface RoundOptions {
  readonly data: string;
  readonly scenario: Scenario;
  readonly random: Random;
  /** Whether one of the producers believes the server's hello instead of its own memory. */
  readonly trustsHello: boolean;
  /** Events that are to be acknowledged by the end of each cycle, before it is ended; 0: as many as there are. */
  readonly eventsPerCycle: number;
  readonly say: (text: string) => void;
}

export interface RoundResult {
  violations: Violation[];
  acked: number;
  logged: number;
  starts: number;
  kills: number;
  probes: number;
  /** Records that the replay at the end ran through the topology once more, rows that it compared. */
  replayed: number;
  rows: number;
  readyMs: number[];
}

/**
 * One data directory through several cycles of start, load and kill. Every time the engine is down the whole log is
 * compared with the ledger; every time it is up again, before any new load, its views are compared with a fold over
 * that log, and events acknowledged earlier are sent once more to see them recognised.
 */
export class CrashRound {
  readonly #options: RoundOptions;
  readonly #producers: Producer[];
  readonly ledger = new Ledger();
  readonly result: RoundResult = {
    violations: [],
    acked: 0,
    logged: 0,
    starts: 0,
    kills: 0,
    probes: 0,
    replayed: 0,
    rows: 0,
    readyMs: [],
  };
  #cycles = 0;
  #match: LogMatch = { placeOf: new Map(), inOrder: [], violations: [] };

  constructor(options: RoundOptions) {
    const { scenario, random, trustsHello } = options;
    this.#options = options;
    scenario.reset();
    const context: ProducerContext = {
      scenario,
      ledger: this.ledger,
      random,
      violation: (violation) => this.result.violations.push(violation),
    };
    this.#producers = [
      ...Array.from({ length: 4 }, (_, index) => new HttpProducer(index, context)),
      new WebSocketProducer(4, { protocol: 'json', identity: 'sequence', trustsHello: false }, context),
      new WebSocketProducer(5, { protocol: 'binary', identity: 'sequence', trustsHello: false }, context),
      new WebSocketProducer(6, { protocol: 'json', identity: 'sequence', trustsHello }, context),
      new WebSocketProducer(7, { protocol: 'json', identity: 'frame-id', trustsHello: false }, context),
    ];
  }

  /** @returns false when something was found: the data directory is then left as it is */
  async cycle(): Promise<boolean> {
    const { random, scenario } = this.#options;
    const plan = drawKillPlan(random, this.result.readyMs.at(-1) ?? FIRST_READY_MS, scenario.movesKeys);
    this.#cycles++;
    this.#options.say(`${describePlan(plan)}; acked=${this.ledger.ackedCount}`);
    await this.#killDuringRecovery(plan);
    if (this.#isBroken) return false;
    await this.#loadAndEnd(plan.ending);
    this.#checkLog();
    return !this.#isBroken;
  }

  /** A last start: views and duplicates after the last crash, then a drain, the log once more, and its replay. */
  async finish(): Promise<boolean> {
    await this.#loadAndEnd({ kind: 'drain', afterMs: 50 });
    this.#checkLog();
    this.result.acked = this.ledger.ackedCount;
    this.result.logged = this.#match.inOrder.length;
    if (!this.#isBroken) this.#checkReplay();
    return !this.#isBroken;
  }

  get #isBroken(): boolean {
    return this.result.violations.length > 0;
  }

  async #killDuringRecovery(plan: KillPlan): Promise<void> {
    for (const kill of plan.recoveryKills) {
      const server = this.#startEngine(kill);
      const waitMs = kill.kind === 'failpoint' ? RECOVERY_FAILPOINT_MS_MAX : kill.afterMs;
      await Promise.race([sleep(waitMs), server.exited]);
      await server.kill();
      this.result.kills++;
      await this.#expectKilled(server);
      this.#checkLog();
    }
  }

  async #loadAndEnd(ending: Ending): Promise<void> {
    const server = this.#startEngine(ending);
    try {
      const ready = await this.#whenReady(server, ending);
      if (ready === null) return;
      const target = targetOf(ready);
      await this.#unlessGone(server, async () => this.#checkQuietEngine(ready, target));
      if (this.#isBroken) return;
      for (const producer of this.#producers) producer.start(target);
      await this.#end(server, ending);
    } finally {
      for (const producer of this.#producers) producer.stop();
      await server.kill();
    }
  }

  async #end(server: ServerProcess, ending: Ending): Promise<void> {
    if (ending.kind !== 'failpoint') await this.#untilEnoughAcked(server);
    const waitMs = ending.kind === 'failpoint' ? FAILPOINT_MS_MAX : ending.afterMs;
    await Promise.race([sleep(waitMs), server.exited]);
    if (server.hasExited && ending.kind !== 'failpoint') {
      const { code, signal } = await server.exited;
      this.#complain('engine', `ended by itself under load: code=${code} signal=${signal}\n${server.errors}`);
      return;
    }
    if (ending.kind === 'drain') {
      const { code, signal } = await server.stop(DRAIN_MS_MAX);
      if (code !== 0) this.#complain('engine', `drain ended with code=${code} signal=${signal}\n${server.errors}`);
      return;
    }
    await server.kill();
    this.result.kills++;
    await this.#expectKilled(server);
  }

  async #untilEnoughAcked(server: ServerProcess): Promise<void> {
    const wanted = this.#cycles * this.#options.eventsPerCycle;
    const until = performance.now() + LOAD_MS_MAX;
    while (this.ledger.ackedCount < wanted && !server.hasExited && performance.now() < until) await sleep(LOAD_POLL_MS);
  }

  async #whenReady(server: ServerProcess, ending: Ending): Promise<Ready | null> {
    const start = performance.now();
    try {
      const ready = await server.whenReady(READY_MS_MAX);
      this.result.readyMs.push(performance.now() - start);
      return ready;
    } catch (error) {
      if (ending.kind === 'failpoint' && server.hasExited) await this.#expectKilled(server);
      else this.#complain('engine', String(error));
      return null;
    }
  }

  /** The views show the log, and what was acknowledged is recognised when it comes again. */
  async #checkQuietEngine(ready: Ready, target: Target): Promise<void> {
    const rowsOf = async (view: string): Promise<ViewRow[]> => {
      const rows: ViewRow[] = [];
      await readView(ready.url, view, (row) => rows.push(row));
      return rows;
    };
    const { scenario, random } = this.#options;
    const { placeOf, inOrder } = this.#match;
    this.result.violations.push(...(await scenario.checkViews(inOrder, rowsOf)));
    const acked = this.ledger.events.filter((event) => event.isAcked && event.content.startsWith('{'));
    const probed = Array.from({ length: Math.min(PROBES_PER_CYCLE, acked.length) }, () => {
      return acked[random.between(0, acked.length)] as (typeof acked)[number];
    });
    this.result.violations.push(...(await probeDuplicates(target, scenario, probed, placeOf)));
    this.result.probes += probed.length;
  }

  /** An engine that killed itself at a fail point cannot answer: that is no violation. */
  async #unlessGone(server: ServerProcess, check: () => Promise<void>): Promise<void> {
    try {
      await check();
    } catch (error) {
      await sleep(GONE_NOTICE_MS);
      if (!server.hasExited) this.#complain('engine', `does not answer: ${String(error)} ${server.errors}`);
      else await this.#expectKilled(server);
    }
  }

  async #expectKilled(server: ServerProcess): Promise<void> {
    const { code, signal } = await server.exited;
    if (signal !== 'SIGKILL') this.#complain('engine', `ended with code=${code} signal=${signal}\n${server.errors}`);
  }

  #startEngine(ending: Ending): ServerProcess {
    this.result.starts++;
    const failpoint = ending.kind === 'failpoint' ? { MOKA_FAILPOINT: `${ending.name}:${ending.nth}` } : {};
    const { data, scenario } = this.#options;
    const ports = ['--port', '0', '--admin-port', '0'];
    const args = [ENGINE_MAIN, 'serve', '--json', '--data', data, '--topology', scenario.topology, ...ports];
    return new ServerProcess(args, { ...ENGINE_ENVIRONMENT, ...failpoint });
  }

  #checkLog(): void {
    try {
      this.#match = checkLog(this.ledger, readLog(this.#options.data));
      this.result.violations.push(...this.#match.violations);
    } catch (error) {
      this.#complain('engine', `log cannot be read: ${String(error)}`);
    }
  }

  #checkReplay(): void {
    const { data, scenario } = this.#options;
    const { violations, events, rows } = checkReplay(data, scenario.topology);
    this.result.violations.push(...violations);
    this.result.replayed = events;
    this.result.rows = rows;
  }

  #complain(kind: 'engine', detail: string): void {
    this.result.violations.push({ kind, detail });
  }
}

const GONE_NOTICE_MS = 100;

function targetOf(ready: Ready): Target {
  const url = new URL(ready.url);
  return { host: url.hostname, port: Number(url.port) };
}
