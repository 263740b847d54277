import { writeCustomer, writeDigits, writeOrderId } from './canonical-order.ts';
import { positionAfter } from './http-request.ts';
import { frameHeadBytes, OPCODE_BINARY, OPCODE_TEXT, writeFrameHead } from './websocket-frame.ts';

/**
 * A prepared WebSocket message of many events. What differs from one sending to the next has a fixed width and is patched
 * in place: frame number, first sequence, and each event's ids and time. The JSON header is padded with spaces.
 *
 * moka.json.v1   {"frame":         1,"seq":             0}\n event \n event …
 * moka.bin.v1    32-byte header, then per event: u32 length, u32 0, msgpack record, padding to 8
 */
export const FRAME_CODECS = ['ws-json', 'ws-binary'] as const;
export type FrameCodec = (typeof FRAME_CODECS)[number];

/** The events of a frame, encoded with placeholders for what is patched. */
export interface FrameContent {
  codec: FrameCodec;
  events: readonly Buffer[];
  hasSequence: boolean;
  /** Whether the events name a customer and a time; each has an order id. */
  hasCustomer: boolean;
  hasTime: boolean;
}

const FRAME_DIGITS = 10;
const SEQUENCE_DIGITS = 16;
const PLACED_AT_DIGITS = 13;
const FRAME_FIELD = '{"frame":'.length;
const SEQUENCE_FIELD = FRAME_FIELD + FRAME_DIGITS + ',"seq":'.length;
const BINARY_HEADER_BYTES = 32;
const BINARY_EVENT_HEADER_BYTES = 8;
const BINARY_MAGIC = 0x4b4d;
const BINARY_VERSION = 1;
const BINARY_TYPE_EVENTS = 1;
const BINARY_CODEC_RECORD = 2;
/** The byte before a double in msgpack; no other value of an order has it. */
const FLOAT64 = '\xcb';
const NO_CUSTOMERS = new Int32Array(0);

export class OrderFrame {
  readonly bytes: Buffer;
  readonly eventCount: number;
  /** What the server counts against the credit in bytes. */
  readonly payloadBytes: number;
  /** Set by whoever sends the frame. */
  firstOrder = 0;
  sentAt = 0;
  isInFlight = false;
  frameNumber = 0;
  readonly #codec: FrameCodec;
  readonly #headerAt: number;
  readonly #orderIdAt: Int32Array;
  readonly #customerAt: Int32Array;
  readonly #placedAtAt: Int32Array;
  readonly #timeBytes = Buffer.alloc(PLACED_AT_DIGITS);

  constructor(content: FrameContent) {
    const { codec, events, hasCustomer, hasTime } = content;
    this.#codec = codec;
    this.eventCount = events.length;
    const header = codec === 'ws-json' ? jsonHeader(content.hasSequence) : binaryHeader(events.length);
    const parts = [header, ...events.map(codec === 'ws-json' ? jsonLine : binaryEvent)];
    this.payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
    this.#headerAt = frameHeadBytes(this.payloadBytes);
    const head = Buffer.alloc(this.#headerAt);
    writeFrameHead(head, codec === 'ws-json' ? OPCODE_TEXT : OPCODE_BINARY, this.payloadBytes);
    this.bytes = Buffer.concat([head, ...parts]);
    this.#orderIdAt = new Int32Array(events.length);
    this.#customerAt = new Int32Array(hasCustomer ? events.length : 0);
    this.#placedAtAt = new Int32Array(hasTime ? events.length : 0);
    this.#findPlaces();
  }

  /** `sequence` -1: no producer. Orders get the numbers from `firstOrder` on. */
  fill(
    frameNumber: number,
    sequence: number,
    firstOrder: number,
    placedAt: number,
    customers: Int32Array = NO_CUSTOMERS,
  ): void {
    const bytes = this.bytes;
    const orderIdAt = this.#orderIdAt;
    const customerAt = this.#customerAt;
    this.frameNumber = frameNumber;
    this.firstOrder = firstOrder;
    this.#fillHeader(frameNumber, sequence);
    this.#fillTime(placedAt);
    for (let index = 0; index < orderIdAt.length; index++) {
      writeOrderId(bytes, orderIdAt[index] as number, firstOrder + index);
    }
    for (let index = 0; index < customerAt.length; index++) {
      writeCustomer(bytes, customerAt[index] as number, customers[index] as number);
    }
  }

  #fillHeader(frameNumber: number, sequence: number): void {
    const at = this.#headerAt;
    if (this.#codec === 'ws-json') {
      writePadded(this.bytes, at + FRAME_FIELD, FRAME_DIGITS, frameNumber);
      if (sequence >= 0) writePadded(this.bytes, at + SEQUENCE_FIELD, SEQUENCE_DIGITS, sequence);
    } else {
      this.bytes.writeUInt32LE(frameNumber, at + 4);
      this.bytes.writeDoubleLE(sequence, at + 8);
    }
  }

