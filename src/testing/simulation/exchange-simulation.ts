import { MokaError } from '../../base/errors.ts';
import { setFailpointHandler } from '../../base/failpoint.ts';
import { KeyedHash } from '../../base/hash.ts';
import { Doorbell } from '../../ring/doorbell.ts';
import { LaneStatus } from '../../ring/lane.ts';
import { SpscRing } from '../../ring/spsc-ring.ts';
import type { ExchangeLink, ExchangeOptions } from '../../worker/exchange.ts';
import { NO_METRICS } from '../../worker/lane-meter.ts';
import { type Lane, openLane } from '../../worker/open-lane.ts';
import { SeededRandom } from '../seeded-random.ts';
import { SimulatedCheckpoints, type SimulatedSink } from '../simulated-checkpoints.ts';
import { SimulatedDisk } from '../simulated-disk.ts';
import { CrashSignal } from '../simulated-machine.ts';
import { ExchangeChecker } from './exchange-checker.ts';
import { exchangeTopology } from './exchange-topology.ts';
import { SimClient } from './sim-client.ts';
import type { SimulationResult } from './simulation.ts';
import { Violations } from './violations.ts';

const SECRET = new Uint8Array([8, 7, 6, 5, 4, 3, 2, 1]);
const START_MS = 1_763_600_000_000;
const LANES = 3;
const LEVELS = 2;
const FAILPOINTS = [
  'log.after-write',
  'log.after-flush',
  'ack.before',
  'checkpoint.after-commit',
  'recovery.replay',
  'exchange.before-hand-over',
  'exchange.after-hand-over',
  'exchange.before-confirm',
  'exchange.after-confirm',
];

/**
 * As `Simulation`, with several lanes in one process that send each other what belongs to another partition, over two
 * hops. A crash takes them all at whatever each had reached, so that a target may hold what its source has forgotten to
 * have sent, and the other way round; rings are small, so that they fill up.
 */
export class ExchangeSimulation {
  readonly #seed: number;
  readonly #random: SeededRandom;
  readonly #disk: SimulatedDisk;
  readonly #checkpoints: readonly SimulatedCheckpoints[];
  readonly #clients: readonly SimClient[];
  readonly #violations = new Violations();
  readonly #checker: ExchangeChecker;
  #lives = 0;
  #checkpointCount = 0;
  #movedCount = 0;
  #now = START_MS;
  #uptime = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
    this.#disk = new SimulatedDisk({ seed: this.#random.word() });
    const fate = new SeededRandom(this.#random.word());
    this.#checkpoints = Array.from(
      { length: LANES },
      () =>
        new SimulatedCheckpoints({
          settle: () => (fate.chance(0.6) ? (fate.chance(0.15) ? 'failed' : 'committed') : 'pending'),
          rotateEvery: 1 + fate.below(5),
        }),
    );
    this.#clients = Array.from(
      { length: LANES },
      () => new SimClient(new SeededRandom(this.#random.word()), this.#violations, SECRET, SECRET),
    );
    this.#checker = new ExchangeChecker(SECRET, LANES, this.#violations);
  }

