/**
 * Where things stand in a ring's shared memory.
 *
 * ```
 *   0                    128                  256                                   256 + capacity
 *   +--------------------+--------------------+------------------------------------------+
 *   | producer position  | consumer position  | data: frames, one after the other        |
 *   | int32, then unused | int32, then unused |                                          |
 *   +--------------------+--------------------+------------------------------------------+
 *
 *   one frame                  0            4          8
 *                              +------------+----------+-----------------------------+
 *   at a multiple of 8         | length u32 | type u32 | payload …, padded to 8      |
 *                              +------------+----------+-----------------------------+
 * ```
 * Positions count bytes since the start and wrap at 2^32 as int32: `position & (capacity - 1)` is the byte index, and
 * the difference of two positions is right across the wrap because a capacity is at most 2^30. The two words stand 128
 * bytes apart, two cache lines, since processors fetch lines in pairs.
 */
export const PRODUCER_POSITION_BYTE = 0;
export const CONSUMER_POSITION_BYTE = 128;
export const RING_HEADER_BYTES = 256;

export const FRAME_HEADER_BYTES = 8;
export const FRAME_LENGTH_BYTE = 0;
export const FRAME_TYPE_BYTE = 4;

export const FRAME_DATA = 1;
/** Fills the end of the data up to the wrap; `length` is what follows its header, as in every frame. */
export const FRAME_PADDING = 2;

export const MIN_RING_CAPACITY_BYTES = 64;
export const MAX_RING_CAPACITY_BYTES = 2 ** 30;
