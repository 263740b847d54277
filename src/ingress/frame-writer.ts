// data plane
import { assert } from '../base/assert.ts';
import { ERRORS } from '../base/error-catalogue.ts';
import type { KeyedHash } from '../base/hash.ts';
import { MAX_FRAME_EVENTS, MAX_INTAKE_MESSAGE_BYTES } from '../base/limits.ts';
import { INTAKE_HEADER_BYTES } from '../record/intake-message.ts';
import { recordLength } from '../record/layout.ts';
import { NO_SEQUENCE } from '../record/record-writer.ts';
import type { BodyBytes } from './body-bytes.ts';
import type { GroupIdentity } from './group-identity.ts';
import { type LaneIntake, MESSAGE_OVERHEAD_BYTES } from './lane-intake.ts';
import { eventsPerMessage } from './limits.ts';
import type { StreamIntake } from './stream-intake.ts';

/** An event that goes to no lane: refused at the door. */
const NO_LANE = -1;
const MAX_MESSAGE_RECORD_BYTES = MAX_INTAKE_MESSAGE_BYTES - INTAKE_HEADER_BYTES;

export interface DoorRefusal {
  readonly index: number;
  readonly errorId: number;
  readonly detail: string;
  readonly lane: LaneIntake | null;
}

/**
 * Takes the events of one frame or batch to their lanes: those of one partition travel in one message, unless that
 * would be longer than a message may be.
 *
 * ```
 *   add … add ──► route ──► canClaim ──► write          a frame: all or nothing
 *                       └────────────────► writeWhatFits  a batch: event by event
 * ```
 * One instance; what it holds lasts until the next `begin`.
 */
export class FrameWriter {
  count = 0;
  readonly starts = new Int32Array(MAX_FRAME_EVENTS);
  readonly lengths = new Int32Array(MAX_FRAME_EVENTS);
  /** After `route`: the lane of each event, -1 if it was refused at the door. */
  readonly partitions = new Int16Array(MAX_FRAME_EVENTS);
  /** In the order of their indexes, unless `writeWhatFits` added to it. */
  refusals: DoorRefusal[] = [];

  readonly #lanes: readonly LaneIntake[];
  readonly #identityHash: KeyedHash;
  readonly #maxEventBytes: number;
  readonly #eventsPerMessage: number;
  readonly #keyLow = new Int32Array(MAX_FRAME_EVENTS);
  readonly #keyHigh = new Int32Array(MAX_FRAME_EVENTS);
  /** Per lane: bytes of the records that are not written yet, and events. */
  readonly #laneBytes: Float64Array;
  readonly #laneEvents: Int32Array;
  readonly #laneRefusal: Int32Array;

