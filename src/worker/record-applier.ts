// data plane
import type { Answer } from '../operators/lookup.ts';
import {
  CODEC_MOVED,
  KIND_ANSWER,
  KIND_EVENT,
  KIND_MOVED,
  MARK_IS_IDLE,
  MOVED_LEVEL,
  MOVED_SOURCE,
  MOVED_WATERMARK,
  RECORD_CODEC,
  RECORD_EVENT_TIME,
  RECORD_FLAGS,
  RECORD_HEADER_BYTES,
  RECORD_KEY_HASH,
  RECORD_PRODUCER_EPOCH,
  RECORD_PRODUCER_HASH,
  RECORD_PRODUCER_SEQUENCE,
  RECORD_STREAM_ID,
  RECORD_VALUE_LENGTH,
  TICK_NOTHING_WAITS,
} from '../record/layout.ts';
import type { PartitionState } from '../store/partition-state.ts';
import { ValueCodec } from '../store/value-codec.ts';
import type { Candidate } from './candidate.ts';
import type { EventApplier } from './event-applier.ts';
import type { LaneContext } from './event-context.ts';
import { channelOf } from './exchange.ts';
import type { RecordMemory } from './judge.ts';

/**
 * What an accepted event does to a lane, live and at a replay alike: its identities are kept, its producer moves on, and
 * it runs through the topology.
 */
export class RecordApplier {
  /** Last offset that was applied. */
  processedOffset: number;
  readonly #state: PartitionState;
  readonly #context: LaneContext;
  readonly #applier: EventApplier;
  readonly #partitionCount: number;
  readonly #codec = ValueCodec.selfDescribing();

  constructor(
    state: PartitionState,
    context: LaneContext,
    applier: EventApplier,
    processedOffset: number,
    partitionCount: number,
  ) {
    this.#partitionCount = partitionCount;
    this.processedOffset = processedOffset;
    this.#state = state;
    this.#context = context;
    this.#applier = applier;
  }

  /**
   * @param candidate what the record at `position` holds
   * @param isFirst whether it is the first of its block: time has moved on since the one before
   */
  apply(
    candidate: Candidate,
    memory: RecordMemory,
    position: number,
    offset: number,
    logTime: number,
    isFirst: boolean,
  ): void {
    this.#applier.beginRecord();
    if (isFirst) this.#applier.fireLogTime(offset, logTime);
    if (candidate.kind === KIND_EVENT) this.#applyEvent(candidate, memory, position, offset, logTime);
    else if (candidate.kind === KIND_MOVED) this.#applyMoved(memory, position, offset, logTime);
    else if (candidate.kind === KIND_ANSWER) this.#applyAnswer(memory, position, offset, logTime);
    else this.#applyTick(memory, position, offset, logTime);
    this.#applier.fireEventTime(offset, logTime);
    this.#applier.whereabouts.end();
    this.processedOffset = offset;
  }

