// data plane
import { assert } from '../base/assert.ts';
import type { Block } from '../log/block.ts';
import { EXAMINED, type Whereabouts } from '../operators/whereabouts.ts';
import {
  INTAKE_EVENT_COUNT,
  INTAKE_HEADER_BYTES,
  INTAKE_RECEIVED_AT,
  INTAKE_REPLY_GENERATION,
  INTAKE_REPLY_SLOT,
  INTAKE_REQUIRED_LEVEL,
  LEVEL_WRITTEN,
  NO_REPLY,
} from '../record/intake-message.ts';
import {
  CODEC_MOVED,
  KIND_ANSWER,
  KIND_MOVED,
  KIND_TICK,
  RECORD_FRAME_INDEX,
  RECORD_HEADER_BYTES,
  RECORD_LENGTH,
  RECORD_PRODUCER_SEQUENCE,
  recordLength,
  TICK_NOTHING_WAITS,
} from '../record/layout.ts';
import { RecordHeader, writeRecordHeader } from '../record/record-writer.ts';
import { EMPTY, type SpscRing } from '../ring/spsc-ring.ts';
import type { Asker, ReadyAnswer } from './asker.ts';
import { BATCH_RECORDS, Candidate } from './candidate.ts';
import { ExceptionList } from './exception-list.ts';
import type { Exchange, ExchangeLink } from './exchange.ts';
import type { FetchAhead } from './fetch-ahead.ts';
import { ACCEPT, DUPLICATE, type Judge } from './judge.ts';
import type { LaneMeter } from './lane-meter.ts';
import type { LogClock } from './log-clock.ts';
import type { PendingAcks } from './pending-acks.ts';
import type { RecordApplier } from './record-applier.ts';

/**
 * A turn ends after this many bytes of intake, about half a millisecond of work, so that other partitions and finished
 * flushes get theirs: an ack waits for the turn in which its flush returned.
 */
const TURN_BYTES = 64 * 1024;
/** Messages whose records are taken into the block together. */
const RUN_MESSAGES_MAX = BATCH_RECORDS;

export interface AdmitterParts {
  readonly intake: SpscRing;
  readonly judge: Judge;
  readonly fetchAhead: FetchAhead;
  readonly records: RecordApplier;
  readonly durableAcks: PendingAcks;
  readonly writtenAcks: PendingAcks;
  readonly meter: LaneMeter;
  readonly logClock: LogClock;
  readonly whereabouts: Whereabouts;
}

/**
 * Takes messages from the intake ring into the open block: copies their records behind the block's last one, examines
 * them, has what they will look up fetched, then decides and applies one after the other. Accepted records stay, the
 * gaps of the others are closed, and each message leaves behind an answer that waits for its flush.
 */
export class Admitter {
  readonly #intake: SpscRing;
  readonly #judge: Judge;
  readonly #fetchAhead: FetchAhead;
  readonly #records: RecordApplier;
  readonly #durableAcks: PendingAcks;
  readonly #writtenAcks: PendingAcks;
  readonly #meter: LaneMeter;
  readonly #logClock: LogClock;
  /** Of the whereabouts. */
  readonly #words: Int32Array;
  /** Events looked at since the ring was given back what was taken. */
  #examined = 0;
  readonly #exceptions = new ExceptionList();
  readonly #candidates = Array.from({ length: BATCH_RECORDS }, () => new Candidate());
  readonly #positions = new Int32Array(BATCH_RECORDS);
  readonly #tickHeader = new RecordHeader();
  readonly #answerHeader = new RecordHeader();

  // The run: messages whose records were copied from `#runStart` of the block on.
  readonly #slots = new Uint32Array(RUN_MESSAGES_MAX);
  readonly #generations = new Uint32Array(RUN_MESSAGES_MAX);
  readonly #levels = new Uint32Array(RUN_MESSAGES_MAX);
  readonly #eventCounts = new Uint32Array(RUN_MESSAGES_MAX);
  readonly #receivedAt = new Float64Array(RUN_MESSAGES_MAX);
  #messageCount = 0;
  #eventCount = 0;

