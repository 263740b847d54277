import { MokaError } from '../../base/errors.ts';
import { setFailpointHandler } from '../../base/failpoint.ts';
import type { Answer } from '../../operators/lookup.ts';
import {
  KIND_ANSWER,
  KIND_TICK,
  RECORD_HEADER_BYTES,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_VALUE_LENGTH,
} from '../../record/layout.ts';
import { Doorbell } from '../../ring/doorbell.ts';
import { LaneStatus } from '../../ring/lane.ts';
import { SpscRing } from '../../ring/spsc-ring.ts';
import { ValueCodec } from '../../store/value-codec.ts';
import { NO_METRICS } from '../../worker/lane-meter.ts';
import { DEAD_LETTERS_STORE, laneStoreId } from '../../worker/lane-stores.ts';
import { type Lane, openLane } from '../../worker/open-lane.ts';
import { SeededRandom } from '../seeded-random.ts';
import { SimulatedCheckpoints, type SimulatedSink } from '../simulated-checkpoints.ts';
import { SimulatedDisk } from '../simulated-disk.ts';
import { CrashSignal } from '../simulated-machine.ts';
import { type Sabotage, SabotagedDisk, sabotageLane } from './sabotage.ts';
import { SimClient } from './sim-client.ts';
import { ExpectedAnswers, SimOutside } from './sim-outside.ts';
import { alarmDelay, nextAlarms, nextRow, POISON_DELTA, type SimEvent, type SimRow, topology } from './sim-topology.ts';
import { Violations } from './violations.ts';

const SECRET = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
const START_MS = 1_763_600_000_000;
const SEGMENT_BYTES = 128 * 1024;
const TIGHT_SEGMENT_BYTES = 64 * 1024;
const MAX_BLOCK_BYTES = 16 * 1024;
/** Too little for what a run writes: the log has to be let go again and again. */
const TIGHT_DISK_BYTES = 4 * TIGHT_SEGMENT_BYTES;
const FAILPOINTS = [
  'log.before-write',
  'log.after-write',
  'log.before-flush',
  'log.after-flush',
  'ack.before',
  'ack.after',
  'checkpoint.before-commit',
  'checkpoint.after-commit',
  'recovery.before-rewrite',
  'recovery.before-flush',
  'recovery.after-flush',
  'recovery.replay',
];

export interface SimulationResult {
  readonly seed: number;
  readonly lives: number;
  readonly acked: number;
  readonly duplicates: number;
  readonly checkpoints: number;
  /** Records in the final log that let time go on. */
  readonly ticks: number;
  /** Changes in the final logs that came from another lane. */
  readonly moved: number;
  readonly violations: readonly string[];
}

/**
 * One whole run under a seed: a lane on a simulated disk, a client with its own account, and crashes between and inside
 * operations, also during recovery. After every recovery the log and the state are held against the account. The same
 * seed gives the same run.
 */
export class Simulation {
  readonly #random: SeededRandom;
  readonly #disk: SimulatedDisk;
  readonly #lyingDisk: SabotagedDisk;
  readonly #checkpoints: SimulatedCheckpoints;
  readonly #client: SimClient;
  readonly #violations = new Violations();
  readonly #outside: SimOutside;
  readonly #seed: number;
  readonly #sabotage: Sabotage | null;
  /** The disk is small for good, nothing is kept that recovery does not need, and no checkpoint lets go of log unasked. */
  readonly #isTight: boolean;
  /** Content of the log as last seen durable, what it has let go of included: a later look may only add to it. */
  #known: readonly LoggedRecord[] = [];
  readonly #codec = ValueCodec.selfDescribing();
  #tickCount = 0;
  #lives = 0;
  #checkpointCount = 0;
  #now = START_MS;
  #uptime = 0;