  #applyTick(memory: RecordMemory, position: number, offset: number, logTime: number): void {
    this.#context.moveTo(offset, logTime, logTime);
    if ((memory.u8[position + RECORD_FLAGS] as number) & TICK_NOTHING_WAITS) this.#applier.judgeIdle(logTime);
  }

  #applyMoved(memory: RecordMemory, position: number, offset: number, logTime: number): void {
    const { u8, u32, f64 } = memory;
    const word = position >>> 2;
    const { outbox } = this.#state;
    const source = u32[word + MOVED_SOURCE / 4] as number;
    const level = u32[word + MOVED_LEVEL / 4] as number;
    const sequence = f64[(position + RECORD_PRODUCER_SEQUENCE) >>> 3] as number;
    // Outside the event: a dead letter has been taken too, and its number with it.
    outbox.lastSeen[channelOf(level, source, this.#partitionCount)] = sequence;
    const { record, whereabouts, stuck } = this.#applier;
    record.streamId = -1;
    record.offset = -1;
    record.bytes = u8;
    record.start = position + RECORD_HEADER_BYTES;
    record.length = u32[word + RECORD_VALUE_LENGTH / 4] as number;
    record.codec = CODEC_MOVED;
    const time = f64[(position + RECORD_EVENT_TIME) >>> 3] as number;
    const hop = u16At(u8, position + RECORD_STREAM_ID);
    if (record.length === 0) {
      const isIdle = ((u8[position + RECORD_FLAGS] as number) & MARK_IS_IDLE) !== 0;
      this.#context.moveTo(offset, time, logTime);
      this.#applier.applyMark(hop, source, f64[(position + MOVED_WATERMARK) >>> 3] as number, isIdle);
      return;
    }
    const change = this.#codec.decode(u8, record.start, record.start + record.length) as [string, unknown, unknown];
    const [key] = change;
    this.#context.moveTo(offset, time, logTime);
    whereabouts.beginMoved(offset, level, source, sequence, key);
    const note = stuck.isEmpty ? null : stuck.moved(offset, level, source, sequence);
    if (note === null) this.#applier.applyMoved(hop, change);
    else this.#applier.setAside(key, note);
  }

  #applyAnswer(memory: RecordMemory, position: number, offset: number, logTime: number): void {
    const { u8, u32, f64 } = memory;
    const start = position + RECORD_HEADER_BYTES;
    const end = start + (u32[(position + RECORD_VALUE_LENGTH) >>> 2] as number);
    this.#context.moveTo(offset, f64[(position + RECORD_EVENT_TIME) >>> 3] as number, logTime);
    const answer = this.#codec.decode(u8, start, end) as Answer;
    this.#applier.applyAnswer(u16At(u8, position + RECORD_STREAM_ID), answer);
  }

  #applyEvent(candidate: Candidate, memory: RecordMemory, position: number, offset: number, logTime: number): void {
    const { u8, u32, f64 } = memory;
    const word = position >>> 2;
    const state = this.#state;
    const { fingerprint, identityCount, identityLow, identityHigh } = candidate;
    for (let i = 0; i < identityCount; i++) {
      state.dedupe.insert(identityLow[i] as number, identityHigh[i] as number, fingerprint, offset, logTime);
    }
    const producerLow = u32[word + RECORD_PRODUCER_HASH / 4] as number;
    const producerHigh = u32[word + RECORD_PRODUCER_HASH / 4 + 1] as number;
    if (producerLow !== 0 || producerHigh !== 0) {
      const epoch = u16At(u8, position + RECORD_PRODUCER_EPOCH);
      const sequence = f64[(position + RECORD_PRODUCER_SEQUENCE) >>> 3] as number;
      // Outside the event: a dead letter has been taken too, and its sequence with it.
      state.producers.advance(producerLow, producerHigh, epoch, sequence, logTime);
    }
    const { record, whereabouts, stuck } = this.#applier;
    record.streamId = candidate.streamId;
    record.offset = -1;
    record.bytes = u8;
    record.start = position + RECORD_HEADER_BYTES;
    record.length = u32[word + RECORD_VALUE_LENGTH / 4] as number;
    record.codec = u8[position + RECORD_CODEC] as number;
    this.#context.moveTo(offset, candidate.eventTime, logTime);
    const { streamId, key } = candidate;
    const keyLow = u32[word + RECORD_KEY_HASH / 4] as number;
    const keyHigh = u32[word + RECORD_KEY_HASH / 4 + 1] as number;
    whereabouts.beginEvent(offset, streamId, keyLow, keyHigh, fingerprint);
    const note = stuck.isEmpty ? null : stuck.event(offset, streamId, keyLow, keyHigh, fingerprint);
    if (note === null) this.#applier.apply(streamId, key, candidate.value);
    else this.#applier.setAside(key, note);
  }
}

function u16At(u8: Uint8Array, at: number): number {
  return (u8[at] as number) | ((u8[at + 1] as number) << 8);
}
