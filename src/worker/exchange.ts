// data plane
import { assert } from '../base/assert.ts';
import { MokaError } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import { type KeyedHash, partitionOf } from '../base/hash.ts';
import type { Repartitioner } from '../operators/repartition.ts';
import {
  CODEC_MOVED,
  KIND_MOVED,
  MARK_IS_IDLE,
  MOVED_LEVEL,
  MOVED_OFFSET,
  MOVED_SOURCE,
  MOVED_WATERMARK,
  RECORD_HEADER_BYTES,
  RECORD_LENGTH,
  recordLength,
} from '../record/layout.ts';
import { RecordHeader, writeRecordHeader } from '../record/record-writer.ts';
import type { Doorbell } from '../ring/doorbell.ts';
import { FRAME_HEADER_BYTES } from '../ring/ring-layout.ts';
import { INSUFFICIENT_CAPACITY, type SpscRing } from '../ring/spsc-ring.ts';
import type { Outbox } from '../store/outbox.ts';
import type { OutboxQueue } from '../store/outbox-queue.ts';
import { ValueCodec } from '../store/value-codec.ts';
import type { HopSpec } from '../topology/compiled.ts';
import type { Asker } from './asker.ts';
import type { LaneContext } from './event-context.ts';

/** One way between two partitions, for the hops of one level: a ring there, and a number back. */
export interface ExchangeLink {
  readonly level: number;
  /** The partition at the other end. */
  readonly peer: number;
  readonly ring: SpscRing;
  /** What the target holds durably: a sequence number; the target writes it, the source reads it. */
  readonly confirmed: Float64Array;
  /** Of the thread at the other end. */
  readonly bell: Doorbell;
}

export interface ExchangeOptions {
  readonly partition: number;
  readonly partitionCount: number;
  readonly hops: readonly HopSpec[];
  readonly linksOut: readonly ExchangeLink[];
  readonly linksIn: readonly ExchangeLink[];
  /** By partition: how many levels it has done with while all of them drain. */
  readonly drained: Int32Array;
  readonly routingHash: KeyedHash;
}

/** Records of one level that may wait unconfirmed before what makes more of them is held back. */
const LEVEL_BYTES_MAX = 1024 * 1024;

/** Number of the channel to, or from, a partition at a level. */
export function channelOf(level: number, peer: number, partitionCount: number): number {
  return (level - 1) * partitionCount + peer;
}

/**
 * A partition's ways to and from the others. What an event sends waits in the outbox until a flush covers the event, goes
 * over a ring, and stays in the outbox until the target says that its own log holds it. So a crash on either side loses
 * nothing, and the target takes nothing twice: it knows the last number of each way.
 *
 * ```
 *   source   event ─► outbox ── flushed ──► ring ─►   target   its log, as input of its own ── flushed ─┐
 *               ▲ dropped ◄────────────── confirmed ◄───────────────────────────────────────────────────┘
 * ```
 * Levels keep this from locking up: what comes in at a level is taken only while the outboxes of all later ones have room,
 * and the last level has none to wait for.
 */
export class Exchange implements Repartitioner {
  readonly partition: number;
  readonly linksIn: readonly ExchangeLink[];
  readonly levelCount: number;
  readonly partitionCount: number;
  readonly #hops: readonly HopSpec[];
  readonly #linksOut: readonly ExchangeLink[];
  readonly #drained: Int32Array;
  readonly #routing: KeyedHash;
  readonly #outbox: Outbox;
  readonly #context: LaneContext;
  readonly #codec = ValueCodec.selfDescribing();
  readonly #header = new RecordHeader();
  /** By link in: the last number that the block in flight, or sealed before it, holds. */
  readonly #sealed: Float64Array;
  readonly #maxRecordBytes: number;

  constructor(options: ExchangeOptions, outbox: Outbox, context: LaneContext) {
    this.partition = options.partition;
    this.levelCount = Math.max(0, ...options.hops.map((hop) => hop.level));
    this.partitionCount = options.partitionCount;
    this.#hops = options.hops;
    this.#linksOut = options.linksOut;
    this.linksIn = options.linksIn;
    this.#drained = options.drained;
    this.#routing = options.routingHash;
    this.#outbox = outbox;
    this.#context = context;
    this.#sealed = new Float64Array(options.linksIn.length);
    this.#maxRecordBytes = Math.min(...options.linksOut.map(({ ring }) => ring.maxMessageLength));
  }