  constructor(seed: number, sabotage: Sabotage | null = null) {
    this.#seed = seed;
    this.#sabotage = sabotage;
    this.#random = new SeededRandom(seed);
    this.#isTight = this.#random.chance(0.25);
    this.#disk = new SimulatedDisk({ seed: this.#random.word() });
    this.#lyingDisk = new SabotagedDisk(this.#disk, sabotage);
    const fate = new SeededRandom(this.#random.word());
    this.#checkpoints = new SimulatedCheckpoints({
      // Late mostly, now and then failed for want of space.
      settle: () => (fate.chance(0.3) ? (fate.chance(0.15) ? 'failed' : 'committed') : 'pending'),
      rotateEvery: this.#isTight ? Number.MAX_SAFE_INTEGER : 1 + fate.below(5),
    });
    this.#client = new SimClient(new SeededRandom(this.#random.word()), this.#violations, SECRET, SECRET);
    this.#outside = new SimOutside(new SeededRandom(this.#random.word()), this.#violations);
  }

  run(): SimulationResult {
    const lives = 2 + this.#random.below(6);
    for (let life = 0; life < lives && this.#violations.count === 0; life++) this.#live(life === lives - 1);
    return {
      seed: this.#seed,
      lives: this.#lives,
      acked: this.#client.ackedCount,
      duplicates: this.#client.duplicateCount,
      checkpoints: this.#checkpointCount,
      ticks: this.#tickCount,
      moved: 0,
      violations: this.#violations.list,
    };
  }

  /** From one start to its end: by a crash at some operation, by a failed flush, or in peace. */
  #live(isLast: boolean): void {
    const random = this.#random;
    const memory = new LaneMemory();
    let sink: SimulatedSink | null = null;
    this.#lives += 1;
    try {
      if (!isLast) this.#planDeath(random.chance(0.35) ? 60 : 1500);
      const lane = this.#open(memory, (made) => {
        sink = made;
      });
      this.#verify(lane);
      if (this.#violations.count > 0) return;
      if (isLast) this.#settle(lane, memory);
      else this.#work(lane, memory, 100 + random.below(600));
      this.#checkpointCount += lane.partition.checkpointer.count;
    } catch (error) {
      if (!isEndOfLife(error)) {
        this.#violations.add('engine failed', error instanceof Error ? `${error.message}` : String(error));
      }
    } finally {
      setFailpointHandler(null);
      this.#client.onCrash();
      this.#outside.onCrash();
      const kind = random.chance(0.6) ? 'power' : 'process';
      this.#disk.crash(kind);
      // The commit may have reached the medium although nobody heard of it any more.
      if (random.chance(0.5)) (sink as SimulatedSink | null)?.commitUnseen();
      this.#lyingDisk.onCrash();
    }
  }

  #planDeath(operations: number): void {
    const random = this.#random;
    const { machine } = this.#disk;
    if (random.chance(0.6)) machine.crashCountdown = random.below(operations);
    if (random.chance(0.1)) machine.flushFailureCountdown = random.below(40);
    if (random.chance(0.4)) {
      const name = random.pick(FAILPOINTS);
      let left = random.below(12);
      setFailpointHandler((passing) => {
        if (passing === name && left-- === 0) machine.kill();
      });
    }
    // Space comes and goes.
    this.#disk.capacityBytes = random.chance(0.15) ? 4 * SEGMENT_BYTES : Number.MAX_SAFE_INTEGER;
    if (this.#isTight) this.#disk.capacityBytes = TIGHT_DISK_BYTES;
  }

  #open(memory: LaneMemory, onSink: (sink: SimulatedSink) => void): Lane {
    this.#lyingDisk.isRecovering = true;
    const lane = openLane({
      partition: 0,
      topology,
      isDevelopment: false,
      logged: { fingerprint: topology.fingerprint, since: -1 },
      disk: this.#lyingDisk,
      logDirectory: '/log',
      environments: this.#checkpoints,
      openSink: (reader) => {
        const sink = this.#checkpoints.openSink(reader);
        onSink(sink);
        return sink;
      },
      intake: new SpscRing(memory.intake),
      acks: new SpscRing(memory.acks),
      ackBell: new Doorbell(memory.bell),
      exchange: null,
      status: memory.status,
      routingSecret: SECRET,
      identitySecret: SECRET,
      clock: { now: () => this.#now },
      monotonic: { now: () => this.#uptime },
      metrics: NO_METRICS,
      log: {
        segmentBytes: this.#isTight ? TIGHT_SEGMENT_BYTES : SEGMENT_BYTES,
        maxBlockBytes: MAX_BLOCK_BYTES,
        retentionBytes: this.#isTight ? 0 : 1 << 30,
        retentionMs: this.#isTight ? 0 : 1e12,
        reserveBytes: 0,
      },
      state: { cacheBytes: this.#random.chance(0.5) ? 1 << 20 : 64 * 1024, eviction: 'lru' },
      dedupe: { windowMs: 1e12, maxEntries: 1_000_000 },
      checkpoint: { maxTailMs: 1e9, maxTailBytes: 24 * 1024, maxIntervalMs: 5_000 },
      report: () => {},
      inquire: this.#outside.inquire,
    });
    this.#outside.durableThrough = () => lane.log.durableThrough;
    this.#lyingDisk.isRecovering = false;
    lane.partition.onFailure = (error: MokaError) => {
      throw new LifeEnds(error.message);
    };
    const trim = lane.log.trim.bind(lane.log);
    lane.log.trim = (...parameters) => {
      if (lane.log.trimmableCount(...parameters) > 0) this.#known = this.#durableRecords(lane);
      trim(...parameters);
    };
    if (this.#sabotage !== null) sabotageLane(lane, this.#sabotage);
    return lane;
  }

  #work(lane: Lane, memory: LaneMemory, steps: number): void {
    const random = this.#random;
    const ring = new SpscRing(memory.intake);
    const acks = new SpscRing(memory.acks);
    for (let step = 0; step < steps; step++) {
      const dice = random.below(100);
      if (dice < 25) this.#client.send(ring, true);
      else if (dice < 55) {
        lane.partition.turn();
        if (this.#outside.isAnswering()) this.#outside.answerOne();
      } else if (dice < 85) this.#disk.runOne();
      else if (dice < 93) this.#client.poll(acks);
      else if (dice < 98) this.#pass(random.below(200));
      else lane.partition.checkpointer.force();
    }
  }

  /** The last life runs until everything is answered, so that nothing is left unknown. */
  #settle(lane: Lane, memory: LaneMemory): void {
    this.#disk.capacityBytes = this.#isTight ? TIGHT_DISK_BYTES : Number.MAX_SAFE_INTEGER;
    const ring = new SpscRing(memory.intake);
    const acks = new SpscRing(memory.acks);
    const { partition } = lane;
    const questions = lane.state.store(laneStoreId(OUTSIDE_STORE));
    const isBusy = (): boolean =>
      this.#client.hasUnanswered || partition.processedOffset > partition.durableOffset || questions.size > 0;
    for (let round = 0; isBusy(); round++) {
      if (round > 20_000) {
        this.#violations.add('no progress', 'events stay unanswered');
        return;
      }
      this.#client.send(ring, false);
      partition.turn();
      this.#disk.runOne();
      this.#client.poll(acks);
      this.#outside.answerOne();
      this.#pass(this.#isTight ? 20 : 1);
    }
    this.#verify(lane);
  }

  #pass(ms: number): void {
    this.#now += ms;
    this.#uptime += ms;
  }

  // ------------------------------------------------------------------ what must hold

  /** Holds the recovered log and state against what was acknowledged. */
  #verify(lane: Lane): void {
    const durable = this.#durableRecords(lane);
    this.#tickCount = durable.filter(({ event, answer }) => event === null && answer === null).length;
    this.#verifyLog(durable.map(({ event }) => event));
    this.#verifyState(lane, durable);
    this.#known = durable;
  }

  /** Every record that the log has held, by offset: what is let go of is known from before. */
  #durableRecords(lane: Lane): LoggedRecord[] {
    const { firstRetainedOffset, durableThrough } = lane.log;
    const logged = this.#known.slice(0, firstRetainedOffset);
    lane.log.replay(firstRetainedOffset, (block) => {
      let position = block.start;
      for (let i = 0; i < block.recordCount; i++) {
        const start = position + RECORD_HEADER_BYTES;
        const length = block.u32[(position + RECORD_VALUE_LENGTH) >>> 2] as number;
        const kind = block.u8[position + RECORD_KIND];
        const answer = kind === KIND_ANSWER ? (this.#codec.decode(block.u8, start, start + length) as Answer) : null;
        const event =
          kind === KIND_TICK || kind === KIND_ANSWER
            ? null
            : (JSON.parse(block.u8.toString('utf8', start, start + length)) as SimEvent);
        logged[block.firstOffset + i] = { event, answer, logTime: block.logTime, isFirst: i === 0 };
        position += block.u32[(position + RECORD_LENGTH) >>> 2] as number;
      }
    });
    return logged.slice(0, durableThrough + 1);
  }

  #verifyLog(logged: readonly (SimEvent | null)[]): void {
    const violations = this.#violations;
    const offsetOf = new Map<string, number>();
    logged.forEach((event, offset) => {
      if (event === null) return;
      if (offsetOf.has(event.id))
        violations.add('event twice in the log', `id=${event.id} offsets=${offsetOf.get(event.id)},${offset}`);
      offsetOf.set(event.id, offset);
    });
    this.#known.forEach(({ event }, offset) => {
      const now = logged[offset];
      if (now?.id !== event?.id || (now === null) !== (event === null))
        violations.add('recovered event gone', `offset=${offset} id=${event?.id ?? 'tick'}`);
    });
    const lastOfKey = new Map<string, number>();
    for (const intent of this.#client.source.all) {
      const offset = offsetOf.get(intent.event.id);
      if (intent.fate === 'invalid' && offset !== undefined)
        violations.add('invalid event in the log', `id=${intent.event.id}`);
      if (intent.fate !== 'accepted') continue;
      if (intent.isAnswered && offset === undefined) {
        violations.add(
          'acknowledged event lost',
          `id=${intent.event.id} acked offset=${intent.offset} log end=${logged.length - 1}`,
        );
      }
      if (offset === undefined) continue;
      if (intent.isAnswered && offset !== intent.offset) {
        violations.add(
          'acknowledged event moved',
          `id=${intent.event.id} acked offset=${intent.offset} found=${offset}`,
        );
      }
      if (JSON.stringify(logged[offset]) !== intent.bytes.toString())
        violations.add('event changed', `id=${intent.event.id}`);
      const before = lastOfKey.get(intent.event.key) ?? -1;
      if (offset < before)
        violations.add('order of a key broken', `key=${intent.event.key} offset=${offset} after=${before}`);
      lastOfKey.set(intent.event.key, offset);
    }
  }

  #verifyState(lane: Lane, logged: readonly LoggedRecord[]): void {
    const expected = new Map<string, SimRow>();
    const expectedAlarms = new Map<string, string>();
    const answers = new ExpectedAnswers(this.#violations);
    let timers: { due: number; key: string; name: string }[] = [];
    logged.forEach(({ event, answer, logTime, isFirst }, offset) => {
      if (isFirst) {
        const due = timers.filter((timer) => timer.due <= logTime).sort(byDue);
        timers = timers.filter((timer) => timer.due > logTime);
        for (const { key, name } of due)
          expectedAlarms.set(key, nextAlarms(expectedAlarms.get(key) ?? null, `${name}@${offset}`));
      }
      if (answer !== null) answers.answer(answer);
      if (event === null || event.delta === POISON_DELTA) return;
      answers.event(event);
      const row = nextRow(expected.get(event.key) ?? null, event);
      if (row === null) expected.delete(event.key);
      else expected.set(event.key, row);
      const delay = alarmDelay(event);
      if (delay > 0) timers.push({ due: logTime + delay, key: event.key, name: event.id });
    });
    const [view, alarmView] = topology.views as readonly { storeId: number }[];
    const alarms = lane.state.store(laneStoreId((alarmView as { storeId: number }).storeId));
    for (let index = 0; index < 12; index++) {
      const key = `k${index}`;
      const [found, wanted] = [alarms.get(key), expectedAlarms.get(key)];
      if (found !== wanted) this.#violations.add('timers differ', `key=${key} found=${found} expected=${wanted}`);
    }
    const store = lane.state.store(laneStoreId((view as { storeId: number }).storeId));
    for (let index = 0; index < 12; index++) {
      const key = `k${index}`;
      const found = JSON.stringify(store.get(key) ?? null);
      const wanted = JSON.stringify(expected.get(key) ?? null);
      if (found !== wanted)
        this.#violations.add('view differs from the fold over the log', `key=${key} found=${found} expected=${wanted}`);
    }
    if (store.size !== expected.size)
      this.#violations.add('row count differs', `found=${store.size} expected=${expected.size}`);
    this.#verifyAnswers(lane, answers);
    const poisoned = answers.letterCount + logged.filter(({ event }) => event?.delta === POISON_DELTA).length;
    const letters = lane.state.store(DEAD_LETTERS_STORE).size;
    if (letters !== poisoned) this.#violations.add('dead letters differ', `found=${letters} expected=${poisoned}`);
  }

  /** What was answered went on once, and what is pending is what the log has no answer for. */
  #verifyAnswers(lane: Lane, expected: ExpectedAnswers): void {
    const { storeId } = topology.views[ANSWERS_VIEW] as { storeId: number };
    const store = lane.state.store(laneStoreId(storeId));
    for (let index = 0; index < 12; index++) {
      const key = `k${index}`;
      const [found, wanted] = [store.get(key), expected.trails.get(key)];
      if (found !== wanted) this.#violations.add('answers differ', `key=${key} found=${found} expected=${wanted}`);
    }
    const found = lane.state.store(laneStoreId(OUTSIDE_STORE)).size;
    if (found !== expected.pendingCount)
      this.#violations.add('questions differ', `found=${found} expected=${expected.pendingCount}`);
  }
}

