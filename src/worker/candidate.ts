import { KIND_EVENT } from '../record/layout.ts';

/** An Idempotency-Key and up to seven `id` fields; the topology is checked against it. */
export const MAX_IDENTITIES = 8;

/** Records that are examined before the first of them is decided, so that what they will look up comes in together. */
export const BATCH_RECORDS = 32;

/**
 * What is known of one record before and after it is decided: the decoded event, and what the log, the deduplication
 * table and the topology need of it. One instance is filled again and again.
 */
export class Candidate {
  /** Why the record is refused: the number of the error, 0 if it is not. */
  errorId = 0;
  detail = '';
  /** Of another kind than KIND_EVENT nothing else is known here. */
  kind = KIND_EVENT;
  streamId = 0;
  value: Record<string, unknown> = {};
  key = '';
  eventTime = 0;
  fingerprint = 0;
  /** Hashes that the deduplication table keeps for this event: its Idempotency-Key and its `id` fields. */
  identityCount = 0;
  readonly identityLow = new Uint32Array(MAX_IDENTITIES);
  readonly identityHigh = new Uint32Array(MAX_IDENTITIES);
  readonly identityKinds = new Uint16Array(MAX_IDENTITIES);
  /** Of a duplicate: where its first stands, -1 if only its producer's sequence is known. */
  duplicateOffset = -1;
}