  // ------------------------------------------------------------------ source

  partitionOf(key: string): number {
    const routing = this.#routing;
    routing.hashString(key);
    return partitionOf(routing.low, routing.high, this.partitionCount);
  }

  send(hop: number, target: number, key: string, next: unknown, previous: unknown, time: number): void {
    const { level } = this.#hops[hop] as HopSpec;
    const codec = this.#codec;
    codec.encode([key, next, previous]);
    const { written } = codec;
    const length = recordLength(written.length, 0);
    if (length > this.#maxRecordBytes) {
      throw new MokaError('ERR_OPERATOR_FAILED', `change to move bytes=${length} max=${this.#maxRecordBytes}`);
    }
    const header = this.#header;
    header.flags = 0;
    header.eventTime = time;
    header.valueLength = written.length;
    const queue = this.#outbox.touch(channelOf(level, target, this.partitionCount));
    const position = this.#append(queue, hop, level, 0);
    written.bytes.copy(queue.u8, position + RECORD_HEADER_BYTES, 0, written.length);
    queue.commit(length);
  }

  mark(hop: number, target: number, watermark: number, isIdle: boolean): void {
    const { level } = this.#hops[hop] as HopSpec;
    const header = this.#header;
    header.flags = isIdle ? MARK_IS_IDLE : 0;
    header.eventTime = this.#context.logTime;
    header.valueLength = 0;
    const queue = this.#outbox.touch(channelOf(level, target, this.partitionCount));
    this.#append(queue, hop, level, watermark);
    queue.commit(recordLength(0, 0));
  }

