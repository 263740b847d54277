import { ERRORS } from '../../base/error-catalogue.ts';
import { KeyedHash } from '../../base/hash.ts';
import {
  ACK_ACCEPTED,
  ACK_FIRST_OFFSET,
  ACK_HEADER_BYTES,
  ACK_REPLY_SLOT,
  EXCEPTION_DETAIL_LENGTH,
  EXCEPTION_DUPLICATE,
  EXCEPTION_ERROR_ID,
  EXCEPTION_FRAME_INDEX,
  EXCEPTION_HEADER_BYTES,
  EXCEPTION_OFFSET,
} from '../../record/ack-message.ts';
import { IDENTITY_IDEMPOTENCY, identityOf } from '../../record/identity.ts';
import {
  INTAKE_EVENT_COUNT,
  INTAKE_HEADER_BYTES,
  INTAKE_REPLY_GENERATION,
  INTAKE_REPLY_SLOT,
  INTAKE_REQUIRED_LEVEL,
  LEVEL_DURABLE,
} from '../../record/intake-message.ts';
import { recordLength } from '../../record/layout.ts';
import { RecordHeader, writeRecord } from '../../record/record-writer.ts';
import { EMPTY, INSUFFICIENT_CAPACITY, type SpscRing } from '../../ring/spsc-ring.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { type Intent, IntentSource } from './intents.ts';
import type { Violations } from './violations.ts';

const MAX_FRAME = 8;
const MAX_OUTSTANDING = 64;

/**
 * The client of the simulation, outside the crashes: it keeps its own account of what was acknowledged, sends events of a
 * key in order, and after a crash sends everything unanswered again before anything new, as an honest client does.
 */
export class SimClient {
  readonly source: IntentSource;
  readonly #random: SeededRandom;
  readonly #violations: Violations;
  readonly #routing: KeyedHash;
  readonly #identity: KeyedHash;
  readonly #header = new RecordHeader();
  /** Intents that were sent in this life of the engine and are not answered, by reply slot. */
  #sent = new Map<number, Intent[]>();
  /** To be sent again, oldest first. */
  #again: Intent[] = [];
  #nextSlot = 1;
  ackedCount = 0;
  duplicateCount = 0;

  constructor(random: SeededRandom, violations: Violations, routingSecret: Uint8Array, identitySecret: Uint8Array) {
    this.#random = random;
    this.#violations = violations;
    this.source = new IntentSource(random);
    this.#routing = new KeyedHash(routingSecret);
    this.#identity = new KeyedHash(identitySecret);
  }

  get hasUnanswered(): boolean {
    return this.#sent.size > 0 || this.#again.length > 0;
  }

