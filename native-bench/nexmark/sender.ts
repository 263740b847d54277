// data plane
import { assert } from '../../src/base/assert.ts';
import { KeyedHash } from '../../src/base/hash.ts';
import {
  INTAKE_EVENT_COUNT,
  INTAKE_HEADER_BYTES,
  INTAKE_RECEIVED_AT,
  INTAKE_REPLY_GENERATION,
  INTAKE_REPLY_SLOT,
  INTAKE_REQUIRED_LEVEL,
  LEVEL_DURABLE,
} from '../../src/record/intake-message.ts';
import { CODEC_JSON, CODEC_MSGPACK_RECORD } from '../../src/record/layout.ts';
import { RecordHeader, writeRecord } from '../../src/record/record-writer.ts';
import { INSUFFICIENT_CAPACITY, type SpscRing } from '../../src/ring/spsc-ring.ts';
import { type Auction, BID, type Bid, type Kind, type Person } from './model.ts';
import type { PreludeEvent } from './query.ts';
import { writeEvent } from './wire.ts';
import type { Workload } from './workload.ts';

/** Records of one message: of one stream, in a row. */
const MESSAGE_EVENTS_MAX = 46;
/** No event of a workload is longer. */
const RECORD_BYTES_MAX = 1280;
const MESSAGE_BYTES_MAX = INTAKE_HEADER_BYTES + MESSAGE_EVENTS_MAX * RECORD_BYTES_MAX;
const PRODUCER_LOW = 7;

/**
 * Puts a workload on a partition's intake ring as the ingress does: msgpack records with the hash of their key, of a
 * producer that numbers its events, so that each is taken exactly once.
 */
export class Sender {
  readonly #workload: Workload;
  readonly #ring: SpscRing;
  readonly #hash: KeyedHash;
  readonly #header = new RecordHeader();
  readonly #value = Buffer.alloc(RECORD_BYTES_MAX);
  #event: Person | Auction | Bid;
  #kind: Kind;
  #sequence = 0;
  #slot = 0;
  sentCount = 0;

  constructor(workload: Workload, ring: SpscRing, routingSecret: Uint8Array) {
    this.#workload = workload;
    this.#ring = ring;
    this.#hash = new KeyedHash(routingSecret);
    this.#header.codec = CODEC_MSGPACK_RECORD;
    this.#header.producerLow = PRODUCER_LOW;
    this.#header.producerEpoch = 1;
    this.#event = workload.next();
    this.#kind = workload.kind;
  }

  get isDone(): boolean {
    return this.sentCount === this.#workload.size;
  }

  /** Bytes that wait in the ring. */
  get waitingBytes(): number {
    return this.#ring.usedBytes();
  }

  /** Sends until so many bytes wait in the ring. @returns whether anything was sent */
  fill(bytes: number): boolean {
    const before = this.sentCount;
    while (!this.isDone && this.waitingBytes < bytes && this.#sendMessage());
    this.#ring.publish();
    return this.sentCount > before;
  }

  /** Sends these events before all others, one by one. The ring must have room for them. */
  sendPrelude(streamId: number, prelude: readonly PreludeEvent[]): void {
    const header = this.#header;
    header.codec = CODEC_JSON;
    header.streamId = streamId;
    for (const { event } of prelude) {
      const at = this.#ring.tryClaim(RECORD_BYTES_MAX);
      assert(at !== INSUFFICIENT_CAPACITY, `no room for the prelude events=${prelude.length}`);
      header.valueLength = this.#value.write(JSON.stringify(event));
      const start = at + INTAKE_HEADER_BYTES;
      this.#endMessage(at, start + this.#writeRecord(start, String(event['key']), 0), 1);
    }
    this.#ring.publish();
    header.codec = CODEC_MSGPACK_RECORD;
  }

  #sendMessage(): boolean {
    const header = this.#header;
    const at = this.#ring.tryClaim(MESSAGE_BYTES_MAX);
    if (at === INSUFFICIENT_CAPACITY) return false;
    const kind = this.#kind;
    let end = at + INTAKE_HEADER_BYTES;
    let count = 0;
    header.streamId = kind;
    while (count < MESSAGE_EVENTS_MAX && this.#kind === kind && !this.isDone) {
      const event = this.#event;
      header.valueLength = writeEvent(this.#value, 0, kind, event);
      end += this.#writeRecord(end, String(kind === BID ? (event as Bid).auction : (event as Auction).id), count);
      count += 1;
      this.#advance();
    }
    this.#endMessage(at, end, count);
    return true;
  }

  #advance(): void {
    this.sentCount += 1;
    if (this.isDone) return;
    this.#event = this.#workload.next();
    this.#kind = this.#workload.kind;
  }

  /** Lays down the record whose value is at hand. @returns its length */
  #writeRecord(position: number, key: string, frameIndex: number): number {
    const header = this.#header;
    const hash = this.#hash;
    hash.hashString(key);
    header.keyLow = hash.low;
    header.keyHigh = hash.high;
    header.producerSequence = ++this.#sequence;
    header.frameIndex = frameIndex;
    return writeRecord(this.#ring, position, header, this.#value, 0, NO_BYTES);
  }

  #endMessage(at: number, end: number, eventCount: number): void {
    const { u32, f64 } = this.#ring;
    const word = at >>> 2;
    u32[word + INTAKE_REPLY_SLOT / 4] = this.#slot++ & 0xffff;
    u32[word + INTAKE_REPLY_GENERATION / 4] = 1;
    u32[word + INTAKE_EVENT_COUNT / 4] = eventCount;
    u32[word + INTAKE_REQUIRED_LEVEL / 4] = LEVEL_DURABLE;
    f64[(at + INTAKE_RECEIVED_AT) >>> 3] = performance.timeOrigin + performance.now();
    this.#ring.commit(end - at);
  }
}

const NO_BYTES = new Uint8Array(0);
