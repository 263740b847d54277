// data plane
import { ERRORS } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { fingerprintBytes, type KeyedHash } from '../base/hash.ts';
import { MAX_EVENT_TIME_MS, MAX_KEY_BYTES, MIN_EVENT_TIME_MS } from '../base/limits.ts';
import { IDENTITY_IDEMPOTENCY, identityOf, naturalIdentity } from '../record/identity.ts';
import {
  RECORD_CODEC,
  RECORD_EVENT_TIME,
  RECORD_FINGERPRINT,
  RECORD_HEADER_BYTES,
  RECORD_ID_HASH,
  RECORD_IDEMPOTENCY_HASH,
  RECORD_IDEMPOTENCY_KEY_LENGTH,
  RECORD_KEY_HASH,
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
import type { StreamRuntime } from './stream-runtime.ts';

export const ACCEPT = 0;
export const DUPLICATE = 1;
export const REJECT = 2;

/** Seeds the fingerprint of a value; any constant does, the identity hash beside it is keyed. */
const FINGERPRINT_SEED = 0x6f726465;

/** An Idempotency-Key and up to seven `id` fields; the topology is checked against it. */
export const MAX_IDENTITIES = 8;

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
 * Says of one record whether it enters the log: decodes it, checks it against its stream's schema, and looks its
 * identities up. Only new events reach the log, so a replay never judges. Results stand in fields; nothing is allocated
 * besides the decoded value.
 */
export class Judge {
  // of the last record
  value: Record<string, unknown> = {};
  key = '';
  eventTime = 0;
  duplicateOffset = -1;
  errorId = 0;
  detail = '';
  /** Hashes that the deduplication table keeps for this event: its Idempotency-Key and its `id` fields. */
  identityCount = 0;
  readonly identityLow = new Uint32Array(MAX_IDENTITIES);
  readonly identityHigh = new Uint32Array(MAX_IDENTITIES);

  readonly #kinds = new Uint16Array(MAX_IDENTITIES);
  readonly #streams: readonly StreamRuntime[];
  readonly #dedupe: DedupeTable;
  readonly #producers: ProducerTable;
  readonly #routing: KeyedHash;
  readonly #identity: KeyedHash;
  readonly #witness: IdentityWitness;

  constructor(
    streams: readonly StreamRuntime[],
    dedupe: DedupeTable,
    producers: ProducerTable,
    routing: KeyedHash,
    identity: KeyedHash,
    witness: IdentityWitness,
  ) {
    this.#streams = streams;
    this.#dedupe = dedupe;
    this.#producers = producers;
    this.#routing = routing;
    this.#identity = identity;
    this.#witness = witness;
  }

  /** Judges the record at `position`; on ACCEPT its event time, id hash and fingerprint have been filled in. */
  judge(memory: RecordMemory, position: number, logTime: number): number {
    const { u8, u32, f64 } = memory;
    const word = position >>> 2;
    const streamId =
      (u8[position + RECORD_STREAM_ID] as number) | ((u8[position + RECORD_STREAM_ID + 1] as number) << 8);
    const stream = this.#streams[streamId] as StreamRuntime;
    const start = position + RECORD_HEADER_BYTES;
    const valueLength = u32[word + RECORD_VALUE_LENGTH / 4] as number;
    const decoder = stream.decoders[u8[position + RECORD_CODEC] as number];
    if (decoder === undefined) return this.#reject(ERRORS.ERR_FRAME_INVALID.id, 'codec unknown');

    let value: unknown;
    try {
      value = decoder.decode(u8, start, start + valueLength);
    } catch (error) {
      return this.#rejectWith(error);
    }
    if (!stream.spec.check(value)) return this.#rejectSchema(stream, value);
    const event = value as Record<string, unknown>;
    this.value = event;

    const keyValue = event[stream.keyField];
    const key = typeof keyValue === 'string' ? keyValue : String(keyValue);
    if (!isKey(key))
      return this.#reject(
        ERRORS.ERR_EVENT_KEY_INVALID.id,
        `key empty, over ${MAX_KEY_BYTES} bytes or with control characters`,
      );
    const routing = this.#routing;
    routing.hashString(key);
    const keyLow = u32[word + RECORD_KEY_HASH / 4] as number;
    const keyHigh = u32[word + RECORD_KEY_HASH / 4 + 1] as number;
    // The ingress routed by the first member of this name; the parse kept the last one.
    if (routing.low >>> 0 !== keyLow || routing.high >>> 0 !== keyHigh) {
      return this.#reject(ERRORS.ERR_EVENT_DUPLICATE_MEMBER.id, `key member=${stream.keyField} is not unique`);
    }
    this.key = key;

    let eventTime = logTime;
    if (stream.eventTimeField !== null) {
      const field = event[stream.eventTimeField];
      if (field !== undefined) eventTime = field as number;
      if (
        !(
          eventTime >= MIN_EVENT_TIME_MS &&
          eventTime <= Math.min(MAX_EVENT_TIME_MS, logTime + stream.spec.maxFutureSkewMs)
        )
      ) {
        return this.#reject(
          ERRORS.ERR_EVENT_TIME_RANGE.id,
          `event time ${stream.eventTimeField}=${String(event[stream.eventTimeField])} allowed=${MIN_EVENT_TIME_MS}..now+${stream.spec.maxFutureSkewMs}`,
        );
      }
    }
    this.eventTime = eventTime;
    f64[(position + RECORD_EVENT_TIME) >>> 3] = eventTime;

    const fingerprint = fingerprintBytes(u32, start, valueLength, FINGERPRINT_SEED);
    u32[word + RECORD_FINGERPRINT / 4] = fingerprint;
    this.identityCount = 0;
    if (!stream.isDeduplicating) return ACCEPT;
    return this.#judgeIdentities(memory, position, stream, streamId, keyLow, keyHigh, fingerprint, event, logTime);
  }

  #judgeIdentities(
    memory: RecordMemory,
    position: number,
    stream: StreamRuntime,
    streamId: number,
    keyLow: number,
    keyHigh: number,
    fingerprint: number,
    event: Record<string, unknown>,
    logTime: number,
  ): number {
    const { u8, u32, f64 } = memory;
    const word = position >>> 2;
    let hasIdentity = false;
    let isDuplicate = false;
    this.duplicateOffset = -1;

    const producerLow = u32[word + RECORD_PRODUCER_HASH / 4] as number;
    const producerHigh = u32[word + RECORD_PRODUCER_HASH / 4 + 1] as number;
    if (producerLow !== 0 || producerHigh !== 0) {
      hasIdentity = true;
      const epoch =
        (u8[position + RECORD_PRODUCER_EPOCH] as number) | ((u8[position + RECORD_PRODUCER_EPOCH + 1] as number) << 8);
      const sequence = f64[(position + RECORD_PRODUCER_SEQUENCE) >>> 3] as number;
      const verdict = this.#producers.check(producerLow, producerHigh, epoch, sequence);
      if (verdict === PRODUCER_FENCED) return this.#reject(ERRORS.ERR_PRODUCER_FENCED.id, `producer epoch=${epoch}`);
      if (verdict === PRODUCER_DUPLICATE) isDuplicate = true;
    }

    try {
      this.#collectIdentities(memory, position, stream, streamId, keyLow, keyHigh, event);
    } catch (error) {
      return this.#reject(
        ERRORS.ERR_OPERATOR_FAILED.id,
        `id.when of stream=${stream.spec.name} threw: ${String(error)}`,
      );
    }
    const count = this.identityCount;
    for (let i = 0; i < count; i++) {
      const verdict = this.#lookUp(memory, position, i, fingerprint);
      if (verdict === REJECT) return REJECT;
      if (verdict === DUPLICATE) isDuplicate = true;
    }

    if (count === 0 && !hasIdentity) return this.#reject(ERRORS.ERR_IDENTITY_MISSING.id, identityHint(stream));
    if (isDuplicate) return DUPLICATE;
    if (count !== 0 && this.#dedupe.isFull(logTime)) {
      return this.#reject(ERRORS.ERR_IDENTITY_WINDOW_FULL.id, 'every entry of the window is in use');
    }
    return ACCEPT;
  }

  /** Reads an event back from the log at a replay: the fields of an accepted one, without judging. */
  recall(memory: RecordMemory, position: number): void {
    const { u8, u32, f64 } = memory;
    const word = position >>> 2;
    const streamId =
      (u8[position + RECORD_STREAM_ID] as number) | ((u8[position + RECORD_STREAM_ID + 1] as number) << 8);
    const stream = this.#streams[streamId] as StreamRuntime;
    const start = position + RECORD_HEADER_BYTES;
    const valueLength = u32[word + RECORD_VALUE_LENGTH / 4] as number;
    const decoder = stream.decoders[u8[position + RECORD_CODEC] as number] as ValueDecoder;
    const event = decoder.decode(u8, start, start + valueLength) as Record<string, unknown>;
    const keyValue = event[stream.keyField];
    this.value = event;
    this.key = typeof keyValue === 'string' ? keyValue : String(keyValue);
    this.eventTime = f64[(position + RECORD_EVENT_TIME) >>> 3] as number;
    this.identityCount = 0;
    if (!stream.isDeduplicating) return;
    const keyLow = u32[word + RECORD_KEY_HASH / 4] as number;
    const keyHigh = u32[word + RECORD_KEY_HASH / 4 + 1] as number;
    this.#collectIdentities(memory, position, stream, streamId, keyLow, keyHigh, event);
  }

  #collectIdentities(
    memory: RecordMemory,
    position: number,
    stream: StreamRuntime,
    streamId: number,
    keyLow: number,
    keyHigh: number,
    event: Record<string, unknown>,
  ): void {
    const u32 = memory.u32;
    const word = position >>> 2;
    let count = 0;
    const idempotencyLow = u32[word + RECORD_IDEMPOTENCY_HASH / 4] as number;
    const idempotencyHigh = u32[word + RECORD_IDEMPOTENCY_HASH / 4 + 1] as number;
    if (idempotencyLow !== 0 || idempotencyHigh !== 0) {
      this.identityLow[count] = idempotencyLow;
      this.identityHigh[count] = idempotencyHigh;
      this.#kinds[count] = IDENTITY_IDEMPOTENCY;
      count += 1;
    }
    const hash = this.#identity;
    const identities = stream.spec.identities;
    for (let i = 0; i < identities.length; i++) {
      const identity = identities[i] as (typeof identities)[number];
      if (identity.appliesTo !== null && !identity.appliesTo(event)) continue;
      const field = event[identity.field];
      if (field === undefined || field === null) continue;
      const kind = naturalIdentity(i);
      identityOf(hash, streamId, keyLow, keyHigh, kind, typeof field === 'string' ? field : String(field));
      this.identityLow[count] = hash.low;
      this.identityHigh[count] = hash.high;
      this.#kinds[count] = kind;
      if (count === 0 || this.#kinds[count - 1] === IDENTITY_IDEMPOTENCY) {
        u32[word + RECORD_ID_HASH / 4] = hash.low;
        u32[word + RECORD_ID_HASH / 4 + 1] = hash.high;
      }
      count += 1;
    }
    this.identityCount = count;
  }

  #lookUp(memory: RecordMemory, position: number, index: number, fingerprint: number): number {
    const dedupe = this.#dedupe;
    if (!dedupe.lookup(this.identityLow[index] as number, this.identityHigh[index] as number)) return ACCEPT;
    const offset = dedupe.foundOffset;
    if (dedupe.foundFingerprint >>> 0 === fingerprint) {
      this.duplicateOffset = offset;
      return DUPLICATE;
    }
    if (!this.#witness.hasSameIdentity(offset, memory, position, this.#kinds[index] as number)) return ACCEPT;
    return this.#reject(ERRORS.ERR_IDENTITY_MISMATCH.id, `identity first used at offset=${offset} with other content`);
  }

  #reject(errorId: number, detail: string): number {
    this.errorId = errorId;
    this.detail = detail;
    return REJECT;
  }

  #rejectWith(error: unknown): number {
    if (!(error instanceof MokaError)) throw error;
    return this.#reject(ERRORS[error.code].id, error.message);
  }

  #rejectSchema(stream: StreamRuntime, value: unknown): number {
    const issues = stream.spec.errors(value);
    const code = issues[0]?.code ?? 'ERR_EVENT_SCHEMA';
    return this.#reject(ERRORS[code].id, issuesAsJson(issues));
  }
}

/** Length of the Idempotency-Key that a record carries behind its value. */
export function idempotencyKeyLength(memory: RecordMemory, position: number): number {
  return memory.u8[position + RECORD_IDEMPOTENCY_KEY_LENGTH] as number;
}

function isKey(key: string): boolean {
  const length = key.length;
  if (length === 0 || length > MAX_KEY_BYTES) return false;
  let isAscii = true;
  for (let i = 0; i < length; i++) {
    const code = key.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return false;
    if (code > 0x7f) isAscii = false;
  }
  return isAscii || (key.isWellFormed() && Buffer.byteLength(key) <= MAX_KEY_BYTES);
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
