// data plane
import { assert } from '../base/assert.ts';
import { ERRORS } from '../base/error-catalogue.ts';
import {
  INTAKE_EVENT_COUNT,
  INTAKE_HEADER_BYTES,
  INTAKE_RECEIVED_AT,
  INTAKE_REPLY_GENERATION,
  INTAKE_REPLY_SLOT,
  INTAKE_REQUIRED_LEVEL,
  NO_REPLY,
} from '../record/intake-message.ts';
import { RECORD_HEADER_BYTES } from '../record/layout.ts';
import { type RecordHeader, writeRecordHeader } from '../record/record-writer.ts';
import {
  LANE_RECOVERING,
  LANE_RUNNING,
  LANE_STARTING,
  LANE_STOPPED,
  type LaneLink,
  PRESSURE_FULL,
} from '../ring/lane.ts';
import { FRAME_HEADER_BYTES } from '../ring/ring-layout.ts';
import { INSUFFICIENT_CAPACITY } from '../ring/spsc-ring.ts';
import { type BodyBytes, copyAligned } from './body-bytes.ts';
import { messagesPerLane } from './limits.ts';

/** What a ring takes of one message beside its records. */
export const MESSAGE_OVERHEAD_BYTES = FRAME_HEADER_BYTES + INTAKE_HEADER_BYTES;

/**
 * The ingress' end of one lane: lays messages down on its ring, and knows what the lane still owes.
 * Call order: `open`, `append` for each record, `close`; the turn's end publishes.
 */
export class LaneIntake {
  readonly link: LaneLink;
  readonly partition: number;
  /** Committed since the last publish. */
  isTouched = false;
  /** Messages and events that were handed over and not answered; those that nobody waits on never count. */
  outstandingMessages = 0;
  outstandingEvents = 0;
  /** Since the start, as the ring counts them: tells how many events a backlog in bytes is. */
  submittedEvents = 0;
  submittedBytes = 0;

  readonly #maxMessages: number;
  /** The open message: its payload, where its next record goes, where its claim ends; -1 without one. */
  #start = -1;
  #position = 0;
  #end = 0;
  #eventCount = 0;
  #isAnswered = false;

  /** Whoever runs the box wants nothing taken for now. */
  isPaused = false;

  constructor(link: LaneLink) {
    this.link = link;
    this.partition = link.partition;
    this.#maxMessages = messagesPerLane(link.acks.capacity);
  }

  /** 0, or the catalogue number of the reason why this lane takes nothing now. */
  refusal(): number {
    const status = this.link.status;
    const state = status.state;
    if (state !== LANE_RUNNING) return refusalOfState(state);
    if (this.isPaused) return ERRORS.ERR_INTAKE_PAUSED.id;
    const blocked = status.intakeBlockedReason;
    if (blocked !== 0) return blocked;
    if (status.pressure === PRESSURE_FULL || this.outstandingMessages >= this.#maxMessages) {
      return ERRORS.ERR_OVERLOAD_PARTITION.id;
    }
    return 0;
  }

  /** Events that wait on this lane; for those that nobody is answered for, what the ring's bytes come to. */
  backlogEvents(): number {
    if (this.submittedEvents === 0) return 0;
    const onRing = (this.link.intake.usedBytes() * this.submittedEvents) / this.submittedBytes;
    return Math.max(onRing, this.outstandingEvents);
  }

  hasRoom(ringBytes: number, messageCount: number): boolean {
    return this.link.intake.freeBytes() >= ringBytes && this.outstandingMessages + messageCount <= this.#maxMessages;
  }

  /** Begins a message with room for `recordBytes` of records. @returns false if the ring has no room */
  open(slot: number, generation: number, requiredLevel: number, receivedAt: number, recordBytes: number): boolean {
    const ring = this.link.intake;
    const index = ring.tryClaim(INTAKE_HEADER_BYTES + recordBytes);
    if (index === INSUFFICIENT_CAPACITY) return false;
    const word = index >>> 2;
    const u32 = ring.u32;
    u32[word + INTAKE_REPLY_SLOT / 4] = slot;
    u32[word + INTAKE_REPLY_GENERATION / 4] = generation;
    u32[word + INTAKE_REQUIRED_LEVEL / 4] = requiredLevel;
    ring.f64[(index + INTAKE_RECEIVED_AT) >>> 3] = receivedAt;
    this.#start = index;
    this.#position = index + INTAKE_HEADER_BYTES;
    this.#end = this.#position + recordBytes;
    this.#eventCount = 0;
    this.#isAnswered = slot !== NO_REPLY;
    return true;
  }

  get isOpen(): boolean {
    return this.#start >= 0;
  }

  get openEventCount(): number {
    return this.#eventCount;
  }

  /** Whether a record of this length fits the open message. */
  fits(recordBytes: number): boolean {
    return this.#position + recordBytes <= this.#end;
  }

  /** Copies one event behind the last. `header.valueLength` bytes are taken from `body` at `start`. */
  append(header: RecordHeader, body: BodyBytes, start: number, idempotencyKey: Uint8Array): void {
    const ring = this.link.intake;
    const { u8, u32 } = ring;
    const position = this.#position;
    const length = writeRecordHeader(u32, ring.f64, position, header);
    assert(position + length <= this.#end, 'record beyond its claim');
    const valueAt = position + RECORD_HEADER_BYTES;
    const valueLength = header.valueLength;
    copyAligned(body.data, start, valueLength, u32, u8, valueAt);
    const keyLength = header.idempotencyKeyLength;
    const keyAt = valueAt + valueLength;
    for (let i = 0; i < keyLength; i++) u8[keyAt + i] = idempotencyKey[i] as number;
    this.#position = position + length;
    this.#eventCount += 1;
  }

  /** The message is complete; the worker sees it after `publish`. */
  close(): void {
    const ring = this.link.intake;
    const start = this.#start;
    const length = this.#position - start;
    ring.u32[(start + INTAKE_EVENT_COUNT) >>> 2] = this.#eventCount;
    ring.commit(length);
    this.submittedEvents += this.#eventCount;
    this.submittedBytes += length + FRAME_HEADER_BYTES;
    if (this.#isAnswered) {
      this.outstandingMessages += 1;
      this.outstandingEvents += this.#eventCount;
    }
    this.#start = -1;
    this.isTouched = true;
  }

  /** Everything committed in this turn becomes visible, and a parked worker gets up. */
  publish(): void {
    this.link.intake.publish();
    this.link.bell.ring();
    this.isTouched = false;
  }

  /** An ack came. */
  settle(eventCount: number): void {
    this.outstandingMessages -= 1;
    this.outstandingEvents -= eventCount;
  }
}

function refusalOfState(state: number): number {
  if (state === LANE_STARTING || state === LANE_RECOVERING) return ERRORS.ERR_NOT_READY.id;
  if (state === LANE_STOPPED) return ERRORS.ERR_PARTITION_STOPPED.id;
  return ERRORS.ERR_DRAINING.id;
}
