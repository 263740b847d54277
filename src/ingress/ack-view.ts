// data plane
import {
  ACK_ACCEPTED,
  ACK_DUPLICATE,
  ACK_FIRST_OFFSET,
  ACK_HEADER_BYTES,
  ACK_LEVEL,
  ACK_REJECTED,
  ACK_REPLY_GENERATION,
  ACK_REPLY_SLOT,
  EXCEPTION_DETAIL_LENGTH,
  EXCEPTION_ERROR_ID,
  EXCEPTION_FRAME_INDEX,
  EXCEPTION_HEADER_BYTES,
  EXCEPTION_OFFSET,
} from '../record/ack-message.ts';
import type { LaneIntake } from './lane-intake.ts';

/**
 * One ack where it stands on the ring. Valid until the ring is acknowledged. Exceptions come in the order of their
 * frame index: `nextException` moves on to one, its fields are read then.
 */
export class AckView {
  lane!: LaneIntake;
  replySlot = 0;
  generation = 0;
  firstOffset = -1;
  accepted = 0;
  duplicate = 0;
  rejected = 0;
  level = 0;
  frameIndex = 0;
  errorId = 0;
  exceptionOffset = -1;

  #next = 0;
  #end = 0;
  #detailStart = 0;
  #detailLength = 0;

  moveTo(lane: LaneIntake, index: number, length: number): void {
    const ring = lane.link.acks;
    const u32 = ring.u32;
    const word = index >>> 2;
    this.lane = lane;
    this.replySlot = u32[word + ACK_REPLY_SLOT / 4] as number;
    this.generation = u32[word + ACK_REPLY_GENERATION / 4] as number;
    this.firstOffset = ring.f64[(index + ACK_FIRST_OFFSET) >>> 3] as number;
    this.accepted = u32[word + ACK_ACCEPTED / 4] as number;
    this.duplicate = u32[word + ACK_DUPLICATE / 4] as number;
    this.rejected = u32[word + ACK_REJECTED / 4] as number;
    this.level = u32[word + ACK_LEVEL / 4] as number;
    this.#next = index + ACK_HEADER_BYTES;
    this.#end = index + length;
  }

  get eventCount(): number {
    return this.accepted + this.duplicate + this.rejected;
  }

  nextException(): boolean {
    const at = this.#next;
    if (at >= this.#end) return false;
    const ring = this.lane.link.acks;
    const word = at >>> 2;
    const second = ring.u32[word + EXCEPTION_ERROR_ID / 4] as number;
    this.frameIndex = ring.u32[word + EXCEPTION_FRAME_INDEX / 4] as number;
    this.errorId = second & 0xffff;
    this.#detailLength = second >>> ((EXCEPTION_DETAIL_LENGTH - EXCEPTION_ERROR_ID) * 8);
    this.#detailStart = at + EXCEPTION_HEADER_BYTES;
    this.exceptionOffset = ring.f64[(at + EXCEPTION_OFFSET) >>> 3] as number;
    this.#next = (this.#detailStart + this.#detailLength + 7) & ~7;
    return true;
  }

  exceptionDetail(): string {
    if (this.#detailLength === 0) return '';
    return this.lane.link.acks.buffer.toString('utf8', this.#detailStart, this.#detailStart + this.#detailLength);
  }
}
