/**
 * What the ingress hands a partition in one ring message: a reply address and the records (see `layout.ts`) of one
 * request, or those of one frame that belong to this partition, back to back.
 *
 * ```
 *   0           4                 8            12                16                24
 *   +-----------+-----------------+------------+-----------------+-----------------+----------
 *   | replySlot | replyGeneration | eventCount | requiredLevel   | receivedAt (f64)| records …
 *   +-----------+-----------------+------------+-----------------+-----------------+----------
 * ```
 * All records of a message are of one stream. `receivedAt` is `performance.timeOrigin + performance.now()` in ms.
 */
export const INTAKE_HEADER_BYTES = 24;
export const INTAKE_REPLY_SLOT = 0;
export const INTAKE_REPLY_GENERATION = 4;
export const INTAKE_EVENT_COUNT = 8;
export const INTAKE_REQUIRED_LEVEL = 12;
export const INTAKE_RECEIVED_AT = 16;

/** A reply slot that nobody waits on: the ack was sent on receipt. */
export const NO_REPLY = 0xffffffff;

/** How far an event had come when its ack was sent. */
export const LEVEL_RECEIVED = 1;
export const LEVEL_WRITTEN = 2;
export const LEVEL_DURABLE = 3;
export const LEVEL_NAMES = ['none', 'received', 'written', 'durable'] as const;
