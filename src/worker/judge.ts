// data plane
import { ERRORS } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { fingerprintBytes, type KeyedHash } from '../base/hash.ts';
import { MIN_EVENT_TIME_MS } from '../base/limits.ts';
import { IDENTITY_IDEMPOTENCY, identityOf, naturalIdentity } from '../record/identity.ts';
import {
  KIND_EVENT,
  RECORD_CODEC,
  RECORD_EVENT_TIME,
  RECORD_FINGERPRINT,
  RECORD_HEADER_BYTES,
  RECORD_ID_HASH,
  RECORD_IDEMPOTENCY_HASH,
  RECORD_IDEMPOTENCY_KEY_LENGTH,
  RECORD_KEY_HASH,
  RECORD_KIND,
  RECORD_PRODUCER_EPOCH,
  RECORD_PRODUCER_HASH,
  RECORD_PRODUCER_SEQUENCE,
  RECORD_STREAM_ID,
  RECORD_VALUE_LENGTH,
} from '../record/layout.ts';
import type { ValueDecoder } from '../record/value-codec.ts';
import type { DedupeTable } from '../store/dedupe-table.ts';
import { PRODUCER_DUPLICATE, PRODUCER_FENCED, type ProducerTable } from '../store/producer-table.ts';
import type { SchemaIssue } from '../topology/compiled.ts';
import type { Candidate } from './candidate.ts';
import { eventTimeProblem, isEventTime, isKey, KEY_RULE } from './door-rules.ts';
import type { StreamRuntime } from './stream-runtime.ts';
import type { StuckNotes } from './stuck-notes.ts';

export const ACCEPT = 0;
export const DUPLICATE = 1;
export const REJECT = 2;

/** Seeds the fingerprint of a value; any constant does, the identity hash beside it is keyed. */
export const FINGERPRINT_SEED = 0x6f726465;

/** The memory a record stands in: a block, with word views over the same bytes. */
export interface RecordMemory {
  readonly u8: Buffer;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
}

/** Finds the bytes of an identity in the log, to tell an equal identity from an equal hash. */
export interface IdentityWitness {
  /** Whether the record at `offset` bears the same identity as the one at `position` of `memory`; true if it is out of reach. */
  hasSameIdentity(offset: number, memory: RecordMemory, position: number, kind: number): boolean;
}

/**
 * Says of one record whether it enters the log, in two steps. `examine` asks nothing of the state: it decodes the record,
 * checks it against its stream's schema and computes its identities, so that many records can be examined before the
 * first is decided. `decide` looks its identities up, when every record before it has been applied. Only new events
 * reach the log, so a replay never judges. Nothing is allocated besides the decoded value.
 */
export class Judge {
  readonly #streams: readonly StreamRuntime[];
  readonly #dedupe: DedupeTable;
  readonly #producers: ProducerTable;
  readonly #routing: KeyedHash;
  readonly #identity: KeyedHash;
  readonly #witness: IdentityWitness;
  readonly #stuck: StuckNotes;

  constructor(
    streams: readonly StreamRuntime[],
    dedupe: DedupeTable,
    producers: ProducerTable,
    routing: KeyedHash,
    identity: KeyedHash,
    witness: IdentityWitness,
    stuck: StuckNotes,
  ) {
    this.#streams = streams;
    this.#dedupe = dedupe;
    this.#producers = producers;
    this.#routing = routing;
    this.#identity = identity;
    this.#witness = witness;
    this.#stuck = stuck;
  }

