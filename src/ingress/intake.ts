// data plane
import { assert } from '../base/assert.ts';
import { ERRORS } from '../base/error-catalogue.ts';
import { KeyedHash } from '../base/hash.ts';
import { MAX_INTAKE_MESSAGE_BYTES } from '../base/limits.ts';
import { INGRESS_METRICS } from '../metrics/catalogue.ts';
import { CounterBlock } from '../metrics/counter-block.ts';
import { IDENTITY_IDEMPOTENCY, identityOfBytes } from '../record/identity.ts';
import { INTAKE_HEADER_BYTES, NO_REPLY } from '../record/intake-message.ts';
import { recordLength } from '../record/layout.ts';
import type { LaneLink } from '../ring/lane.ts';
import { EMPTY } from '../ring/spsc-ring.ts';
import type { StreamSpec } from '../topology/compiled.ts';
import { AckView } from './ack-view.ts';
import { Admission } from './admission.ts';
import type { BodyBytes } from './body-bytes.ts';
import type { IngestOptions, IngestResult } from './ingest-reply.ts';
import { LaneIntake } from './lane-intake.ts';
import { LibraryIntake } from './library-intake.ts';
import { DEFAULT_INTAKE_LIMITS, greatestRecord, type IntakeLimits, SWEEP_INTERVAL_MS } from './limits.ts';
import { NO_SLOT, PendingReplies, type Reply } from './pending-replies.ts';
import { type Refusal, refusalOf } from './refusal.ts';
import { StreamIntake } from './stream-intake.ts';
import { TurnClock } from './turn-clock.ts';

export type { IngestOptions, IngestResult } from './ingest-reply.ts';

export interface IntakeOptions {
  readonly streams: readonly StreamSpec[];
  /** By partition. */
  readonly lanes: readonly LaneLink[];
  /** 8 bytes each, from the data directory. */
  readonly routingSecret: Uint8Array;
  readonly identitySecret: Uint8Array;
  /** Asks for a call of `publish` when the callbacks of this event-loop turn are through. */
  readonly scheduleTurnEnd: () => void;
  readonly limits?: Partial<IntakeLimits>;
  readonly counters?: CounterBlock;
  readonly random?: () => number;
}

/** An event that was taken; everything below is the catalogue number of a refusal. */
export const TAKEN = 0;

/**
 * The way in. Events come from sockets or from `ingest`, are routed by their key, and are laid down on their lane's
 * ring; acks come back and find their reply. Owned by the main thread.
 *
 * ```
 *   socket callbacks ──submit──► rings ──publish at the turn's end──► lanes
 *   replies ◄──pollAcks── ack rings ◄──────────────────────────────────┘
 * ```
 */
export class Intake {
  readonly limits: IntakeLimits;
  readonly lanes: readonly LaneIntake[];
  readonly streams: ReadonlyMap<string, StreamIntake>;
  readonly replies: PendingReplies;
  readonly admission: Admission;
  readonly counters: CounterBlock;
  /** Of the acks that are being read. */
  readonly ackClock = new TurnClock();
  readonly identityHash: KeyedHash;
  /** Why `submit` refused: words, and the lane if it was one. */
  refusalDetail = '';
  refusalLane: LaneIntake | null = null;
  /** Called whenever acks were read: what waited for room may go on. */
  onAcks: () => void = noop;
  /** Called once when the intake stops accepting. */
  onStop: () => void = noop;
  isReadingAcks = false;
  /** Frames that wait for a ring, and what else is owed beside the replies. */
  stagedCount = 0;

  readonly #scheduleTurnEnd: () => void;
  readonly #clock = new TurnClock();
  readonly #ack = new AckView();
  readonly #library = new LibraryIntake(this);
  readonly #samplers: (() => void)[] = [];
  #isTurnScheduled = false;
  #sweepTimer: NodeJS.Timeout | null = null;