  /** The engine died: what is unanswered is unknown. */
  onCrash(): void {
    const unanswered = [...this.#sent.values()].flat().filter((intent) => !intent.isAnswered);
    const order = new Map([...unanswered, ...this.#again].map((intent) => [intent.index, intent]));
    this.#again = [...order.values()].sort((a, b) => a.index - b.index);
    this.#sent = new Map();
  }

  /** Sends one message, if the ring takes it. @param isFresh whether new intents may be made up */
  send(ring: SpscRing, isFresh: boolean): boolean {
    if (this.#sent.size >= MAX_OUTSTANDING) return false;
    const intents = this.#choose(isFresh);
    if (intents.length === 0) return false;
    let length = INTAKE_HEADER_BYTES;
    for (const { bytes, idempotencyKey } of intents)
      length += recordLength(bytes.length, Buffer.byteLength(idempotencyKey));
    const index = ring.tryClaim(length);
    if (index === INSUFFICIENT_CAPACITY) {
      this.#again = [...intents.filter((intent) => !intent.isAnswered), ...this.#again];
      return false;
    }
    const slot = this.#nextSlot++;
    const word = index >>> 2;
    ring.u32[word + INTAKE_REPLY_SLOT / 4] = slot;
    ring.u32[word + INTAKE_REPLY_GENERATION / 4] = 1;
    ring.u32[word + INTAKE_EVENT_COUNT / 4] = intents.length;
    ring.u32[word + INTAKE_REQUIRED_LEVEL / 4] = LEVEL_DURABLE;
    let position = index + INTAKE_HEADER_BYTES;
    intents.forEach((intent, frameIndex) => {
      position += this.#write(ring, position, intent, frameIndex);
    });
    ring.commit(length);
    ring.publish();
    this.#sent.set(slot, intents);
    return true;
  }

  /** Reads the acks and compares each with what is known. */
  poll(acks: SpscRing): void {
    for (let index = acks.poll(); index !== EMPTY; index = acks.poll()) {
      this.#onAck(acks, index, acks.polledLength);
      acks.release();
    }
    acks.acknowledge();
  }

  #choose(isFresh: boolean): Intent[] {
    const count = 1 + this.#random.below(MAX_FRAME);
    if (this.#again.length > 0) return this.#again.splice(0, count);
    if (!isFresh) return [];
    const { all } = this.source;
    if (all.length > 0 && this.#random.chance(0.1)) {
      // A client that never saw its answer asks again, long after.
      const intent = this.#random.pick(all);
      return intent.isAnswered ? [intent] : [];
    }
    return Array.from({ length: count }, () => this.source.next());
  }

  #write(ring: SpscRing, position: number, intent: Intent, frameIndex: number): number {
    const header = this.#header;
    const key = Buffer.from(intent.idempotencyKey);
    this.#routing.hashString(intent.event.key);
    header.keyLow = this.#routing.low;
    header.keyHigh = this.#routing.high;
    header.idempotencyLow = 0;
    header.idempotencyHigh = 0;
    if (key.length > 0) {
      const hash = this.#identity;
      identityOf(hash, 0, header.keyLow, header.keyHigh, IDENTITY_IDEMPOTENCY, intent.idempotencyKey);
      header.idempotencyLow = hash.low;
      header.idempotencyHigh = hash.high;
    }
    header.producerLow = intent.sequence < 0 ? 0 : 77;
    header.producerHigh = 0;
    header.producerEpoch = intent.sequence < 0 ? 0 : 1;
    header.producerSequence = intent.sequence;
    header.frameIndex = frameIndex;
    header.eventTime = intent.event.at ?? 0;
    header.valueLength = intent.bytes.length;
    header.idempotencyKeyLength = key.length;
    return writeRecord(ring, position, header, intent.bytes, 0, key);
  }

  #onAck(ring: SpscRing, index: number, length: number): void {
    const word = index >>> 2;
    const slot = ring.u32[word + ACK_REPLY_SLOT / 4] as number;
    const intents = this.#sent.get(slot);
    if (intents === undefined) {
      this.#violations.add('ack for nobody', `slot=${slot}`);
      return;
    }
    this.#sent.delete(slot);
    const exceptions = readExceptions(ring, index + ACK_HEADER_BYTES, index + length);
    let offset = ring.f64[(index + ACK_FIRST_OFFSET) >>> 3] as number;
    const accepted = ring.u32[word + ACK_ACCEPTED / 4] as number;
    if (accepted + exceptions.size !== intents.length) {
      this.#violations.add('ack does not add up', `slot=${slot} accepted=${accepted} exceptions=${exceptions.size}`);
    }
    intents.forEach((intent, frameIndex) => {
      const exception = exceptions.get(frameIndex);
      if (exception === undefined) this.#onAccepted(intent, offset++);
      else this.#onException(intent, exception);
    });
  }

  #onAccepted(intent: Intent, offset: number): void {
    if (intent.fate !== 'accepted') this.#violations.add('bad event accepted', describe(intent));
    if (intent.isAnswered) this.#violations.add('duplicate accepted', `${describe(intent)} again at offset=${offset}`);
    intent.offset = offset;
    intent.isAnswered = true;
    this.ackedCount += 1;
  }

  #onException(intent: Intent, { errorId, offset }: Exception): void {
    if (errorId === EXCEPTION_DUPLICATE) {
      this.duplicateCount += 1;
      if (intent.fate !== 'accepted') this.#violations.add('bad event called duplicate', describe(intent));
      if (offset < 0) this.#violations.add('duplicate without position', describe(intent));
      if (intent.isAnswered && intent.offset !== offset) {
        this.#violations.add('duplicate has another position', `${describe(intent)} now offset=${offset}`);
      }
      intent.offset = offset;
    } else {
      const expected = intent.fate === 'invalid' ? ERRORS.ERR_EVENT_SCHEMA.id : ERRORS.ERR_IDENTITY_MISMATCH.id;
      if (intent.fate === 'accepted' || errorId !== expected) {
        this.#violations.add('wrong refusal', `${describe(intent)} errorId=${errorId}`);
      }
    }
    if (!intent.isAnswered) this.ackedCount += 1;
    intent.isAnswered = true;
  }
}

interface Exception {
  errorId: number;
  offset: number;
}

function readExceptions(ring: SpscRing, start: number, end: number): Map<number, Exception> {
  const found = new Map<number, Exception>();
  const view = new DataView(ring.u8.buffer, ring.u8.byteOffset, ring.u8.byteLength);
  for (let at = start; at < end; ) {
    found.set(view.getUint32(at + EXCEPTION_FRAME_INDEX, true), {
      errorId: view.getUint16(at + EXCEPTION_ERROR_ID, true),
      offset: view.getFloat64(at + EXCEPTION_OFFSET, true),
    });
    at += (EXCEPTION_HEADER_BYTES + view.getUint16(at + EXCEPTION_DETAIL_LENGTH, true) + 7) & ~7;
  }
  return found;
}

function describe(intent: Intent): string {
  return `intent=${intent.index} id=${intent.event.id} key=${intent.event.key} fate=${intent.fate} offset=${intent.offset}`;
}
