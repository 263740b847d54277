// data plane
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { MokaError } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import type { KeyedHash } from '../base/hash.ts';
import { BLOCK_HEADER_BYTES } from '../log/block.ts';
import type { PartitionLog } from '../log/partition-log.ts';
import type { Whereabouts } from '../operators/whereabouts.ts';
import { INTAKE_HEADER_BYTES, LEVEL_DURABLE, LEVEL_WRITTEN } from '../record/intake-message.ts';
import type { Doorbell } from '../ring/doorbell.ts';
import {
  LANE_CLOSED,
  LANE_DRAINING,
  LANE_RUNNING,
  LANE_STOPPED,
  type LaneStatus,
  PRESSURE_FULL,
  PRESSURE_HIGH,
  PRESSURE_OK,
} from '../ring/lane.ts';
import { EMPTY, type SpscRing } from '../ring/spsc-ring.ts';
import { CHECKPOINT_VERSION, type CheckpointSink } from '../store/checkpoint.ts';
import type { PartitionState } from '../store/partition-state.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import { Admitter } from './admitter.ts';
import { Asker } from './asker.ts';
import { Checkpointer, type CheckpointPolicy } from './checkpointer.ts';
import { EventApplier, type LaneListener } from './event-applier.ts';
import { LaneContext } from './event-context.ts';
import { Exchange, type ExchangeOptions } from './exchange.ts';
import { FetchAhead } from './fetch-ahead.ts';
import type { Inquire } from './inquiry.ts';
import { Judge } from './judge.ts';
import type { LaneMeter } from './lane-meter.ts';
import { laneExtra } from './lane-stores.ts';
import type { LogClock } from './log-clock.ts';
import { LogWitness } from './log-witness.ts';
import { PendingAcks } from './pending-acks.ts';
import { RecordApplier } from './record-applier.ts';
import { Replayer } from './replayer.ts';
import type { Standing } from './standing.ts';
import { streamRuntimes } from './stream-runtime.ts';
import type { StuckNotes } from './stuck-notes.ts';

/** Fill of the intake ring at which the ingress is told to slow down, and to stop. */
const HIGH_FILL = 0.5;
const FULL_FILL = 0.875;
/** A log this long without an event notes that its last block is flushed. */
const CONFIRM_TAIL_MS = 200;
/** Identities that expire per turn. */
const EXPIRE_PER_TURN = 512;

export interface PartitionOptions {
  partition: number;
  topology: CompiledTopology;
  isDevelopment: boolean;
  log: PartitionLog;
  state: PartitionState;
  intake: SpscRing;
  acks: SpscRing;
  /** To and from the other partitions; null where nothing moves between them. */
  exchange: ExchangeOptions | null;
  /** Of the thread that reads the acks. */
  ackBell: Doorbell;
  status: LaneStatus;
  checkpoints: CheckpointSink;
  checkpointPolicy: CheckpointPolicy;
  /** Offset that the state reflects as loaded. */
  checkpointOffset: number;
  logClock: LogClock;
  monotonic: Clock;
  routingHash: KeyedHash;
  identityHash: KeyedHash;
  meter: LaneMeter;
  /** How the outside is asked. */
  inquire: Inquire;
  whereabouts: Whereabouts;
  stuck: StuckNotes;
}

/**
 * One lane of the engine: takes messages from its ring, lets new events into the open block, runs them through the
 * topology while the block before is flushed, and answers when a flush covers them. It is driven by turns and by the
 * callbacks of its log, never waits, and knows no thread, so that a simulation can drive it too.
 *
 * Legal order: `recover` once, then `turn` as often as there is work; `startDrain` at the end.
 */
export class Partition {
  readonly partition: number;
  readonly #log: PartitionLog;
  readonly #state: PartitionState;
  readonly #intake: SpscRing;
  readonly #acks: SpscRing;
  readonly #ackBell: Doorbell;
  readonly #status: LaneStatus;
  readonly #logClock: LogClock;
  readonly #monotonic: Clock;
  readonly #meter: LaneMeter;
  readonly #applier: EventApplier;
  readonly #judge: Judge;
  readonly #records: RecordApplier;
  readonly #fetchAhead: FetchAhead;
  readonly #admitter: Admitter;
  readonly #durableAcks = new PendingAcks(LEVEL_DURABLE);
  readonly #writtenAcks = new PendingAcks(LEVEL_WRITTEN);
  readonly #checkpointer: Checkpointer;
  readonly #exchange: Exchange | null;
  /** null where nothing is asked. */
  readonly #asker: Asker | null;
  #listener: LaneListener | null = null;
  #isDraining = false;
  #isClosing = false;
  #isClosed = false;
  #idleSince = -1;
  #failure: MokaError | null = null;
  /** Called when a callback of the log made work; the owner schedules a turn. */
  onWork: () => void = () => {};
  /** Called once when the lane cannot go on; the process is to end. */
  onFailure: (error: MokaError) => void = () => {};

