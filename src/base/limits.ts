import { assert } from './assert.ts';

/**
 * Every fixed bound of the engine, each with its reason. What a user may tune stands in the configuration, whose ranges
 * are taken from here. Sizes are bytes.
 */
export const KIB = 1024;
export const MIB = 1024 * KIB;

/** Everything between threads and on disk is aligned to this, so that 32- and 64-bit views can be laid over it. */
export const ALIGNMENT = 8;

/** An order key or view key in UTF-8. LMDB takes 1978 bytes with our prefix; a key that long is a mistake. */
export const MAX_KEY_BYTES = 512;
/** An `Idempotency-Key`; its length is one byte of the record. */
export const MAX_IDEMPOTENCY_KEY_BYTES = 255;
/** A producer's name. */
export const MAX_PRODUCER_BYTES = 128;
/** Nesting of a body: deeper input is an attack on the parser's stack, not an order. */
export const MAX_BODY_DEPTH = 32;
/** Default of the greatest size of one event's value. */
export const DEFAULT_MAX_EVENT_BYTES = 64 * KIB;
/** Events of one WebSocket frame or one batch line group that travel together. */
export const MAX_FRAME_EVENTS = 4096;

/** A block closes at this size even if the flush before it is still running: bounds replay granularity and memory. */
export const DEFAULT_MAX_BLOCK_BYTES = 1 * MIB;
/** A block must hold the largest sub-batch that an ingress may hand over as one ring message. */
export const MAX_INTAKE_MESSAGE_BYTES = 256 * KIB;
/** What an event takes of its message beside its value: headers and idempotency key. */
const EVENT_ENVELOPE_BYTES = 1 * KIB;
/** Greatest value of one event that can be configured: it travels in one message. */
export const MAX_EVENT_BYTES = MAX_INTAKE_MESSAGE_BYTES - EVENT_ENVELOPE_BYTES;
export const DEFAULT_INTAKE_RING_BYTES = 4 * MIB;
export const DEFAULT_ACK_RING_BYTES = 1 * MIB;
export const DEFAULT_SEGMENT_BYTES = 64 * MIB;
export const MIN_SEGMENT_BYTES = 4 * MIB;

/** Text of one rejection's detail on the ack ring. */
export const MAX_REJECTION_DETAIL_BYTES = 512;

/** Event time: 2000-01-01 to 2100-01-01, in ms; outside it a clock is wrong. */
export const MIN_EVENT_TIME_MS = 946_684_800_000;
export const MAX_EVENT_TIME_MS = 4_102_444_800_000;
/** Default skew into the future that an event time may have against the clock of the box. */
export const DEFAULT_MAX_FUTURE_SKEW_MS = 24 * 60 * 60 * 1000;

export const MAX_PARTITIONS = 64;

assert(DEFAULT_MAX_EVENT_BYTES <= MAX_EVENT_BYTES, 'the default may be configured');
assert(MAX_INTAKE_MESSAGE_BYTES <= DEFAULT_INTAKE_RING_BYTES / 4, 'an intake message fits a ring several times');
assert(MAX_INTAKE_MESSAGE_BYTES <= DEFAULT_MAX_BLOCK_BYTES, 'an intake message fits a block');
assert(DEFAULT_MAX_BLOCK_BYTES * 2 <= MIN_SEGMENT_BYTES, 'a segment holds more than one block');
/** Per partition, what is not to be run again; each has cost the life of a process. The oldest leave first. */
export const MAX_STUCK_NOTES = 1_000;
/** What stands in other partitions of what was set aside, per note: it is read at every start. */
export const MAX_STANDING_BYTES = 1 * MIB;