  constructor(options: IntakeOptions) {
    const limits = { ...DEFAULT_INTAKE_LIMITS, ...options.limits };
    const greatest = greatestRecord(limits.maxEventBytes) + INTAKE_HEADER_BYTES;
    assert(greatest <= MAX_INTAKE_MESSAGE_BYTES, `an event of maxEventBytes=${limits.maxEventBytes} fits a message`);
    this.limits = limits;
    this.lanes = options.lanes.map((link, partition) => {
      assert(link.partition === partition, 'lanes come in the order of their partitions');
      assert(MAX_INTAKE_MESSAGE_BYTES <= link.intake.maxMessageLength, 'the longest message fits the intake ring');
      return new LaneIntake(link);
    });
    const routing = new KeyedHash(options.routingSecret);
    this.identityHash = new KeyedHash(options.identitySecret);
    const count = options.lanes.length;
    this.streams = new Map(options.streams.map((spec) => [spec.name, new StreamIntake(spec, routing, count)]));
    this.replies = new PendingReplies(limits.maxOutstanding);
    this.admission = new Admission(this.lanes, this.replies, options.random ?? Math.random);
    this.counters = options.counters ?? new CounterBlock(CounterBlock.allocate());
    this.#scheduleTurnEnd = options.scheduleTurnEnd;
  }

  /** Requests and frames that are not answered yet. */
  get outstanding(): number {
    return this.replies.count + this.stagedCount;
  }

  /** Paused, everything new is refused, or waits within the credit of its connection; what was taken goes on. */
  get isPaused(): boolean {
    return this.lanes.some((lane) => lane.isPaused);
  }

  set isPaused(isPaused: boolean) {
    for (const lane of this.lanes) lane.isPaused = isPaused;
  }

  get isDraining(): boolean {
    return this.admission.isDraining;
  }

  /** From now on everything new is refused; what was taken is still answered. */
  stopAccepting(): void {
    if (this.admission.isDraining) return;
    this.admission.isDraining = true;
    this.onStop();
  }

  /**
   * Lays one event down on its lane.
   * @param reply who waits for the ack; null: nobody, the ack left on receipt
   * @param idempotencyKey `keyLength` bytes of it, 0 for none
   * @returns TAKEN, or the number of the refusal, with `refusalDetail` and `refusalLane`
   */
  submit(
    stream: StreamIntake,
    reply: Reply | null,
    level: number,
    body: BodyBytes,
    length: number,
    codec: number,
    idempotencyKey: Uint8Array,
    keyLength: number,
  ): number {
    const { router, header } = stream;
    this.refusalLane = null;
    if (!router.route(body.u8, 0, length, codec)) return this.#refuse(router.errorId, router.detail, null);
    const lane = this.lanes[router.partition] as LaneIntake;
    const refusal = lane.refusal();
    if (refusal !== 0) return this.#refuse(refusal, '', lane);
    header.codec = codec;
    header.keyLow = router.keyLow;
    header.keyHigh = router.keyHigh;
    header.valueLength = length;
    header.idempotencyKeyLength = keyLength;
    header.idempotencyLow = 0;
    header.idempotencyHigh = 0;
    header.producerLow = 0;
    header.producerHigh = 0;
    header.producerEpoch = 0;
    header.producerSequence = -1;
    header.frameIndex = 0;
    if (keyLength !== 0) {
      const hash = this.identityHash;
      identityOfBytes(
        hash,
        header.streamId,
        header.keyLow,
        header.keyHigh,
        IDENTITY_IDEMPOTENCY,
        idempotencyKey,
        0,
        keyLength,
      );
      header.idempotencyLow = hash.low;
      header.idempotencyHigh = hash.high;
    }
    let slot = NO_REPLY;
    let generation = 0;
    if (reply !== null) {
      slot = this.replies.acquire(reply);
      if (slot === NO_SLOT) return this.#refuse(ERRORS.ERR_OVERLOAD_BOX.id, '', null);
      generation = this.replies.generationOf(slot);
    }
    if (!lane.open(slot, generation, level, this.now(), recordLength(length, keyLength))) {
      if (reply !== null) this.replies.release(slot);
      return this.#refuse(ERRORS.ERR_OVERLOAD_PARTITION.id, '', lane);
    }
    lane.append(header, body, 0, idempotencyKey);
    lane.close();
    this.counters.add(RECEIVED_BYTES, length);
    this.committed();
    return TAKEN;
  }

