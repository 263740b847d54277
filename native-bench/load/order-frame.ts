import { Packr } from 'msgpackr';
import { type CanonicalOrder, type OrderBook, writeCustomer, writeDigits, writeOrderId } from './canonical-order.ts';
import { positionAfter } from './http-request.ts';
import { frameHeadBytes, OPCODE_BINARY, OPCODE_TEXT, writeFrameHead } from './websocket-frame.ts';

/**
 * A prepared WebSocket message of many orders. What differs from one sending to the next has a fixed width and is
 * patched in place: frame number, first sequence, and each order's ids and time. The JSON header is padded with spaces.
 *
 * moka.json.v1   {"frame":         1,"seq":             0}\n order \n order …
 * moka.bin.v1    32-byte header, then per order: u32 length, u32 0, msgpack record, padding to 8
 */
export const FRAME_CODECS = ['ws-json', 'ws-binary'] as const;
export type FrameCodec = (typeof FRAME_CODECS)[number];

const FRAME_DIGITS = 10;
const SEQUENCE_DIGITS = 16;
const PLACED_AT_DIGITS = 13;
const BINARY_HEADER_BYTES = 32;
const BINARY_EVENT_HEADER_BYTES = 8;
const BINARY_MAGIC = 0x4b4d;
const BINARY_VERSION = 1;
const BINARY_TYPE_EVENTS = 1;
const BINARY_CODEC_RECORD = 2;
const FLOAT64 = 0xcb;

const packr = new Packr({ useRecords: false });

/** The canonical order as a msgpack record: the values in the order the schema declares its fields. */
export function packOrder(order: CanonicalOrder): Buffer {
  const items = order.items.map((item) => [item.sku, item.qty, item.priceCents, item.options]);
  return packr.pack([
    order.orderId,
    order.customerId,
    order.storeId,
    order.placedAt,
    items,
    order.totalCents,
    order.currency,
  ]);
}

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

  constructor(codec: FrameCodec, book: OrderBook, firstTemplate: number, eventCount: number, hasSequence: boolean) {
    this.#codec = codec;
    this.eventCount = eventCount;
    this.#orderIdAt = new Int32Array(eventCount);
    this.#customerAt = new Int32Array(eventCount);
    this.#placedAtAt = new Int32Array(eventCount);
    const payload = codec === 'ws-json' ? jsonPayload(hasSequence) : binaryPayload(eventCount);
    const parts = [payload];
    for (let index = 0; index < eventCount; index++) {
      const order = book.template((firstTemplate + index) % book.templateCount);
      parts.push(codec === 'ws-json' ? Buffer.from(`\n${JSON.stringify(order)}`) : binaryEvent(packOrder(order)));
    }
    this.payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
    this.#headerAt = frameHeadBytes(this.payloadBytes);
    const head = Buffer.alloc(this.#headerAt);
    writeFrameHead(head, codec === 'ws-json' ? OPCODE_TEXT : OPCODE_BINARY, this.payloadBytes);
    this.bytes = Buffer.concat([head, ...parts]);
    this.#findPlaces(book.template(firstTemplate % book.templateCount).placedAt);
  }

  /** `sequence` -1: no producer. Orders get the numbers from `firstOrder` on. */
  fill(frameNumber: number, sequence: number, firstOrder: number, customers: Int32Array, placedAt: number): void {
    const bytes = this.bytes;
    const count = this.eventCount;
    const orderIdAt = this.#orderIdAt;
    const customerAt = this.#customerAt;
    this.frameNumber = frameNumber;
    this.firstOrder = firstOrder;
    this.#fillHeader(frameNumber, sequence);
    this.#fillTime(placedAt);
    for (let index = 0; index < count; index++) {
      writeOrderId(bytes, orderIdAt[index] as number, firstOrder + index);
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
    for (let index = 0; index < this.eventCount; index++) {
      const position = placedAtAt[index] as number;
      for (let byte = 0; byte < width; byte++) bytes[position + byte] = time[byte] as number;
    }
  }

  #findPlaces(placeholderTime: number): void {
    const isJson = this.#codec === 'ws-json';
    const double = Buffer.alloc(9, FLOAT64);
    double.writeDoubleBE(placeholderTime, 1);
    let position = this.#headerAt;
    for (let index = 0; index < this.eventCount; index++) {
      this.#orderIdAt[index] = positionAfter(this.bytes, 'ord_', position);
      this.#customerAt[index] = position = positionAfter(this.bytes, 'c-', this.#orderIdAt[index] as number);
      position = isJson ? positionAfter(this.bytes, '"placedAt":', position) : this.bytes.indexOf(double, position) + 1;
      this.#placedAtAt[index] = position;
    }
  }
}

const FRAME_FIELD = '{"frame":'.length;
const SEQUENCE_FIELD = FRAME_FIELD + FRAME_DIGITS + ',"seq":'.length;

function jsonPayload(hasSequence: boolean): Buffer {
  const frame = `{"frame":${'0'.padStart(FRAME_DIGITS)}`;
  return Buffer.from(hasSequence ? `${frame},"seq":${'0'.padStart(SEQUENCE_DIGITS)}}` : `${frame}}`);
}

function binaryPayload(eventCount: number): Buffer {
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
  const padded = (record.length + 7) & ~7;
  const bytes = Buffer.alloc(BINARY_EVENT_HEADER_BYTES + padded);
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