  constructor(lanes: readonly LaneIntake[], identityHash: KeyedHash, maxEventBytes: number) {
    this.#lanes = lanes;
    this.#identityHash = identityHash;
    this.#maxEventBytes = maxEventBytes;
    const ackBytes = Math.min(...lanes.map((lane) => lane.link.acks.maxMessageLength));
    this.#eventsPerMessage = eventsPerMessage(ackBytes);
    assert(this.#eventsPerMessage > 0, 'the ack ring holds the longest ack of one event');
    this.#laneBytes = new Float64Array(lanes.length);
    this.#laneEvents = new Int32Array(lanes.length);
    this.#laneRefusal = new Int32Array(lanes.length);
  }

  begin(): void {
    this.count = 0;
    if (this.refusals.length !== 0) this.refusals = [];
  }

  /** @returns false: more events than a frame may have */
  add(start: number, length: number): boolean {
    const index = this.count;
    if (index === MAX_FRAME_EVENTS) return false;
    this.starts[index] = start;
    this.lengths[index] = length;
    this.count = index + 1;
    return true;
  }

  /** Finds every event's lane. */
  route(stream: StreamIntake, body: BodyBytes, codec: number, identity: GroupIdentity): void {
    const { router } = stream;
    const { u8 } = body;
    const { starts, lengths, partitions } = this;
    const keyLow = this.#keyLow;
    const keyHigh = this.#keyHigh;
    const laneBytes = this.#laneBytes.fill(0);
    const laneEvents = this.#laneEvents.fill(0);
    const keyBytes = identity.greatestKeyLength;
    const count = this.count;
    for (let index = 0; index < count; index++) {
      const start = starts[index] as number;
      const length = lengths[index] as number;
      if (length > this.#maxEventBytes) {
        this.#refuse(index, ERRORS.ERR_EVENT_TOO_LARGE.id, `event bytes=${length} max=${this.#maxEventBytes}`);
      } else if (router.route(u8, start, start + length, codec)) {
        const partition = router.partition;
        partitions[index] = partition;
        keyLow[index] = router.keyLow;
        keyHigh[index] = router.keyHigh;
        laneBytes[partition] = (laneBytes[partition] as number) + recordLength(length, keyBytes);
        laneEvents[partition] = (laneEvents[partition] as number) + 1;
      } else {
        this.#refuse(index, router.errorId, router.detail);
      }
    }
  }

  /** Whether every lane's ring could take its part if it were empty: else the frame would wait for ever. */
  fitsEmptyRings(): boolean {
    for (let partition = 0; partition < this.#lanes.length; partition++) {
      const events = this.#laneEvents[partition] as number;
      if (events === 0) continue;
      const ring = (this.#lanes[partition] as LaneIntake).link.intake;
      const bytes = this.#laneBytes[partition] as number;
      const messages = this.#messageCount(bytes, events);
      if (neededRoom(bytes, messages, greatestMessage(bytes, messages)) > ring.capacity) return false;
    }
    return true;
  }

  /**
   * Whether every lane has room for its part. A stopped lane never will: its events are refused for good.
   */
  canClaim(): boolean {
    const lanes = this.#lanes;
    for (let partition = 0; partition < lanes.length; partition++) {
      const events = this.#laneEvents[partition] as number;
      if (events === 0) continue;
      const lane = lanes[partition] as LaneIntake;
      const refusal = lane.refusal();
      if (refusal === ERRORS.ERR_PARTITION_STOPPED.id) this.#refuseLane(partition, refusal);
      else if (refusal !== 0) return false;
      else {
        const bytes = this.#laneBytes[partition] as number;
        const messages = this.#messageCount(bytes, events);
        if (!lane.hasRoom(neededRoom(bytes, messages, greatestMessage(bytes, messages)), messages)) return false;
      }
    }
    return true;
  }

  /** At most. Of several messages every one but the last is at least half full, or has its greatest number of events. */
  #messageCount(bytes: number, events: number): number {
    if (bytes <= MAX_MESSAGE_RECORD_BYTES && events <= this.#eventsPerMessage) return 1;
    return 2 * Math.ceil(bytes / MAX_MESSAGE_RECORD_BYTES) + Math.ceil(events / this.#eventsPerMessage);
  }

  /**
   * Lays all routed events down; `canClaim` said that they fit.
   * @returns the number of messages: as many acks will come, unless nobody waits for them
   */
  write(
    stream: StreamIntake,
    body: BodyBytes,
    codec: number,
    identity: GroupIdentity,
    slot: number,
    generation: number,
    level: number,
    receivedAt: number,
  ): number {
    const messages = this.#lay(stream, body, codec, identity, slot, generation, level, receivedAt, false);
    assert(messages >= 0, 'frame claimed without room');
    return messages;
  }

  /** As `write`, but an event that finds no room is refused, and so is every later one of its partition. */
  writeWhatFits(
    stream: StreamIntake,
    body: BodyBytes,
    codec: number,
    identity: GroupIdentity,
    slot: number,
    generation: number,
    level: number,
    receivedAt: number,
  ): number {
    const lanes = this.#lanes;
    for (let partition = 0; partition < lanes.length; partition++) {
      this.#laneRefusal[partition] = (lanes[partition] as LaneIntake).refusal();
    }
    return this.#lay(stream, body, codec, identity, slot, generation, level, receivedAt, true);
  }

  #lay(
    stream: StreamIntake,
    body: BodyBytes,
    codec: number,
    identity: GroupIdentity,
    slot: number,
    generation: number,
    level: number,
    receivedAt: number,
    mayRefuse: boolean,
  ): number {
    const { starts, lengths, partitions, count } = this;
    const { header } = stream;
    const lanes = this.#lanes;
    const laneBytes = this.#laneBytes;
    const maxEvents = this.#eventsPerMessage;
    const hasId = identity.idLength !== 0;
    const greatestKey = identity.greatestKeyLength;
    header.codec = codec;
    header.producerLow = identity.producerLow;
    header.producerHigh = identity.producerHigh;
    header.producerEpoch = identity.producerEpoch;
    header.idempotencyKeyLength = 0;
    header.idempotencyLow = 0;
    header.idempotencyHigh = 0;
    let messages = 0;
    for (let index = 0; index < count; index++) {
      const partition = partitions[index] as number;
      if (partition === NO_LANE) continue;
      const lane = lanes[partition] as LaneIntake;
      if (mayRefuse && this.#laneRefusal[partition] !== 0) {
        this.#refuseAtLane(index, partition);
        continue;
      }
      const length = lengths[index] as number;
      header.valueLength = length;
      header.frameIndex = index;
      header.keyLow = this.#keyLow[index] as number;
      header.keyHigh = this.#keyHigh[index] as number;
      header.producerSequence = identity.firstSequence < 0 ? NO_SEQUENCE : identity.firstSequence + index;
      if (hasId) identity.identify(this.#identityHash, header, index);
      const greatest = recordLength(length, greatestKey);
      if (!lane.isOpen || !lane.fits(greatest) || lane.openEventCount === maxEvents) {
        if (lane.isOpen) lane.close();
        const wanted = Math.max(greatest, Math.min(laneBytes[partition] as number, MAX_MESSAGE_RECORD_BYTES));
        if (!lane.open(slot, generation, level, receivedAt, wanted)) {
          if (!mayRefuse) return -1;
          if (!lane.open(slot, generation, level, receivedAt, greatest)) {
            this.#laneRefusal[partition] = ERRORS.ERR_OVERLOAD_PARTITION.id;
            this.#refuseAtLane(index, partition);
            continue;
          }
        }
        messages += 1;
      }
      lane.append(header, body, starts[index] as number, identity.id);
      laneBytes[partition] = (laneBytes[partition] as number) - greatest;
    }
    for (let partition = 0; partition < lanes.length; partition++) {
      const lane = lanes[partition] as LaneIntake;
      if (lane.isOpen) lane.close();
    }
    return messages;
  }

  #refuse(index: number, errorId: number, detail: string): void {
    this.partitions[index] = NO_LANE;
    this.refusals.push({ index, errorId, detail, lane: null });
  }

  #refuseAtLane(index: number, partition: number): void {
    this.partitions[index] = NO_LANE;
    const errorId = this.#laneRefusal[partition] as number;
    this.refusals.push({ index, errorId, detail: '', lane: this.#lanes[partition] as LaneIntake });
  }

  #refuseLane(partition: number, errorId: number): void {
    this.#laneRefusal[partition] = errorId;
    for (let index = 0; index < this.count; index++) {
      if (this.partitions[index] === partition) this.#refuseAtLane(index, partition);
    }
    this.#laneEvents[partition] = 0;
  }
}

function greatestMessage(recordBytes: number, messages: number): number {
  return (messages === 1 ? recordBytes : MAX_MESSAGE_RECORD_BYTES) + MESSAGE_OVERHEAD_BYTES;
}

/** The end of the ring may cut off as much as one message: what does not fit there begins anew at index 0. */
function neededRoom(recordBytes: number, messages: number, greatestMessageBytes: number): number {
  return recordBytes + messages * MESSAGE_OVERHEAD_BYTES + greatestMessageBytes;
}
