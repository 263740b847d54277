// data plane
import { ERRORS } from '../base/error-catalogue.ts';
import { MAX_FRAME_EVENTS } from '../base/limits.ts';
import { NO_SEQUENCE } from '../record/record-writer.ts';
import type { BodyBytes } from './body-bytes.ts';
import type { ConnectionCredit } from './credit.ts';
import type { FrameHead, FrameOutcome, FrameProtocol, FrameRejection, Hello } from './frame-protocol.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { GroupIdentity } from './group-identity.ts';
import { jsonProtocol } from './json-protocol.ts';
import type { StreamIntake } from './stream-intake.ts';

/**
 * `moka.bin.v1`: binary messages, little endian, drawn in this room's README. All begin with this header.
 *
 * ```
 *   0         2         3      4       8                  16           20      24                  32
 *   +---------+---------+------+-------+------------------+------------+-------+-------------------+
 *   | magic   | version | type | frame | firstSequence f64| eventCount | codec | reserved          |
 *   +---------+---------+------+-------+------------------+------------+-------+-------------------+
 *                                        limitEvents f64    in answers           limitBytes f64
 * ```
 */
export const FRAME_MAGIC = 0x4b4d;
export const FRAME_VERSION = 1;
export const FRAME_HEADER_SIZE = 32;
export const TYPE_EVENTS = 1;
export const TYPE_HELLO = 2;
export const TYPE_ACK = 3;
export const TYPE_CREDIT = 4;
export const TYPE_ERROR = 5;

const EVENT_HEADER_SIZE = 8;
const ACK_SIZE = FRAME_HEADER_SIZE + 24;
const REJECTION_HEADER_SIZE = 16;

export const binaryProtocol: FrameProtocol = {
  name: 'moka.bin.v1',
  isBinary: true,

  read(body: BodyBytes, stream: StreamIntake, head: FrameHead, identity: GroupIdentity, writer: FrameWriter): string {
    const { data } = body;
    const end = data.byteLength;
    if (end < FRAME_HEADER_SIZE) return `frame shorter than its header: bytes=${end}`;
    if (data.getUint16(0, true) !== FRAME_MAGIC) return 'frame does not begin with the magic number 0x4b4d';
    if (data.getUint8(2) !== FRAME_VERSION) return `frame version=${data.getUint8(2)} known=${FRAME_VERSION}`;
    if (data.getUint8(3) !== TYPE_EVENTS) return `frame type=${data.getUint8(3)} must be ${TYPE_EVENTS}`;
    const sequence = data.getFloat64(8, true);
    if (sequence !== NO_SEQUENCE && !(Number.isSafeInteger(sequence + MAX_FRAME_EVENTS) && sequence >= 0)) {
      return 'firstSequence must be an integer from 0 to 2^53, or -1';
    }
    const count = data.getUint32(16, true);
    if (count > MAX_FRAME_EVENTS) return `frame has more than ${MAX_FRAME_EVENTS} events`;
    const codec = data.getUint32(20, true);
    if (!stream.router.takes(codec)) return `codec=${codec} is none of stream=${stream.spec.name}`;
    if (data.getUint32(24, true) !== 0 || data.getUint32(28, true) !== 0) return 'reserved bytes must be 0';
    head.frame = data.getUint32(4, true);
    head.codec = codec;
    identity.firstSequence = sequence;
    identity.idLength = 0;
    return cutEvents(data, count, writer);
  },

  hello(hello: Hello, credit: ConnectionCredit): Uint8Array {
    const text = Buffer.from(jsonProtocol.hello(hello, credit) as string);
    const message = answer(TYPE_HELLO, ACK_SIZE + text.length, credit);
    message.set(text, ACK_SIZE);
    return message;
  },

  ack(outcome: FrameOutcome, credit: ConnectionCredit): Uint8Array {
    const rejections = outcome.rejected.map(rejectionBytes);
    const length = rejections.reduce((sum, bytes) => sum + bytes.length, ACK_SIZE);
    const message = answer(TYPE_ACK, length, credit);
    message.writeUInt32LE(outcome.frame, 4);
    message.writeUInt32LE(outcome.accepted, FRAME_HEADER_SIZE);
    message.writeUInt32LE(outcome.duplicate, FRAME_HEADER_SIZE + 4);
    message.writeUInt32LE(outcome.rejected.length, FRAME_HEADER_SIZE + 8);
    message.writeUInt32LE(outcome.level, FRAME_HEADER_SIZE + 12);
    let at = ACK_SIZE;
    for (const bytes of rejections) {
      message.set(bytes, at);
      at += bytes.length;
    }
    return message;
  },

  credit(credit: ConnectionCredit): Uint8Array {
    return answer(TYPE_CREDIT, ACK_SIZE, credit);
  },

  error(code: string, detail: string): Uint8Array {
    const text = Buffer.from(jsonProtocol.error(code, detail) as string);
    const message = answer(TYPE_ERROR, FRAME_HEADER_SIZE + text.length, null);
    message.set(text, FRAME_HEADER_SIZE);
    return message;
  },
};

function cutEvents(data: DataView, count: number, writer: FrameWriter): string {
  const end = data.byteLength;
  let at = FRAME_HEADER_SIZE;
  for (let index = 0; index < count; index++) {
    if (at + EVENT_HEADER_SIZE > end) return `frame ends before event index=${index}`;
    const length = data.getUint32(at, true);
    if (data.getUint32(at + 4, true) !== 0) return `event index=${index}: reserved bytes must be 0`;
    const start = at + EVENT_HEADER_SIZE;
    at = start + ((length + 7) & ~7);
    if (length > end || at > end) return `frame ends within event index=${index}`;
    writer.add(start, length);
  }
  return at === end ? '' : `frame has ${end - at} bytes behind its last event`;
}

function answer(type: number, length: number, credit: ConnectionCredit | null): Buffer {
  const message = Buffer.alloc(length);
  message.writeUInt16LE(FRAME_MAGIC, 0);
  message[2] = FRAME_VERSION;
  message[3] = type;
  if (credit !== null) {
    message.writeDoubleLE(credit.limitEvents, 8);
    message.writeDoubleLE(credit.limitBytes, 24);
    message.writeUInt32LE(credit.freeEvents, FRAME_HEADER_SIZE + 16);
    message.writeUInt32LE(credit.freeBytes, FRAME_HEADER_SIZE + 20);
  }
  return message;
}

function rejectionBytes({ index, refusal }: FrameRejection): Uint8Array {
  const detail = Buffer.from(refusal.details === undefined ? refusal.detail : JSON.stringify(refusal.details));
  const bytes = Buffer.alloc((REJECTION_HEADER_SIZE + detail.length + 7) & ~7);
  bytes.writeUInt32LE(index, 0);
  bytes.writeUInt16LE(refusal.status, 4);
  bytes.writeUInt16LE(detail.length, 6);
  bytes.writeUInt32LE(ERRORS[refusal.code].id, 8);
  bytes.set(detail, REJECTION_HEADER_SIZE);
  return bytes;
}