  /** Writes the header of the next record on a way. @returns where it stands */
  #append(queue: OutboxQueue, hop: number, level: number, watermark: number): number {
    const header = this.#header;
    const position = queue.claim(recordLength(header.valueLength, 0));
    header.kind = KIND_MOVED;
    header.codec = CODEC_MOVED;
    header.streamId = hop;
    header.producerSequence = queue.tailSequence;
    const { u32, f64 } = queue;
    writeRecordHeader(u32, f64, position, header);
    u32[(position + MOVED_SOURCE) >>> 2] = this.partition;
    u32[(position + MOVED_LEVEL) >>> 2] = level;
    f64[(position + MOVED_OFFSET) >>> 3] = this.#context.offset;
    f64[(position + MOVED_WATERMARK) >>> 3] = watermark;
    return position;
  }

  /** Whether more may be made that goes out at this level, or at a later one if hops before that lead back to here. */
  hasRoom(level: number): boolean {
    for (let one = level; one <= this.levelCount; one++) {
      let bytes = 0;
      for (let peer = 0; peer < this.partitionCount; peer++) bytes += this.#queue(one, peer).bytes;
      if (bytes >= LEVEL_BYTES_MAX) return false;
    }
    return true;
  }

  /** Sends what a flush covers, as far as the rings have room. */
  flush(durableThrough: number): void {
    for (const { level, peer, ring, bell } of this.#linksOut) {
      const queue = this.#queue(level, peer);
      let hasSent = false;
      for (let position = queue.next(durableThrough); position >= 0; position = queue.next(durableThrough)) {
        const length = queue.u32[(position + RECORD_LENGTH) >>> 2] as number;
        const index = ring.tryClaim(length);
        if (index === INSUFFICIENT_CAPACITY) break;
        ring.u8.set(queue.u8.subarray(position, position + length), index);
        ring.commit(length);
        queue.sent();
        hasSent = true;
      }
      if (!hasSent) continue;
      failpoint('exchange.before-hand-over');
      ring.publish();
      bell.ring();
      failpoint('exchange.after-hand-over');
    }
  }

  /**
   * Drops what the targets hold durably by now.
   * @throws MokaError ERR_LOG_DAMAGED when one holds what this log has no event for
   */
  takeConfirmations(): void {
    for (const { level, peer, confirmed } of this.#linksOut) {
      const queue = this.#queue(level, peer);
      const sequence = confirmed[0] as number;
      if (sequence < queue.headSequence) continue;
      if (sequence >= queue.tailSequence) {
        throw new MokaError(
          'ERR_LOG_DAMAGED',
          `partition=${peer} holds change=${sequence} of this one, whose log makes ${queue.tailSequence - 1} only`,
          { partition: this.partition },
        );
      }
      queue.confirm(sequence);
    }
  }

  /** Whether the targets hold durably, and so have processed, what events through this offset have sent. */
  isTakenThrough(offset: number): boolean {
    for (const { level, peer } of this.#linksOut) {
      if (this.#queue(level, peer).firstOffset <= offset) return false;
    }
    return true;
  }

  // ------------------------------------------------------------------ target

  /** Sequence number that is taken next on this way in. */
  expected(link: ExchangeLink): number {
    return (this.#outbox.lastSeen[channelOf(link.level, link.peer, this.partitionCount)] as number) + 1;
  }

  /** Everything taken so far is in a block that is on its way to the disk. */
  sealed(): void {
    this.linksIn.forEach((link, index) => {
      this.#sealed[index] = this.expected(link) - 1;
    });
  }

  /** The block that was sealed last is durable: the sources may forget what it holds. */
  confirmSealed(): void {
    this.linksIn.forEach(({ confirmed, bell }, index) => {
      const sequence = this.#sealed[index] as number;
      if (sequence <= (confirmed[0] as number)) return;
      failpoint('exchange.before-confirm');
      confirmed[0] = sequence;
      bell.ring();
      failpoint('exchange.after-confirm');
    });
  }

  // ------------------------------------------------------------------ both

  /**
   * Whether a thread that sleeps must get up: something came in that can be taken, was confirmed, or can go out. A full
   * ring is no reason: its reader confirms what it takes, and rings then.
   */
  hasWork(durableThrough: number, canAdmit: boolean, asker: Asker | null): boolean {
    if (canAdmit) {
      for (const { ring, level } of this.linksIn) {
        if (!ring.isEmpty() && this.hasRoom(level + 1) && asker?.hasRoom(level) !== false) return true;
      }
    }
    for (const { level, peer, confirmed, ring } of this.#linksOut) {
      const queue = this.#queue(level, peer);
      if ((confirmed[0] as number) >= queue.headSequence && !queue.isEmpty) return true;
      const position = queue.next(durableThrough);
      if (position < 0) continue;
      const length = queue.u32[(position + RECORD_LENGTH) >>> 2] as number;
      if (ring.freeBytes() >= 2 * (length + FRAME_HEADER_BYTES)) return true;
    }
    return false;
  }

  /**
   * While all partitions drain: goes through the levels as far as the others let it.
   * @param isQuiet whether nothing from outside is left, and the log is idle
   * @returns whether nothing can come any more
   */
  drain(isQuiet: boolean): boolean {
    const { partition, levelCount } = this;
    let done = Atomics.load(this.#drained, partition);
    while (isQuiet && done <= levelCount && this.#isDone(done)) {
      done += 1;
      Atomics.store(this.#drained, partition, done);
      for (const { bell } of this.#linksOut) bell.ring();
    }
    return done > levelCount;
  }

  /** Whether nothing of this level comes in any more, and what it made for the next is confirmed. */
  #isDone(level: number): boolean {
    if (level > 0) {
      for (let peer = 0; peer < this.partitionCount; peer++) {
        if (Atomics.load(this.#drained, peer) < level) return false;
      }
      for (const { level: of, ring } of this.linksIn) if (of === level && !ring.isEmpty()) return false;
    }
    if (level === this.levelCount) return true;
    for (let peer = 0; peer < this.partitionCount; peer++) if (!this.#queue(level + 1, peer).isEmpty) return false;
    return true;
  }

  #queue(level: number, peer: number): OutboxQueue {
    const queue = this.#outbox.queues[channelOf(level, peer, this.partitionCount)];
    assert(queue !== undefined, `outbox level=${level} peer=${peer}`);
    return queue;
  }
}
