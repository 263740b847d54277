// data plane
import { CODEC_JSON, KIND_EVENT, RECORD_HEADER_BYTES } from './layout.ts';

/** The fields of a record's header, in an object that is used again for every record. Hashes of 0,0: no such identity. */
export class RecordHeader {
  kind = KIND_EVENT;
  codec = CODEC_JSON;
  flags = 0;
  streamId = 0;
  producerEpoch = 0;
  eventTime = NO_EVENT_TIME;
  keyLow = 0;
  keyHigh = 0;
  idempotencyLow = 0;
  idempotencyHigh = 0;
  idLow = 0;
  idHigh = 0;
  producerLow = 0;
  producerHigh = 0;
  producerSequence = NO_SEQUENCE;
  fingerprint = 0;
  frameIndex = 0;
  valueLength = 0;
  idempotencyKeyLength = 0;
}

/** The worker has not read the event time out of the value yet. */
export const NO_EVENT_TIME = -1;
export const NO_SEQUENCE = -1;

/** The memory that a record is laid down in: a ring or a block, as views that all begin at the same byte. */
export interface RecordMemory {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
}

/**
 * Lays a whole record down at `position`, a multiple of 8 with `recordLength()` bytes of room. `header.valueLength` and
 * `header.idempotencyKeyLength` say how much is taken from `value` and `idempotencyKey`; every byte of padding is 0, so
 * that equal records are equal bytes.
 * @returns the length of the record.
 */
export function writeRecord(
  memory: RecordMemory,
  position: number,
  header: RecordHeader,
  value: Uint8Array,
  valueStart: number,
  idempotencyKey: Uint8Array,
): number {
  const length = writeRecordHeader(memory.u32, memory.f64, position, header);
  const u8 = memory.u8;
  const valueAt = position + RECORD_HEADER_BYTES;
  copyBytes(value, valueStart, header.valueLength, u8, valueAt);
  if (header.idempotencyKeyLength !== 0) {
    copyBytes(idempotencyKey, 0, header.idempotencyKeyLength, u8, valueAt + header.valueLength);
  }
  return length;
}

/** The header, and zeros in the record's last word; the bytes between are the caller's to write. */
export function writeRecordHeader(u32: Uint32Array, f64: Float64Array, position: number, header: RecordHeader): number {
  const length = (RECORD_HEADER_BYTES + header.valueLength + header.idempotencyKeyLength + 7) & ~7;
  const word = position >>> 2;
  const number = position >>> 3;
  u32[(position + length - 4) >>> 2] = 0;
  u32[(position + length - 8) >>> 2] = 0;
  u32[word] = length;
  u32[word + 1] = header.kind | (header.codec << 8) | (header.flags << 16) | (header.idempotencyKeyLength << 24);
  u32[word + 2] = header.streamId | (header.producerEpoch << 16);
  u32[word + 3] = header.valueLength;
  f64[number + 2] = header.eventTime;
  u32[word + 6] = header.keyLow;
  u32[word + 7] = header.keyHigh;
  u32[word + 8] = header.idempotencyLow;
  u32[word + 9] = header.idempotencyHigh;
  u32[word + 10] = header.idLow;
  u32[word + 11] = header.idHigh;
  u32[word + 12] = header.producerLow;
  u32[word + 13] = header.producerHigh;
  f64[number + 7] = header.producerSequence;
  u32[word + 16] = header.fingerprint;
  u32[word + 17] = header.frameIndex;
  return length;
}

/** Reads the header at `position` into `header`. */
export function readRecordHeader(u32: Uint32Array, f64: Float64Array, position: number, header: RecordHeader): void {
  const word = position >>> 2;
  const number = position >>> 3;
  const kinds = u32[word + 1] as number;
  const stream = u32[word + 2] as number;
  header.kind = kinds & 0xff;
  header.codec = (kinds >>> 8) & 0xff;
  header.flags = (kinds >>> 16) & 0xff;
  header.idempotencyKeyLength = kinds >>> 24;
  header.streamId = stream & 0xffff;
  header.producerEpoch = stream >>> 16;
  header.valueLength = u32[word + 3] as number;
  header.eventTime = f64[number + 2] as number;
  header.keyLow = (u32[word + 6] as number) | 0;
  header.keyHigh = (u32[word + 7] as number) | 0;
  header.idempotencyLow = (u32[word + 8] as number) | 0;
  header.idempotencyHigh = (u32[word + 9] as number) | 0;
  header.idLow = (u32[word + 10] as number) | 0;
  header.idHigh = (u32[word + 11] as number) | 0;
  header.producerLow = (u32[word + 12] as number) | 0;
  header.producerHigh = (u32[word + 13] as number) | 0;
  header.producerSequence = f64[number + 7] as number;
  header.fingerprint = u32[word + 16] as number;
  header.frameIndex = u32[word + 17] as number;
}

/** A loop is faster up to here; beyond it the 35 ns of a view and a native copy are. */
const LOOP_BYTES = 32;

/** Copies bytes; allocates one small view for more than a few of them. */
export function copyBytes(source: Uint8Array, start: number, length: number, target: Uint8Array, at: number): void {
  if (length <= LOOP_BYTES) {
    for (let i = 0; i < length; i++) target[at + i] = source[start + i] as number;
  } else {
    target.set(source.subarray(start, start + length), at);
  }
}