  /**
   * Decodes and checks the record at `position`, and writes its event time, fingerprint and first identity into it.
   * @returns whether it can be decided; if not, the candidate says why
   */
  examine(candidate: Candidate, memory: RecordMemory, position: number, logTime: number): boolean {
    const { u8, u32, f64 } = memory;
    const word = position >>> 2;
    const streamId =
      (u8[position + RECORD_STREAM_ID] as number) | ((u8[position + RECORD_STREAM_ID + 1] as number) << 8);
    const stream = this.#streams[streamId] as StreamRuntime;
    const start = position + RECORD_HEADER_BYTES;
    const valueLength = u32[word + RECORD_VALUE_LENGTH / 4] as number;
    candidate.errorId = 0;
    candidate.kind = KIND_EVENT;
    candidate.streamId = streamId;
    candidate.identityCount = 0;
    const decoder = stream.decoders[u8[position + RECORD_CODEC] as number];
    if (decoder === undefined) return refuse(candidate, ERRORS.ERR_FRAME_INVALID.id, 'codec unknown');

    if (!this.#stuck.isEmpty && this.#isStuck(candidate, memory, position)) return false;
    let value: unknown;
    try {
      value = decoder.decode(u8, start, start + valueLength);
    } catch (error) {
      return refuseWith(candidate, error);
    }
    if (!decoder.isChecked && !stream.spec.check(value)) return refuseSchema(candidate, stream, value);
    const event = value as Record<string, unknown>;
    candidate.value = event;

    const keyValue = event[stream.keyField];
    const key = typeof keyValue === 'string' ? keyValue : String(keyValue);
    if (!isKey(key)) {
      return refuse(candidate, ERRORS.ERR_EVENT_KEY_INVALID.id, KEY_RULE);
    }
    // The ingress routed by the first member of this name, a parse keeps the last one; where a plan was followed, there is
    // but one. A number may have been written in another way than it reads.
    if (!(decoder.isPlanned && typeof keyValue === 'string') && !this.#isRoutedBy(key, u32, word)) {
      return refuse(candidate, ERRORS.ERR_EVENT_DUPLICATE_MEMBER.id, `key member=${stream.keyField} is not unique`);
    }
    candidate.key = key;

    let eventTime = logTime;
    if (stream.eventTimeField !== null) {
      const field = event[stream.eventTimeField];
      if (field !== undefined) eventTime = field as number;
      if (!isEventTime(eventTime, MIN_EVENT_TIME_MS, logTime, stream.spec.maxFutureSkewMs)) {
        return refuseEventTime(candidate, stream, field);
      }
    }
    candidate.eventTime = eventTime;
    f64[(position + RECORD_EVENT_TIME) >>> 3] = eventTime;

    const fingerprint = fingerprintBytes(u32, start, valueLength, FINGERPRINT_SEED);
    candidate.fingerprint = fingerprint;
    u32[word + RECORD_FINGERPRINT / 4] = fingerprint;
    if (!stream.isDeduplicating) return true;
    try {
      this.#collectIdentities(candidate, memory, position, stream);
    } catch (error) {
      const detail = `id.when of stream=${stream.spec.name} threw: ${String(error)}`;
      return refuse(candidate, ERRORS.ERR_OPERATOR_FAILED.id, detail);
    }
    return true;
  }

  #isRoutedBy(key: string, u32: Uint32Array, word: number): boolean {
    const routing = this.#routing;
    routing.hashString(key);
    return (
      routing.low >>> 0 === u32[word + RECORD_KEY_HASH / 4] &&
      routing.high >>> 0 === u32[word + RECORD_KEY_HASH / 4 + 1]
    );
  }

