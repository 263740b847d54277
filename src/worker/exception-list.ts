import { MAX_REJECTION_DETAIL_BYTES } from '../base/limits.ts';
import {
  EXCEPTION_DETAIL_LENGTH,
  EXCEPTION_DUPLICATE,
  EXCEPTION_ERROR_ID,
  EXCEPTION_FRAME_INDEX,
  EXCEPTION_HEADER_BYTES,
  EXCEPTION_OFFSET,
} from '../record/ack-message.ts';

const encoder = new TextEncoder();

/** Gathers the events of one message that were not accepted, in the byte form they travel in behind an ack. */
export class ExceptionList {
  #bytes = Buffer.alloc(16 * 1024);
  #length = 0;
  duplicateCount = 0;
  rejectedCount = 0;

  reset(): void {
    this.#length = 0;
    this.duplicateCount = 0;
    this.rejectedCount = 0;
  }

  /** @param offset where the first occurrence stands, -1 if only its producer's sequence is known */
  addDuplicate(frameIndex: number, offset: number): void {
    this.duplicateCount += 1;
    this.#add(frameIndex, EXCEPTION_DUPLICATE, offset, '');
  }

  addRejection(frameIndex: number, errorId: number, detail: string): void {
    this.rejectedCount += 1;
    this.#add(frameIndex, errorId, -1, detail);
  }

  /** A copy of what was gathered, or null if every event was accepted. */
  take(): Uint8Array | null {
    return this.#length === 0 ? null : new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  #add(frameIndex: number, errorId: number, offset: number, detail: string): void {
    const most = EXCEPTION_HEADER_BYTES + MAX_REJECTION_DETAIL_BYTES + 8;
    if (this.#length + most > this.#bytes.length) {
      const larger = Buffer.alloc(this.#bytes.length * 2);
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    const at = this.#length;
    const bytes = this.#bytes;
    const text = bytes.subarray(at + EXCEPTION_HEADER_BYTES, at + EXCEPTION_HEADER_BYTES + MAX_REJECTION_DETAIL_BYTES);
    // encodeInto stops at a whole character, so a cut text stays valid UTF-8.
    const length = detail === '' ? 0 : encoder.encodeInto(detail, text).written;
    bytes.writeUInt32LE(frameIndex, at + EXCEPTION_FRAME_INDEX);
    bytes.writeUInt16LE(errorId, at + EXCEPTION_ERROR_ID);
    bytes.writeUInt16LE(length, at + EXCEPTION_DETAIL_LENGTH);
    bytes.writeDoubleLE(offset, at + EXCEPTION_OFFSET);
    const end = at + EXCEPTION_HEADER_BYTES + length;
    this.#length = (end + 7) & ~7;
    bytes.fill(0, end, this.#length);
  }
}