  constructor(options: PartitionOptions) {
    this.partition = options.partition;
    this.#log = options.log;
    this.#state = options.state;
    this.#intake = options.intake;
    this.#acks = options.acks;
    this.#ackBell = options.ackBell;
    this.#status = options.status;
    this.#logClock = options.logClock;
    this.#monotonic = options.monotonic;
    this.#meter = options.meter;
    const streams = streamRuntimes(options.topology);
    const context = new LaneContext(options.partition);
    const { exchange } = options;
    this.#exchange = exchange === null ? null : new Exchange(exchange, options.state.outbox, context);
    this.#applier = new EventApplier(
      options.topology,
      options.state,
      context,
      options.isDevelopment,
      this.#exchange,
      options.whereabouts,
      options.stuck,
    );
    this.#judge = new Judge(
      streams,
      options.state.dedupe,
      options.state.producers,
      options.routingHash,
      options.identityHash,
      new LogWitness(options.log, streams),
      options.stuck,
    );
    this.#records = new RecordApplier(
      options.state,
      context,
      this.#applier,
      options.checkpointOffset,
      exchange?.partitionCount ?? 1,
    );
    this.#fetchAhead = new FetchAhead(options.state, streams);
    this.#admitter = new Admitter({
      intake: options.intake,
      judge: this.#judge,
      fetchAhead: this.#fetchAhead,
      records: this.#records,
      durableAcks: this.#durableAcks,
      writtenAcks: this.#writtenAcks,
      meter: options.meter,
      logClock: options.logClock,
      whereabouts: options.whereabouts,
    });
    const { topology, log } = options;
    this.#checkpointer = new Checkpointer(
      options.state,
      log,
      options.checkpoints,
      options.checkpointPolicy,
      options.checkpointOffset,
      options.monotonic.now(),
      options.logClock,
      (offset) => ({
        offset,
        epoch: log.epoch,
        logTime: Math.max(log.lastLogTime, log.open.logTime),
        logBytes: log.stats().retainedBytes,
        epochStarts: log.epochStarts(),
        fingerprint: topology.fingerprint,
        version: CHECKPOINT_VERSION,
        extra: laneExtra(topology, options.state.specs),
      }),
    );
    this.#asker =
      topology.lookups.length === 0
        ? null
        : new Asker({
            partition: options.partition,
            lookups: topology.lookups,
            asking: this.#applier.asking,
            inquire: options.inquire,
            maxRecordBytes: log.open.capacity - BLOCK_HEADER_BYTES,
            whereabouts: options.whereabouts,
            stuck: options.stuck,
          });
    if (this.#asker !== null) this.#asker.onAnswer = () => this.onWork();
    log.onWritten = (through) => this.#onWritten(through);
    log.onDurable = (through) => this.#onDurable(through);
    log.onFailed = (error) => this.#fail(error);
    log.onRoomChanged = () => this.onWork();
  }

  get processedOffset(): number {
    return this.#records.processedOffset;
  }

  get durableOffset(): number {
    return this.#log.durableThrough;
  }

  /** Whether what events through this offset have sent to other partitions is processed and durable there. */
  isTakenThrough(offset: number): boolean {
    return this.#exchange === null || this.#exchange.isTakenThrough(offset);
  }

  get epoch(): number {
    return this.#log.epoch;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get checkpointer(): Checkpointer {
    return this.#checkpointer;
  }

  /** Rows inserted, updated or deleted in views since the start. */
  get viewChangeCount(): number {
    return this.#applier.viewChangeCount;
  }

  get deadLetterCount(): number {
    return this.#applier.deadLetterCount;
  }

  listen(listener: LaneListener): void {
    this.#listener = listener;
    this.#applier.listen(listener);
  }

  /**
   * Replays the log behind the checkpoint. The log has been recovered: what it holds is on disk.
   * @param settle decides, before anything leaves, whether what was set aside may be
   */
  recover(onProgress: (events: number) => void, standing: Standing | null = null, settle = () => {}): void {
    const replayer = new Replayer(this.#judge, this.#records, this.#fetchAhead, this.#applier.whereabouts, standing);
    let events = 0;
    this.#log.replay(this.#records.processedOffset + 1, (block) => {
      events += replayer.replay(block);
      failpoint('recovery.replay');
      onProgress(events);
    });
    assert(
      this.#records.processedOffset <= this.#log.durableThrough,
      `recovered processed=${this.#records.processedOffset} durable=${this.#log.durableThrough}`,
    );
    if (!this.#applier.whereabouts.mayGoOn) throw stopped(this.partition);
    settle();
    if (this.#exchange !== null) {
      // What was replayed is durable: the sources may forget it, and what they send again is known.
      this.#exchange.sealed();
      this.#exchange.confirmSealed();
    }
    this.#asker?.open();
    this.#status.epoch = this.#log.epoch;
    this.#status.durableOffset = this.#log.durableThrough;
    this.#status.processedOffset = this.#records.processedOffset;
    this.#status.state = LANE_RUNNING;
  }

  /** One bounded turn. @returns whether there is more to do at once */
  turn(): boolean {
    if (this.#isClosing || this.#failure !== null) return false;
    const log = this.#log;
    this.#sealIfIdle();
    const hasMoved = this.#exchange !== null && this.#exchangeTurn(this.#exchange);
    const hasAnswers = this.#asker !== null && log.canAdmit() && this.#admitAnswers(this.#asker);
    const hasMore = this.#admit() || hasMoved || hasAnswers;
    if (this.#applier.isTimed) this.#tickIfDue();
    this.#sealIfIdle();
    this.#releaseAcks();
    const isAsking = this.#asker?.turn(log.durableThrough) === true;
    const now = this.#monotonic.now();
    const isSaving = this.#checkpointer.step(this.#records.processedOffset, this.#meter.eventsPerMs, now);
    this.#state.dedupe.expire(log.lastLogTime, EXPIRE_PER_TURN);
    this.#publishStatus();
    this.#confirmTailWhenIdle(now);
    if (this.#isDraining) return this.#drain() || isSaving;
    return hasMore || isSaving || isAsking;
  }

  /** Whether something came in that a parked thread must get up for. */
  hasWork(): boolean {
    const log = this.#log;
    if (this.#exchange?.hasWork(log.durableThrough, log.isIdle() && log.canAdmit(), this.#asker) === true) return true;
    return !this.#intake.isEmpty() && this.#canAdmitNext();
  }

  /** No new events come; finishes what is in the ring, saves a checkpoint and closes. */
  startDrain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#asker?.stop();
    this.#status.state = LANE_DRAINING;
  }

  /** @returns whether more of what other partitions sent can be taken at once */
  #exchangeTurn(exchange: Exchange): boolean {
    const log = this.#log;
    exchange.takeConfirmations();
    const hasMore = log.canAdmit() && this.#admitter.admitMoved(log.open, exchange, this.#asker);
    exchange.flush(log.durableThrough);
    return hasMore;
  }

  // ------------------------------------------------------------------ intake

  #canAdmitNext(): boolean {
    const log = this.#log;
    if (!log.canAdmit() || !this.#hasRoomForEvents()) return false;
    if (this.#intake.poll() === EMPTY) return false;
    const block = log.open;
    return block.length + this.#intake.polledLength - INTAKE_HEADER_BYTES <= block.capacity;
  }

  #admit(): boolean {
    const log = this.#log;
    if (!log.canAdmit()) return false;
    if (!this.#hasRoomForEvents()) return false;
    return this.#admitter.admit(log.open);
  }

  /** What comes in from outside is of level 0: it waits while what it would send on, or ask, has no room. */
  #hasRoomForEvents(): boolean {
    return this.#exchange?.hasRoom(1) !== false && this.#asker?.hasRoom(0) !== false;
  }

  /** @returns whether more of what the outside has answered can be taken at once */
  #admitAnswers(asker: Asker): boolean {
    const exchange = this.#exchange;
    return this.#admitter.admitAnswers(this.#log.open, asker, (level) => exchange?.hasRoom(level) !== false);
  }

  /** Where nothing comes in, time must be written down to go on. */
  #tickIfDue(): void {
    const log = this.#log;
    if (log.open.recordCount !== 0 || !log.isIdle() || this.#isDraining) return;
    const nothingWaits = this.#intake.isEmpty();
    if (!this.#applier.wantsTick(this.#logClock.now(), nothingWaits) || !log.canAdmit()) return;
    this.#admitter.tick(log.open, nothingWaits);
  }

  // ------------------------------------------------------------------ log

  #sealIfIdle(): void {
    const log = this.#log;
    if (log.open.recordCount === 0 || !log.isIdle()) return;
    if (!this.#applier.whereabouts.mayGoOn) return this.#fail(stopped(this.partition));
    this.#meter.sealed(log.open.recordCount, log.open.length);
    this.#exchange?.sealed();
    log.commit(log.open.logTime);
  }

  /** A quiet log proves its last block flushed too, but not between every two events of a slow trickle. */
  #confirmTailWhenIdle(now: number): void {
    const log = this.#log;
    if (!log.isIdle() || log.open.recordCount !== 0) {
      this.#idleSince = -1;
      return;
    }
    if (this.#idleSince < 0) this.#idleSince = now;
    else if (now - this.#idleSince >= CONFIRM_TAIL_MS) log.confirmTail();
  }

  #onWritten(through: number): void {
    if (this.#writtenAcks.count === 0) return;
    this.#writtenAcks.release(through, this.#acks);
    this.#acks.publish();
    this.#ackBell.ring();
  }

  #onDurable(through: number): void {
    this.#meter.flushed(through);
    this.#status.durableOffset = through;
    this.#exchange?.confirmSealed();
    // The next flush starts before the answers of this one are written out.
    this.#sealIfIdle();
    failpoint('ack.before');
    this.#releaseAcks();
    failpoint('ack.after');
    this.#exchange?.flush(through);
    this.#listener?.onDurable(through);
    this.onWork();
  }

  #releaseAcks(): void {
    const acks = this.#acks;
    let released = 0;
    if (this.#durableAcks.count !== 0) released += this.#durableAcks.release(this.#log.durableThrough, acks);
    if (this.#writtenAcks.count !== 0) released += this.#writtenAcks.release(this.#log.writtenThrough, acks);
    if (released === 0) return;
    acks.publish();
    this.#ackBell.ring();
  }

  #fail(error: MokaError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#asker?.stop();
    this.#status.state = LANE_STOPPED;
    this.onFailure(error);
  }

  // ------------------------------------------------------------------ status, end

  #publishStatus(): void {
    const status = this.#status;
    const fill = this.#intake.unreadBytes() / this.#intake.capacity;
    status.fillRatio = fill;
    status.pressure = fill >= FULL_FILL ? PRESSURE_FULL : fill >= HIGH_FILL ? PRESSURE_HIGH : PRESSURE_OK;
    status.drainRate = this.#meter.drainPerSecond;
    status.intakeBlockedReason = this.#log.blockedReason();
    status.processedOffset = this.#records.processedOffset;
    status.checkpointOffset = this.#checkpointer.savedOffset;
    status.checkpointFailures = this.#checkpointer.failureCount;
  }

  #drain(): boolean {
    const log = this.#log;
    if (!this.#intake.isEmpty()) return this.#canAdmitNext();
    const isQuiet = log.open.recordCount === 0 && log.isIdle();
    if (this.#exchange !== null && !this.#exchange.drain(isQuiet)) return false;
    if (log.open.recordCount !== 0 || !log.isIdle()) return false;
    if (this.#durableAcks.count + this.#writtenAcks.count !== 0) return false;
    if (!this.#checkpointer.isIdle) return false;
    if (this.#checkpointer.isStale(this.#records.processedOffset) && this.#checkpointer.failureCount === 0) {
      this.#checkpointer.force();
      return true;
    }
    this.#isClosing = true;
    log.close((error) => {
      if (error !== null)
        this.#fail(new MokaError('ERR_DISK_IO', 'log cannot be closed', { partition: this.partition, cause: error }));
      this.#isClosed = true;
      this.#status.state = LANE_CLOSED;
      this.onWork();
    });
    return false;
  }
}

/** What was under way is noted as stuck: it must not come to its end after all. */
function stopped(partition: number): MokaError {
  return new MokaError('ERR_WORKER_DIED', `partition=${partition} was given up: a unit took too long`, { partition });
}