  /** Whether this event was examined before, and that did not come to an end. */
  #isStuck(candidate: Candidate, { u32 }: RecordMemory, position: number): boolean {
    const word = position >>> 2;
    const length = u32[word + RECORD_VALUE_LENGTH / 4] as number;
    const note = this.#stuck.examined(
      candidate.streamId,
      u32[word + RECORD_KEY_HASH / 4] as number,
      u32[word + RECORD_KEY_HASH / 4 + 1] as number,
      fingerprintBytes(u32, position + RECORD_HEADER_BYTES, length, FINGERPRINT_SEED),
    );
    if (note === null) return false;
    const detail = `whether it fits was not known after ms=${note.silentMs}`;
    refuse(candidate, ERRORS.ERR_EVENT_SCHEMA.id, issuesAsJson([{ code: 'ERR_EVENT_SCHEMA', pointer: '', detail }]));
    return true;
  }

  /** @returns ACCEPT, DUPLICATE or REJECT; the record was examined, and all before it are decided and applied */
  decide(candidate: Candidate, memory: RecordMemory, position: number, logTime: number): number {
    if (candidate.errorId !== 0) return REJECT;
    const stream = this.#streams[candidate.streamId] as StreamRuntime;
    const { u8, u32, f64 } = memory;
    const word = position >>> 2;
    let isDuplicate = false;
    candidate.duplicateOffset = -1;

    const producerLow = u32[word + RECORD_PRODUCER_HASH / 4] as number;
    const producerHigh = u32[word + RECORD_PRODUCER_HASH / 4 + 1] as number;
    const hasProducer = producerLow !== 0 || producerHigh !== 0;
    const hasNoPlace = hasProducer && this.#producers.isFull(producerLow, producerHigh, logTime);
    if (!stream.isDeduplicating) return hasNoPlace ? refuseProducer(candidate) : ACCEPT;
    if (hasProducer) {
      const epoch =
        (u8[position + RECORD_PRODUCER_EPOCH] as number) | ((u8[position + RECORD_PRODUCER_EPOCH + 1] as number) << 8);
      const sequence = f64[(position + RECORD_PRODUCER_SEQUENCE) >>> 3] as number;
      const verdict = this.#producers.check(producerLow, producerHigh, epoch, sequence);
      if (verdict === PRODUCER_FENCED) {
        refuse(candidate, ERRORS.ERR_PRODUCER_FENCED.id, `producer epoch=${epoch}`);
        return REJECT;
      }
      if (verdict === PRODUCER_DUPLICATE) isDuplicate = true;
    }

    const count = candidate.identityCount;
    for (let i = 0; i < count; i++) {
      const verdict = this.#lookUp(candidate, memory, position, i);
      if (verdict === REJECT) return REJECT;
      if (verdict === DUPLICATE) isDuplicate = true;
    }
    if (count === 0 && !hasProducer) {
      refuse(candidate, ERRORS.ERR_IDENTITY_MISSING.id, identityHint(stream));
      return REJECT;
    }
    if (isDuplicate) return DUPLICATE;
    if (hasNoPlace) return refuseProducer(candidate);
    if (count !== 0 && this.#dedupe.isFull(logTime)) {
      refuse(candidate, ERRORS.ERR_IDENTITY_WINDOW_FULL.id, 'every entry of the window is in use');
      return REJECT;
    }
    return ACCEPT;
  }

  /** Reads an event back from the log at a replay: the fields of an accepted one, without judging. */
  recall(candidate: Candidate, memory: RecordMemory, position: number): void {
    const { u8, u32, f64 } = memory;
    candidate.kind = u8[position + RECORD_KIND] as number;
    if (candidate.kind !== KIND_EVENT) return;
    const word = position >>> 2;
    const streamId =
      (u8[position + RECORD_STREAM_ID] as number) | ((u8[position + RECORD_STREAM_ID + 1] as number) << 8);
    const stream = this.#streams[streamId] as StreamRuntime;
    const start = position + RECORD_HEADER_BYTES;
    const valueLength = u32[word + RECORD_VALUE_LENGTH / 4] as number;
    const decoder = stream.decoders[u8[position + RECORD_CODEC] as number] as ValueDecoder;
    const event = decoder.decode(u8, start, start + valueLength) as Record<string, unknown>;
    const keyValue = event[stream.keyField];
    candidate.errorId = 0;
    candidate.streamId = streamId;
    candidate.value = event;
    candidate.key = typeof keyValue === 'string' ? keyValue : String(keyValue);
    candidate.eventTime = f64[(position + RECORD_EVENT_TIME) >>> 3] as number;
    candidate.fingerprint = u32[word + RECORD_FINGERPRINT / 4] as number;
    candidate.identityCount = 0;
    if (stream.isDeduplicating) this.#collectIdentities(candidate, memory, position, stream);
  }

  #collectIdentities(candidate: Candidate, memory: RecordMemory, position: number, stream: StreamRuntime): void {
    const u32 = memory.u32;
    const word = position >>> 2;
    const { value, identityLow, identityHigh, identityKinds } = candidate;
    let count = 0;
    const idempotencyLow = u32[word + RECORD_IDEMPOTENCY_HASH / 4] as number;
    const idempotencyHigh = u32[word + RECORD_IDEMPOTENCY_HASH / 4 + 1] as number;
    if (idempotencyLow !== 0 || idempotencyHigh !== 0) {
      identityLow[count] = idempotencyLow;
      identityHigh[count] = idempotencyHigh;
      identityKinds[count] = IDENTITY_IDEMPOTENCY;
      count += 1;
    }
    const keyLow = u32[word + RECORD_KEY_HASH / 4] as number;
    const keyHigh = u32[word + RECORD_KEY_HASH / 4 + 1] as number;
    const hash = this.#identity;
    const identities = stream.spec.identities;
    for (let i = 0; i < identities.length; i++) {
      const identity = identities[i] as (typeof identities)[number];
      if (identity.appliesTo !== null && !identity.appliesTo(value)) continue;
      const field = value[identity.field];
      if (field === undefined || field === null) continue;
      const kind = naturalIdentity(i);
      const text = typeof field === 'string' ? field : String(field);
      identityOf(hash, candidate.streamId, keyLow, keyHigh, kind, text);
      identityLow[count] = hash.low;
      identityHigh[count] = hash.high;
      identityKinds[count] = kind;
      if (count === 0 || identityKinds[count - 1] === IDENTITY_IDEMPOTENCY) {
        u32[word + RECORD_ID_HASH / 4] = hash.low;
        u32[word + RECORD_ID_HASH / 4 + 1] = hash.high;
      }
      count += 1;
    }
    candidate.identityCount = count;
  }

  #lookUp(candidate: Candidate, memory: RecordMemory, position: number, index: number): number {
    const dedupe = this.#dedupe;
    const { identityLow, identityHigh, identityKinds } = candidate;
    if (!dedupe.lookup(identityLow[index] as number, identityHigh[index] as number)) return ACCEPT;
    const offset = dedupe.foundOffset;
    if (dedupe.foundFingerprint >>> 0 === candidate.fingerprint) {
      candidate.duplicateOffset = offset;
      return DUPLICATE;
    }
    if (!this.#witness.hasSameIdentity(offset, memory, position, identityKinds[index] as number)) return ACCEPT;
    refuse(candidate, ERRORS.ERR_IDENTITY_MISMATCH.id, `identity first used at offset=${offset} with other content`);
    return REJECT;
  }
}