  /** A refusal in full: what it is called, whom it concerns and when to come again. */
  describe(errorId: number, detail: string, lane: LaneIntake | null): Refusal {
    const refusal = refusalOf(errorId, detail);
    if (!ERRORS[refusal.code].isRetryable) return refusal;
    const place = lane === null ? {} : { partition: lane.partition };
    return { ...refusal, ...place, retryAfterMs: this.admission.retryAfterMs(errorId, lane) };
  }

  /** The time of this turn, in ms since the epoch; it never steps back. */
  now(): number {
    this.#endTurn();
    return this.#clock.now();
  }

  /** Something was laid down, and its ack may be waited for. */
  committed(): void {
    this.#endTurn();
    if (this.#sweepTimer === null) this.#sweepTimer = setTimeout(this.#sweep, SWEEP_INTERVAL_MS);
  }

  /** The turn is over: what was laid down becomes visible, parked workers get up. */
  publish(): void {
    this.#isTurnScheduled = false;
    this.#clock.turn();
    const lanes = this.lanes;
    for (let index = 0; index < lanes.length; index++) {
      const lane = lanes[index] as LaneIntake;
      if (lane.isTouched) lane.publish();
    }
  }

  /** Reads all acks that are there and answers. @returns whether there were any */
  pollAcks(): boolean {
    const lanes = this.lanes;
    const ack = this.#ack;
    let hadAcks = false;
    this.ackClock.turn();
    this.isReadingAcks = true;
    for (let index = 0; index < lanes.length; index++) {
      const lane = lanes[index] as LaneIntake;
      const ring = lane.link.acks;
      let position = ring.poll();
      if (position === EMPTY) continue;
      hadAcks = true;
      do {
        ack.moveTo(lane, position, ring.polledLength);
        lane.settle(ack.eventCount);
        this.#count(ack);
        this.replies.answer(ack);
        ring.release();
        position = ring.poll();
      } while (position !== EMPTY);
      ring.acknowledge();
    }
    this.isReadingAcks = false;
    if (!hadAcks) return false;
    this.onAcks();
    return true;
  }

  /**
   * Takes an event from this very process.
   * @returns when the level of the stream is reached
   * @throws MokaError with the code of the refusal
   */
  ingest(streamName: string, value: unknown, options: IngestOptions = {}): Promise<IngestResult> {
    return this.#library.ingest(streamName, value, options);
  }

  /** Calls back a few times a second while there is anything to do: for numbers that are not worth counting on the way. */
  onSample(sampler: () => void): void {
    this.#samplers.push(sampler);
  }

  close(): void {
    if (this.#sweepTimer !== null) clearTimeout(this.#sweepTimer);
    this.#sweepTimer = null;
  }

  #endTurn(): void {
    if (this.#isTurnScheduled) return;
    this.#isTurnScheduled = true;
    this.#scheduleTurnEnd();
  }

  #refuse(errorId: number, detail: string, lane: LaneIntake | null): number {
    this.refusalDetail = detail;
    this.refusalLane = lane;
    return errorId;
  }

  #count(ack: AckView): void {
    const { counters } = this;
    if (ack.accepted !== 0) counters.add(ACKED_BY_LEVEL[ack.level] as number, ack.accepted);
    if (ack.duplicate !== 0) counters.add(DUPLICATES, ack.duplicate);
  }

  readonly #sweep = (): void => {
    this.#sweepTimer = null;
    this.counters.set(REPLIES_OUTSTANDING, this.outstanding);
    for (const sample of this.#samplers) sample();
    if (this.replies.count === 0) return;
    this.replies.sweep(this.now());
    this.#sweepTimer = setTimeout(this.#sweep, SWEEP_INTERVAL_MS);
  };
}

const {
  receivedBytes: RECEIVED_BYTES,
  duplicates: DUPLICATES,
  repliesOutstanding: REPLIES_OUTSTANDING,
} = INGRESS_METRICS.index;
const ACKED_BY_LEVEL = [
  0,
  INGRESS_METRICS.index.ackedReceived,
  INGRESS_METRICS.index.ackedWritten,
  INGRESS_METRICS.index.ackedDurable,
] as const;

function noop(): void {}