  // The message whose records are being decided.
  #message = 0;
  #undecided = 0;
  #firstOffset = -1;
  #accepted = 0;
  #releaseAt = -1;

  constructor(parts: AdmitterParts) {
    this.#intake = parts.intake;
    this.#judge = parts.judge;
    this.#fetchAhead = parts.fetchAhead;
    this.#records = parts.records;
    this.#durableAcks = parts.durableAcks;
    this.#writtenAcks = parts.writtenAcks;
    this.#meter = parts.meter;
    this.#logClock = parts.logClock;
    this.#words = parts.whereabouts.words;
  }

  /** Takes in what a turn may, as far as the block has room. @returns whether a next turn would find more at once */
  admit(block: Block): boolean {
    const intake = this.#intake;
    let taken = 0;
    let events = 0;
    this.#examined = 0;
    const start = this.#meter.begin();
    while (taken < TURN_BYTES) {
      const bytes = this.#gather(block, TURN_BYTES - taken);
      if (bytes === 0) break;
      taken += bytes;
      events += this.#eventCount;
      this.#decideRun(block);
    }
    if (taken === 0) return false;
    intake.acknowledge();
    const isDrained = intake.poll() === EMPTY;
    this.#meter.end(start, events, isDrained);
    return !isDrained && this.#fits(block, block.length);
  }

  /**
   * Takes in what other partitions sent, later levels first, as a turn may and the block has room; a level is passed over
   * while what it makes would find no room.
   * @returns whether a next turn would find more at once
   */
  admitMoved(block: Block, exchange: Exchange, asker: Asker | null): boolean {
    let left = TURN_BYTES;
    for (let level = exchange.levelCount; level > 0; level--) {
      if (!exchange.hasRoom(level + 1) || asker?.hasRoom(level) === false) continue;
      for (const link of exchange.linksIn) {
        if (link.level !== level) continue;
        const taken = this.#takeLink(block, exchange, link, left);
        if (taken < 0) return false;
        left -= taken;
        if (left <= 0) return true;
      }
    }
    return false;
  }

