/**
 * The bytes of one record, the same on the intake ring and in the log, so that a batch is copied whole.
 * Little endian, aligned to 8. Words at a u32 or f64 index are addressed through views over the same memory.
 *
 * ```
 *   0        4    5     6     7         8        10       12           16
 *   +--------+----+-----+-----+---------+--------+--------+------------+--------------------+
 *   | length |kind|codec|flags|idemKeyLn|streamId|prodEpch| valueLength|  eventTime (f64 ms)|
 *   +--------+----+-----+-----+---------+--------+--------+------------+--------------------+ 24
 *   |  keyHash low,high | idempotencyHash low,high  |  idHash low,high  |  (48)
 *   +-------------------+---------------------------+-------------------+
 *   | producerHash low,high (48) | producerSequence f64 (56) | fingerprint u32 (64) | frameIndex u32 (68) |
 *   +----------------------------+---------------------------+---------------------------------------------+ 72
 *   | value bytes as received … | Idempotency-Key bytes … | zero padding to 8 |
 *   +-----------------------------------------------------------------------+ length
 * ```
 * A hash of 0,0 means "no such identity". `frameIndex` is the event's place in the frame or batch it came in; it has
 * a meaning on the ring only and is 0 in the log. `fingerprint` and `idHash` are filled in by the worker.
 */
export const RECORD_HEADER_BYTES = 72;

export const RECORD_LENGTH = 0;
export const RECORD_KIND = 4;
export const RECORD_CODEC = 5;
export const RECORD_FLAGS = 6;
export const RECORD_IDEMPOTENCY_KEY_LENGTH = 7;
export const RECORD_STREAM_ID = 8;
export const RECORD_PRODUCER_EPOCH = 10;
export const RECORD_VALUE_LENGTH = 12;
export const RECORD_EVENT_TIME = 16;
export const RECORD_KEY_HASH = 24;
export const RECORD_IDEMPOTENCY_HASH = 32;
export const RECORD_ID_HASH = 40;
export const RECORD_PRODUCER_HASH = 48;
export const RECORD_PRODUCER_SEQUENCE = 56;
export const RECORD_FINGERPRINT = 64;
export const RECORD_FRAME_INDEX = 68;

/** Kinds: an event from outside, and the control records that carry what cannot be derived. */
export const KIND_EVENT = 1;
/** Time went on and nothing came: what waits for it goes on. Without a value. */
export const KIND_TICK = 2;
/**
 * A change that another partition sent on: the value is `[key, next, previous]`, the event time that of the change, and
 * `streamId` the number of the hop. It bears no identities; in their place stand where it comes from (see `MOVED_…`),
 * and in the place of a producer's sequence number its own on that way. Without a value it is a mark, and says how far
 * event time has come there before the hop.
 */
export const KIND_MOVED = 3;
/** Of a moved record: partition that sent it, u32; level of its hop, u32; offset there, f64; of a mark the watermark, f64. */
export const MOVED_SOURCE = 24;
export const MOVED_LEVEL = 28;
export const MOVED_OFFSET = 32;
export const MOVED_WATERMARK = 40;

/** Flag of a mark: nothing comes before the hop for now. */
export const MARK_IS_IDLE = 1;

/**
 * What the outside answered about an event that waits for it: the value is `[number, result]`, or `[number, null, failure]`,
 * the event time that of the event, `streamId` the number of the operator among those that ask, `number` that of the
 * question there. It bears no identities: what has been answered is not pending any more.
 */
export const KIND_ANSWER = 4;

/** Flag of a tick: no event waited to come in, so that a silent stream was silent, and not held up. */
export const TICK_NOTHING_WAITS = 1;

export const CODEC_JSON = 0;
/** A msgpack map with string members. */
export const CODEC_MSGPACK = 1;
/** A msgpack array: the values of the stream's fields in the order its schema declares them, objects inside likewise. */
export const CODEC_MSGPACK_RECORD = 2;
/** The value of a moved record or an answer, as a store would keep it, every object with its member names. */
export const CODEC_MOVED = 3;

/** Length of a whole record with this payload, padding included. */
export function recordLength(valueLength: number, idempotencyKeyLength: number): number {
  return (RECORD_HEADER_BYTES + valueLength + idempotencyKeyLength + 7) & ~7;
}