/** A record as the log has it; a tick is neither event nor answer. */
interface LoggedRecord {
  readonly event: SimEvent | null;
  readonly answer: Answer | null;
  readonly logTime: number;
  /** Of its block. */
  readonly isFirst: boolean;
}

const ANSWERS_VIEW = topology.views.findIndex(({ name }) => name === 'answers');
const OUTSIDE_STORE = topology.stores.findIndex(({ name }) => name === 'outside');

/** The order in which timers go off: time, then key and name by their bytes (all ASCII here). */
function byDue(a: { due: number; key: string; name: string }, b: { due: number; key: string; name: string }): number {
  if (a.due !== b.due) return a.due - b.due;
  const [first, second] = [`${a.key}\u0000${a.name}`, `${b.key}\u0000${b.name}`];
  return first < second ? -1 : 1;
}

class LifeEnds extends Error {}

/** A crash, or an environment in which the process rightly refuses to go on. Damage is neither. */
function isEndOfLife(error: unknown): boolean {
  if (error instanceof CrashSignal || error instanceof LifeEnds) return true;
  return error instanceof MokaError && ['ERR_DISK_IO', 'ERR_DISK_FLUSH', 'ERR_DISK_FULL'].includes(error.code);
}

/** The rings between client and lane; they die with the process. */
class LaneMemory {
  readonly intake = SpscRing.allocate(64 * 1024);
  readonly acks = SpscRing.allocate(64 * 1024);
  readonly bell = Doorbell.allocate();
  readonly status = new LaneStatus(LaneStatus.allocate());
}