  run(): SimulationResult {
    const lives = 2 + this.#random.below(6);
    for (let life = 0; life < lives && this.#violations.count === 0; life++) this.#live(life === lives - 1);
    const sum = (pick: (client: SimClient) => number): number =>
      this.#clients.reduce((total, client) => total + pick(client), 0);
    return {
      seed: this.#seed,
      lives: this.#lives,
      acked: sum((client) => client.ackedCount),
      duplicates: sum((client) => client.duplicateCount),
      checkpoints: this.#checkpointCount,
      ticks: 0,
      moved: this.#movedCount,
      violations: this.#violations.list,
    };
  }

  #live(isLast: boolean): void {
    const random = this.#random;
    const process = new ProcessMemory();
    const sinks: SimulatedSink[] = [];
    this.#lives += 1;
    try {
      if (!isLast) this.#planDeath(random.chance(0.35) ? 100 : 2500);
      const lanes: Lane[] = [];
      for (let partition = 0; partition < LANES; partition++) {
        const lane = this.#open(partition, process, sinks);
        this.#checker.checkViews(lane, partition);
        lanes.push(lane);
        // Some lanes go on while others still recover: they send again what those may hold already.
        if (random.chance(0.5)) this.#work(lanes, process, random.below(60));
      }
      this.#checker.check(lanes, false);
      if (this.#violations.count > 0) return;
      if (isLast) this.#settle(lanes, process);
      else this.#work(lanes, process, 200 + random.below(1500));
      for (const lane of lanes) this.#checkpointCount += lane.partition.checkpointer.count;
    } catch (error) {
      if (!isEndOfLife(error)) {
        this.#violations.add('engine failed', error instanceof Error ? `${error.message}` : String(error));
      }
    } finally {
      setFailpointHandler(null);
      for (const client of this.#clients) client.onCrash();
      this.#disk.crash(random.chance(0.6) ? 'power' : 'process');
      for (const sink of sinks) if (random.chance(0.5)) sink.commitUnseen();
    }
  }

  #planDeath(operations: number): void {
    const random = this.#random;
    const { machine } = this.#disk;
    if (random.chance(0.6)) machine.crashCountdown = random.below(operations);
    if (random.chance(0.1)) machine.flushFailureCountdown = random.below(60);
    if (random.chance(0.3)) {
      const name = random.pick(FAILPOINTS);
      let left = random.below(20);
      setFailpointHandler((passing) => {
        if (passing === name && left-- === 0) machine.kill();
      });
    }
  }

  #open(partition: number, process: ProcessMemory, sinks: SimulatedSink[]): Lane {
    const checkpoints = this.#checkpoints[partition] as SimulatedCheckpoints;
    const lane = openLane({
      partition,
      topology: exchangeTopology,
      isDevelopment: false,
      logged: { fingerprint: exchangeTopology.fingerprint, since: -1 },
      disk: this.#disk,
      logDirectory: `/log-${partition}`,
      environments: checkpoints,
      openSink: (reader) => {
        const sink = checkpoints.openSink(reader);
        sinks.push(sink);
        return sink;
      },
      intake: new SpscRing(process.intakes[partition] as SharedArrayBuffer),
      acks: new SpscRing(process.acks[partition] as SharedArrayBuffer),
      ackBell: new Doorbell(process.bell),
      exchange: process.exchangeOf(partition),
      status: new LaneStatus(LaneStatus.allocate()),
      routingSecret: SECRET,
      identitySecret: SECRET,
      clock: { now: () => this.#now },
      monotonic: { now: () => this.#uptime },
      metrics: NO_METRICS,
      log: {
        segmentBytes: 256 * 1024,
        maxBlockBytes: 16 * 1024,
        retentionBytes: 1 << 30,
        retentionMs: 1e12,
        reserveBytes: 0,
      },
      state: { cacheBytes: 1 << 20, eviction: 'lru' },
      dedupe: { windowMs: 1e12, maxEntries: 1_000_000 },
      checkpoint: { maxTailMs: 1e9, maxTailBytes: 16 * 1024, maxIntervalMs: 5_000 },
      report: () => {},
    });
    lane.partition.onFailure = (error: MokaError) => {
      throw new LifeEnds(error.message);
    };
    return lane;
  }

  #work(lanes: readonly Lane[], process: ProcessMemory, steps: number): void {
    const random = this.#random;
    for (let step = 0; step < steps; step++) {
      const partition = random.below(lanes.length);
      const lane = lanes[partition] as Lane;
      const client = this.#clients[partition] as SimClient;
      const dice = random.below(100);
      if (dice < 20) client.send(process.intakeRings[partition] as SpscRing, true);
      else if (dice < 55) lane.partition.turn();
      else if (dice < 84) this.#disk.runOne();
      else if (dice < 90) client.poll(process.ackRings[partition] as SpscRing);
      else if (dice < 94) this.#pass(random.below(200));
      else lane.partition.checkpointer.force();
    }
  }

  /** Until everything is answered and nothing is on its way; then as on SIGTERM, until every lane has closed. */
  #settle(lanes: readonly Lane[], process: ProcessMemory): void {
    const isBusy = (): boolean => this.#clients.some((client) => client.hasUnanswered);
    for (let round = 0; isBusy(); round++) {
      if (round > 30_000) return this.#violations.add('no progress', 'events stay unanswered');
      this.#step(lanes, process, true);
    }
    for (const { partition } of lanes) partition.startDrain();
    for (let round = 0; lanes.some(({ partition }) => !partition.isClosed); round++) {
      if (round > 30_000) return this.#violations.add('no progress', 'lanes do not close');
      this.#step(lanes, process, false);
    }
    lanes.forEach((lane, partition) => {
      this.#checker.checkViews(lane, partition);
    });
    this.#movedCount = this.#checker.check(lanes, true);
  }

