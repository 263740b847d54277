/**
 * The answer of a partition to one intake message, sent when the level it asked for is reached.
 *
 * ```
 *   0           4            8                    16         20          24         28             32
 *   +-----------+------------+--------------------+----------+-----------+----------+--------------+------------
 *   | replySlot | generation | firstOffset (f64)  | accepted | duplicate | rejected | level        | exceptions…
 *   +-----------+------------+--------------------+----------+-----------+----------+--------------+------------
 * ```
 * The accepted events stand in the log one after the other from `firstOffset` (-1 if there is none). Every event that
 * was not accepted is an exception, in the order of its `frameIndex`:
 *
 * ```
 *   0            4          6               8                   16
 *   +------------+----------+---------------+-------------------+------------------------------+
 *   | frameIndex | errorId  | detailLength  | offset (f64)      | detail (UTF-8, padded to 8)  |
 *   +------------+----------+---------------+-------------------+------------------------------+
 * ```
 * `errorId` 0 is a duplicate, and `offset` then the position of its first; else the number of the catalogue entry.
 * A duplicate known only by its producer's sequence has offset -1.
 */
export const ACK_HEADER_BYTES = 32;
export const ACK_REPLY_SLOT = 0;
export const ACK_REPLY_GENERATION = 4;
export const ACK_FIRST_OFFSET = 8;
export const ACK_ACCEPTED = 16;
export const ACK_DUPLICATE = 20;
export const ACK_REJECTED = 24;
export const ACK_LEVEL = 28;

export const EXCEPTION_HEADER_BYTES = 16;
export const EXCEPTION_FRAME_INDEX = 0;
export const EXCEPTION_ERROR_ID = 4;
export const EXCEPTION_DETAIL_LENGTH = 6;
export const EXCEPTION_OFFSET = 8;

export const EXCEPTION_DUPLICATE = 0;