  /** @returns bytes taken; -1 when the block is full */
  #takeLink(block: Block, exchange: Exchange, link: ExchangeLink, maxBytes: number): number {
    const { ring } = link;
    const candidate = this.#candidates[0] as Candidate;
    let taken = 0;
    let isFull = false;
    for (let index = ring.poll(); index !== EMPTY && taken < maxBytes; index = ring.poll()) {
      const length = ring.polledLength;
      const sequence = ring.f64[(index + RECORD_PRODUCER_SEQUENCE) >>> 3] as number;
      const expected = exchange.expected(link);
      // Sent again after a restart of its source.
      if (sequence >= expected) {
        assert(sequence === expected, `moved change=${sequence} expected=${expected} from=${link.peer}`);
        if (block.length + length > block.capacity) {
          isFull = true;
          break;
        }
        if (block.recordCount === 0) block.logTime = this.#logClock.now();
        const position = block.length;
        block.u8.set(ring.u8.subarray(index, index + length), position);
        const offset = block.firstOffset + block.recordCount;
        block.recordCount += 1;
        block.length += length;
        candidate.kind = KIND_MOVED;
        this.#records.apply(candidate, block, position, offset, block.logTime, offset === block.firstOffset);
      }
      ring.release();
      taken += length;
    }
    ring.acknowledge();
    return isFull ? -1 : taken;
  }

  /**
   * Lets time go on: a record of its own, since nothing else came. The block has room for it.
   * @param nothingWaits no event is held up on its way in
   */
  tick(block: Block, nothingWaits: boolean): void {
    if (block.recordCount === 0) block.logTime = this.#logClock.now();
    const header = this.#tickHeader;
    header.kind = KIND_TICK;
    header.flags = nothingWaits ? TICK_NOTHING_WAITS : 0;
    header.eventTime = block.logTime;
    const position = block.length;
    const length = writeRecordHeader(block.u32, block.f64, position, header);
    const offset = block.firstOffset + block.recordCount;
    block.recordCount += 1;
    block.length += length;
    const candidate = this.#candidates[0] as Candidate;
    candidate.kind = KIND_TICK;
    this.#records.apply(candidate, block, position, offset, block.logTime, offset === block.firstOffset);
  }

  /**
   * Takes in what the outside has answered, as a turn may and the block has room.
   * @returns whether a next turn would find more at once
   */
  admitAnswers(block: Block, asker: Asker, hasRoom: (level: number) => boolean): boolean {
    let taken = 0;
    for (let answer = asker.next(hasRoom); answer !== null; answer = asker.next(hasRoom)) {
      if (taken >= TURN_BYTES) return true;
      const length = recordLength(answer.bytes.length, 0);
      if (block.length + length > block.capacity) return false;
      this.#logAnswer(block, answer);
      asker.logged(answer);
      taken += length;
    }
    return false;
  }

  #logAnswer(block: Block, { lookup, question, bytes }: ReadyAnswer): void {
    if (block.recordCount === 0) block.logTime = this.#logClock.now();
    const header = this.#answerHeader;
    header.kind = KIND_ANSWER;
    header.codec = CODEC_MOVED;
    header.streamId = lookup;
    header.eventTime = question.time;
    header.valueLength = bytes.length;
    const position = block.length;
    const length = writeRecordHeader(block.u32, block.f64, position, header);
    const end = position + RECORD_HEADER_BYTES + bytes.length;
    block.u8.set(bytes, position + RECORD_HEADER_BYTES);
    block.u8.fill(0, end, position + length);
    const offset = block.firstOffset + block.recordCount;
    block.recordCount += 1;
    block.length += length;
    const candidate = this.#candidates[0] as Candidate;
    candidate.kind = KIND_ANSWER;
    this.#records.apply(candidate, block, position, offset, block.logTime, offset === block.firstOffset);
  }

  /** Whether the block has room behind `end` for the records of the message that was polled. */
  #fits(block: Block, end: number): boolean {
    return end + this.#intake.polledLength - INTAKE_HEADER_BYTES <= block.capacity;
  }

  /**
   * Copies the records of the next messages behind the block's last one, until there are enough for a batch.
   * @returns bytes of messages; 0 if none is there, or none fits
   */
  #gather(block: Block, maxBytes: number): number {
    const intake = this.#intake;
    const { u8 } = block;
    let end = block.length;
    let taken = 0;
    this.#messageCount = 0;
    this.#eventCount = 0;
    while (this.#eventCount < BATCH_RECORDS && taken < maxBytes) {
      const index = intake.poll();
      if (index === EMPTY) break;
      const length = intake.polledLength;
      if (!this.#fits(block, end)) break;
      const word = index >>> 2;
      const message = this.#messageCount++;
      const eventCount = intake.u32[word + INTAKE_EVENT_COUNT / 4] as number;
      this.#slots[message] = intake.u32[word + INTAKE_REPLY_SLOT / 4] as number;
      this.#generations[message] = intake.u32[word + INTAKE_REPLY_GENERATION / 4] as number;
      this.#levels[message] = intake.u32[word + INTAKE_REQUIRED_LEVEL / 4] as number;
      this.#receivedAt[message] = intake.f64[(index + INTAKE_RECEIVED_AT) >>> 3] as number;
      this.#eventCounts[message] = eventCount;
      this.#eventCount += eventCount;
      u8.set(intake.u8.subarray(index + INTAKE_HEADER_BYTES, index + length), end);
      end += length - INTAKE_HEADER_BYTES;
      taken += length;
      intake.release();
    }
    return taken;
  }

  #decideRun(block: Block): void {
    if (block.recordCount === 0) block.logTime = this.#logClock.now();
    this.#beginMessage(0);
    // Where the next record stands, and where the next accepted one goes: accepted records move up over the others.
    let from = block.length;
    let left = this.#eventCount;
    while (left > 0) {
      const count = left < BATCH_RECORDS ? left : BATCH_RECORDS;
      from = this.#examine(block, from, count);
      for (let i = 0; i < count; i++) {
        this.#decide(block, this.#candidates[i] as Candidate, this.#positions[i] as number);
        if (--this.#undecided === 0) this.#endMessage();
      }
      left -= count;
    }
  }

  /** Examines this many records from `from` on, and fetches what they will look up. @returns where the last one ends */
  #examine(block: Block, from: number, count: number): number {
    const judge = this.#judge;
    const candidates = this.#candidates;
    const { logTime, u32 } = block;
    const words = this.#words;
    let position = from;
    for (let i = 0; i < count; i++) {
      const candidate = candidates[i] as Candidate;
      this.#positions[i] = position;
      words[EXAMINED] = ++this.#examined;
      if (judge.examine(candidate, block, position, logTime)) this.#fetchAhead.add(candidate);
      position += u32[(position + RECORD_LENGTH) >>> 2] as number;
    }
    words[EXAMINED] = 0;
    this.#fetchAhead.run();
    return position;
  }

  #decide(block: Block, candidate: Candidate, position: number): void {
    const { u8, u32, logTime } = block;
    const frameIndex = u32[(position + RECORD_FRAME_INDEX) >>> 2] as number;
    const verdict = this.#judge.decide(candidate, block, position, logTime);
    if (verdict === ACCEPT) {
      const to = block.length;
      const recordLength = u32[(position + RECORD_LENGTH) >>> 2] as number;
      if (to !== position) u8.copyWithin(to, position, position + recordLength);
      u32[(to + RECORD_FRAME_INDEX) >>> 2] = 0;
      const offset = block.firstOffset + block.recordCount;
      block.recordCount += 1;
      block.length = to + recordLength;
      this.#records.apply(candidate, block, to, offset, logTime, offset === block.firstOffset);
      if (this.#accepted === 0) this.#firstOffset = offset;
      this.#releaseAt = offset;
      this.#accepted += 1;
    } else if (verdict === DUPLICATE) {
      const first = candidate.duplicateOffset;
      this.#exceptions.addDuplicate(frameIndex, first);
      // The first may not be flushed yet; one known by its sequence alone may be any that is processed.
      const covers = first >= 0 ? first : this.#records.processedOffset;
      if (covers > this.#releaseAt) this.#releaseAt = covers;
    } else {
      this.#exceptions.addRejection(frameIndex, candidate.errorId, candidate.detail);
    }
  }

  #beginMessage(message: number): void {
    this.#message = message;
    this.#undecided = this.#eventCounts[message] as number;
    this.#firstOffset = -1;
    this.#accepted = 0;
    this.#releaseAt = -1;
    this.#exceptions.reset();
  }

  #endMessage(): void {
    const message = this.#message;
    const exceptions = this.#exceptions;
    const accepted = this.#accepted;
    const { duplicateCount, rejectedCount } = exceptions;
    this.#meter.judged(accepted, duplicateCount, rejectedCount, this.#receivedAt[message] as number);
    const slot = this.#slots[message] as number;
    if (slot !== NO_REPLY) {
      const acks = this.#levels[message] === LEVEL_WRITTEN ? this.#writtenAcks : this.#durableAcks;
      acks.add(
        slot,
        this.#generations[message] as number,
        this.#firstOffset,
        accepted,
        duplicateCount,
        rejectedCount,
        exceptions.take(),
        this.#releaseAt,
      );
    }
    if (message + 1 < this.#messageCount) this.#beginMessage(message + 1);
  }
}