  #step(lanes: readonly Lane[], process: ProcessMemory, mayResend: boolean): void {
    lanes.forEach((lane, partition) => {
      const client = this.#clients[partition] as SimClient;
      if (mayResend) client.send(process.intakeRings[partition] as SpscRing, false);
      lane.partition.turn();
      this.#disk.runOne();
      client.poll(process.ackRings[partition] as SpscRing);
    });
    this.#pass(1);
  }

  #pass(ms: number): void {
    this.#now += ms;
    this.#uptime += ms;
  }
}

class LifeEnds extends Error {}

function isEndOfLife(error: unknown): boolean {
  if (error instanceof CrashSignal || error instanceof LifeEnds) return true;
  return error instanceof MokaError && ['ERR_DISK_IO', 'ERR_DISK_FLUSH', 'ERR_DISK_FULL'].includes(error.code);
}

interface Way {
  readonly level: number;
  readonly source: number;
  readonly target: number;
  readonly ring: SharedArrayBuffer;
  readonly confirmed: Float64Array;
}

/** What dies with a process: the rings to and between its lanes. */
class ProcessMemory {
  readonly intakes = Array.from({ length: LANES }, () => SpscRing.allocate(64 * 1024));
  readonly acks = Array.from({ length: LANES }, () => SpscRing.allocate(64 * 1024));
  readonly intakeRings = this.intakes.map((memory) => new SpscRing(memory));
  readonly ackRings = this.acks.map((memory) => new SpscRing(memory));
  readonly bell = Doorbell.allocate();
  readonly #drained = new Int32Array(new SharedArrayBuffer(4 * LANES));
  readonly #ways: Way[] = [];

  constructor() {
    for (let level = 1; level <= LEVELS; level++) {
      for (let source = 0; source < LANES; source++) {
        for (let target = 0; target < LANES; target++) {
          if (source === target) continue;
          const confirmed = new Float64Array(new SharedArrayBuffer(8));
          this.#ways.push({ level, source, target, ring: SpscRing.allocate(4096), confirmed });
        }
      }
    }
  }

  exchangeOf(partition: number): ExchangeOptions {
    const link = (way: Way, peer: number): ExchangeLink => ({
      level: way.level,
      peer,
      ring: new SpscRing(way.ring),
      confirmed: way.confirmed,
      bell: new Doorbell(this.bell),
    });
    return {
      partition,
      partitionCount: LANES,
      hops: exchangeTopology.hops,
      linksOut: this.#ways.filter((way) => way.source === partition).map((way) => link(way, way.target)),
      linksIn: this.#ways.filter((way) => way.target === partition).map((way) => link(way, way.source)),
      drained: this.#drained,
      routingHash: new KeyedHash(SECRET),
    };
  }
}
