import {
  ACK_ACCEPTED,
  ACK_DUPLICATE,
  ACK_FIRST_OFFSET,
  ACK_HEADER_BYTES,
  ACK_LEVEL,
  ACK_REJECTED,
  ACK_REPLY_GENERATION,
  ACK_REPLY_SLOT,
} from '../../src/record/ack-message.ts';
import {
  INTAKE_EVENT_COUNT,
  INTAKE_HEADER_BYTES,
  INTAKE_REPLY_GENERATION,
  INTAKE_REPLY_SLOT,
  INTAKE_REQUIRED_LEVEL,
  NO_REPLY,
} from '../../src/record/intake-message.ts';
import { RECORD_HEADER_BYTES, RECORD_LENGTH } from '../../src/record/layout.ts';
import { RecordHeader, readRecordHeader } from '../../src/record/record-writer.ts';
import { Doorbell } from '../../src/ring/doorbell.ts';
import { LANE_RUNNING, type LaneLink, LaneStatus } from '../../src/ring/lane.ts';
import { EMPTY, INSUFFICIENT_CAPACITY, SpscRing } from '../../src/ring/spsc-ring.ts';
import { ExceptionList } from '../../src/worker/exception-list.ts';

/** An event as it came off the ring. */
export interface TakenEvent {
  header: RecordHeader;
  value: Buffer;
  idempotencyKey: string;
}

/** What the lane says of one event: its offset is given if it is accepted. */
export type Verdict = 'accept' | { duplicateOf: number } | { errorId: number; detail: string };

export interface FakeLaneOptions {
  intakeBytes?: number;
  ackBytes?: number;
  epoch?: number;
}

/**
 * A partition that keeps what it takes in an array: reads the intake ring, answers on the ack ring. `turn()` handles
 * all that is there unless the lane is held.
 */
export class FakeLane {
  readonly link: LaneLink;
  readonly events: TakenEvent[] = [];
  /** Event counts of the messages, in order. */
  readonly messages: number[] = [];
  readonly levels: number[] = [];
  judge: (event: TakenEvent) => Verdict = () => 'accept';
  /** Takes nothing while it is held, as a lane does whose disk is slow. */
  isHeld = false;
  /** Takes but does not answer. */
  isSilent = false;
  readonly #owed: (() => void)[] = [];
  readonly #intake: SpscRing;
  readonly #acks: SpscRing;
  readonly #exceptions = new ExceptionList();
  #nextOffset = 0;

  constructor(partition: number, options: FakeLaneOptions = {}) {
    const intake = SpscRing.allocate(options.intakeBytes ?? 4 * 1024 * 1024);
    const acks = SpscRing.allocate(options.ackBytes ?? 1024 * 1024);
    const status = new LaneStatus(LaneStatus.allocate());
    status.state = LANE_RUNNING;
    status.epoch = options.epoch ?? 1;
    this.link = {
      partition,
      intake: new SpscRing(intake),
      acks: new SpscRing(acks),
      bell: new Doorbell(Doorbell.allocate()),
      status,
    };
    this.#intake = new SpscRing(intake);
    this.#acks = new SpscRing(acks);
  }

  turn(): boolean {
    if (this.isHeld) return false;
    let hadWork = false;
    for (let index = this.#intake.poll(); index !== EMPTY; index = this.#intake.poll()) {
      this.#take(index);
      this.#intake.release();
      hadWork = true;
    }
    this.#intake.acknowledge();
    if (!this.isSilent) this.#answer();
    return hadWork;
  }

  /** Empties the ring without looking at it. */
  discard(): void {
    while (this.#intake.poll() !== EMPTY) this.#intake.release();
    this.#intake.acknowledge();
  }

  #take(index: number): void {
    const { u32, f64, buffer } = this.#intake;
    const word = index >>> 2;
    const count = u32[word + INTAKE_EVENT_COUNT / 4] as number;
    const slot = u32[word + INTAKE_REPLY_SLOT / 4] as number;
    const generation = u32[word + INTAKE_REPLY_GENERATION / 4] as number;
    const level = u32[word + INTAKE_REQUIRED_LEVEL / 4] as number;
    this.messages.push(count);
    this.levels.push(level);
    this.#exceptions.reset();
    let firstOffset = -1;
    let accepted = 0;
    let position = index + INTAKE_HEADER_BYTES;
    for (let n = 0; n < count; n++) {
      const header = new RecordHeader();
      readRecordHeader(u32, f64, position, header);
      const valueAt = position + RECORD_HEADER_BYTES;
      const keyAt = valueAt + header.valueLength;
      const event: TakenEvent = {
        header,
        value: Buffer.from(buffer.subarray(valueAt, keyAt)),
        idempotencyKey: buffer.toString('latin1', keyAt, keyAt + header.idempotencyKeyLength),
      };
      const verdict = this.judge(event);
      if (verdict === 'accept') {
        if (accepted === 0) firstOffset = this.#nextOffset;
        accepted++;
        this.#nextOffset++;
        this.events.push(event);
      } else if ('duplicateOf' in verdict) {
        this.#exceptions.addDuplicate(header.frameIndex, verdict.duplicateOf);
      } else {
        this.#exceptions.addRejection(header.frameIndex, verdict.errorId, verdict.detail);
      }
      position += u32[(position + RECORD_LENGTH) >>> 2] as number;
    }
    if (slot === NO_REPLY) return;
    const { duplicateCount, rejectedCount } = this.#exceptions;
    const exceptions = this.#exceptions.take();
    this.#owed.push(() =>
      this.#ack(slot, generation, firstOffset, accepted, duplicateCount, rejectedCount, level, exceptions),
    );
  }

  #answer(): void {
    for (const ack of this.#owed.splice(0)) ack();
    this.#acks.publish();
  }

  #ack(
    slot: number,
    generation: number,
    firstOffset: number,
    accepted: number,
    duplicate: number,
    rejected: number,
    level: number,
    exceptions: Uint8Array | null,
  ): void {
    const ring = this.#acks;
    const length = ACK_HEADER_BYTES + (exceptions?.length ?? 0);
    const index = ring.tryClaim(length);
    if (index === INSUFFICIENT_CAPACITY) throw new Error('ack ring full');
    const word = index >>> 2;
    ring.u32[word + ACK_REPLY_SLOT / 4] = slot;
    ring.u32[word + ACK_REPLY_GENERATION / 4] = generation;
    ring.f64[(index + ACK_FIRST_OFFSET) >>> 3] = firstOffset;
    ring.u32[word + ACK_ACCEPTED / 4] = accepted;
    ring.u32[word + ACK_DUPLICATE / 4] = duplicate;
    ring.u32[word + ACK_REJECTED / 4] = rejected;
    ring.u32[word + ACK_LEVEL / 4] = level;
    if (exceptions !== null) ring.u8.set(exceptions, index + ACK_HEADER_BYTES);
    ring.commit(length);
  }
}