/** @returns false, for the caller to return */
function refuse(candidate: Candidate, errorId: number, detail: string): false {
  candidate.errorId = errorId;
  candidate.detail = detail;
  return false;
}

/** @returns REJECT: were it taken, a producer within the window would be forgotten, or it would not be remembered itself */
function refuseProducer(candidate: Candidate): number {
  refuse(
    candidate,
    ERRORS.ERR_IDENTITY_WINDOW_FULL.id,
    'producer is new, and dedupe.maxProducers are within the window',
  );
  return REJECT;
}

function refuseWith(candidate: Candidate, error: unknown): false {
  if (!(error instanceof MokaError)) throw error;
  return refuse(candidate, ERRORS[error.code].id, error.message);
}

function refuseSchema(candidate: Candidate, stream: StreamRuntime, value: unknown): false {
  const issues = stream.spec.errors(value);
  const code = issues[0]?.code ?? 'ERR_EVENT_SCHEMA';
  return refuse(candidate, ERRORS[code].id, issuesAsJson(issues));
}

function refuseEventTime(candidate: Candidate, stream: StreamRuntime, field: unknown): false {
  const { eventTimeField, spec } = stream;
  const detail = eventTimeProblem(eventTimeField, field, MIN_EVENT_TIME_MS, spec.maxFutureSkewMs);
  return refuse(candidate, ERRORS.ERR_EVENT_TIME_RANGE.id, detail);
}

/** Length of the Idempotency-Key that a record carries behind its value. */
export function idempotencyKeyLength(memory: RecordMemory, position: number): number {
  return memory.u8[position + RECORD_IDEMPOTENCY_KEY_LENGTH] as number;
}

function identityHint(stream: StreamRuntime): string {
  const fields = stream.spec.identities.map((identity) => identity.field).join(',');
  return `no identity: send an Idempotency-Key${fields === '' ? '' : `, a field of id=${fields}`} or a producer with a sequence`;
}

/** As many issues as fit the detail of a rejection; a JSON array always. */
function issuesAsJson(issues: readonly SchemaIssue[]): string {
  const rows: { pointer: string; detail: string }[] = [];
  let length = 2;
  for (const { pointer, detail } of issues) {
    const row = { pointer: pointer.slice(0, 120), detail: detail.slice(0, 120) };
    length += Buffer.byteLength(JSON.stringify(row)) + 1;
    if (length > 500) break;
    rows.push(row);
  }
  return JSON.stringify(rows);
}
