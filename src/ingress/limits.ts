import { assert } from '../base/assert.ts';
import {
  DEFAULT_MAX_EVENT_BYTES,
  KIB,
  MAX_EVENT_BYTES,
  MAX_FRAME_EVENTS,
  MAX_IDEMPOTENCY_KEY_BYTES,
  MAX_INTAKE_MESSAGE_BYTES,
  MAX_REJECTION_DETAIL_BYTES,
  MIB,
} from '../base/limits.ts';
import { ACK_HEADER_BYTES, EXCEPTION_HEADER_BYTES } from '../record/ack-message.ts';
import { INTAKE_HEADER_BYTES } from '../record/intake-message.ts';
import { recordLength } from '../record/layout.ts';
import { FRAME_HEADER_BYTES } from '../ring/ring-layout.ts';

/** What may be tuned about the intake. Sizes are bytes, times ms. */
export interface IntakeLimits {
  /** Greatest value of one event. */
  readonly maxEventBytes: number;
  /** Longest body of a batch. */
  readonly maxBatchBytes: number;
  /** Bodies that arrive in several pieces are gathered in memory, all together at most this. */
  readonly gatherBytes: number;
  /** Requests that wait for an answer: HTTP requests, batches, frames and in-process events. */
  readonly maxOutstanding: number;
  /** A request without `Prefer: wait` is answered 504 after this time. */
  readonly requestTimeoutMs: number;
  /** Longest WebSocket message. */
  readonly maxFrameBytes: number;
  /** Events a connection may have sent without an ack. */
  readonly creditEvents: number;
  /** Bytes a connection may come to have sent without an ack; it begins with less. */
  readonly creditBytes: number;
  /** Sum of all connections' credit in bytes: what frames that must wait can take at most. */
  readonly stagingBytes: number;
}

export const DEFAULT_INTAKE_LIMITS: IntakeLimits = {
  maxEventBytes: DEFAULT_MAX_EVENT_BYTES,
  maxBatchBytes: 1 * MIB,
  gatherBytes: 64 * MIB,
  maxOutstanding: 16 * 1024,
  requestTimeoutMs: 30_000,
  maxFrameBytes: 1 * MIB,
  creditEvents: 65_536,
  creditBytes: 4 * MIB,
  stagingBytes: 64 * MIB,
};

/** A connection begins with this much credit in bytes and doubles it while it uses it. */
export const INITIAL_CREDIT_BYTES = 512 * KIB;
/** A connection that comes while credit is scarce begins with this, or with one greatest event if that is more. */
export const LEAST_CREDIT_BYTES = 64 * KIB;

/** `:4095` behind a frame's id or a batch's Idempotency-Key makes the identity of one of its events. */
export const INDEX_SUFFIX_BYTES = `:${MAX_FRAME_EVENTS - 1}`.length;
export const MAX_GROUP_IDENTITY_BYTES = MAX_IDEMPOTENCY_KEY_BYTES - INDEX_SUFFIX_BYTES;

/** `Prefer: wait=` above this is taken as this. */
export const MAX_WAIT_SECONDS = 60;

/** A request may be late by this when its time is up: replies are looked through this often. */
export const SWEEP_INTERVAL_MS = 250;
/** Frames that wait for a lane are tried this often when no ack brings news. */
export const STAGING_RETRY_MS = 5;

/** The most an event takes of an intake message. */
export function greatestRecord(maxEventBytes: number): number {
  return recordLength(maxEventBytes, MAX_IDEMPOTENCY_KEY_BYTES);
}

/** Events of one intake message: if every one is refused with the longest detail, the ack still fits the ack ring. */
export function eventsPerMessage(greatestAckBytes: number): number {
  const perEvent = EXCEPTION_HEADER_BYTES + MAX_REJECTION_DETAIL_BYTES;
  return Math.min(MAX_FRAME_EVENTS, Math.floor((greatestAckBytes - ACK_HEADER_BYTES) / perEvent));
}

/** Messages that may be unanswered on one lane, so that their acks fit the ack ring all at once. */
export function messagesPerLane(ackRingBytes: number): number {
  return Math.floor(ackRingBytes / (FRAME_HEADER_BYTES + ACK_HEADER_BYTES)) - 1;
}

assert(
  greatestRecord(MAX_EVENT_BYTES) + INTAKE_HEADER_BYTES <= MAX_INTAKE_MESSAGE_BYTES,
  'the greatest event fits a message',
);