  #fillTime(placedAt: number): void {
    const time = this.#timeBytes;
    const width = this.#codec === 'ws-json' ? PLACED_AT_DIGITS : 8;
    if (this.#codec === 'ws-json') writeDigits(time, 0, width, placedAt);
    else time.writeDoubleBE(placedAt, 0);
    const bytes = this.bytes;
    const placedAtAt = this.#placedAtAt;
    for (let index = 0; index < placedAtAt.length; index++) {
      const position = placedAtAt[index] as number;
      for (let byte = 0; byte < width; byte++) bytes[position + byte] = time[byte] as number;
    }
  }

  #findPlaces(): void {
    const time = this.#codec === 'ws-json' ? '"placedAt":' : FLOAT64;
    let position = this.#headerAt;
    for (let index = 0; index < this.eventCount; index++) {
      position = this.#orderIdAt[index] = positionAfter(this.bytes, 'ord_', position);
      if (this.#customerAt.length > 0) position = this.#customerAt[index] = positionAfter(this.bytes, 'c-', position);
      if (this.#placedAtAt.length > 0) position = this.#placedAtAt[index] = positionAfter(this.bytes, time, position);
    }
  }
}

function jsonHeader(hasSequence: boolean): Buffer {
  const frame = `{"frame":${'0'.padStart(FRAME_DIGITS)}`;
  return Buffer.from(hasSequence ? `${frame},"seq":${'0'.padStart(SEQUENCE_DIGITS)}}` : `${frame}}`);
}

function jsonLine(event: Buffer): Buffer {
  return Buffer.concat([Buffer.from('\n'), event]);
}

function binaryHeader(eventCount: number): Buffer {
  const header = Buffer.alloc(BINARY_HEADER_BYTES);
  header.writeUInt16LE(BINARY_MAGIC, 0);
  header[2] = BINARY_VERSION;
  header[3] = BINARY_TYPE_EVENTS;
  header.writeDoubleLE(-1, 8);
  header.writeUInt32LE(eventCount, 16);
  header.writeUInt32LE(BINARY_CODEC_RECORD, 20);
  return header;
}

function binaryEvent(record: Buffer): Buffer {
  const bytes = Buffer.alloc(BINARY_EVENT_HEADER_BYTES + ((record.length + 7) & ~7));
  bytes.writeUInt32LE(record.length, 0);
  bytes.set(record, BINARY_EVENT_HEADER_BYTES);
  return bytes;
}

/** A number right-aligned in spaces: JSON knows no leading zeros. */
function writePadded(bytes: Uint8Array, position: number, width: number, value: number): void {
  let rest = value;
  for (let index = position + width - 1; index >= position; index--) {
    const next = Math.floor(rest / 10);
    bytes[index] = rest > 0 || index === position + width - 1 ? 48 + rest - next * 10 : 32;
    rest = next;
  }
}
