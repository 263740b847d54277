// data plane
/**
 * The way of a lane's checkpoints to the checkpoint thread: messages on a ring, the result back in shared words.
 *
 * ```
 *   lane                                  checkpoint thread
 *   BEGIN                            ──►  empties its batch
 *   ROW  ROW  ROW+PART+PART  ROW …   ──►  gathers
 *   FINISH meta                      ──►  one transaction, then result = committed | failed, rings the lane
 * ```
 *
 * ```
 *   0           4             8               12               16            20   24
 *   +-----------+-------------+---------------+----------------+-------------+----+-------+--------------+
 *   | type u32  | storeId u32 | keyLength u32 | valueLength i32| partLength  |  0 | key … | value part … |   ROW
 *   +-----------+-------------+---------------+----------------+-------------+----+-------+--------------+
 *   | type u32  | 0                                            | partLength  |  0 | value part …         |   PART
 *   +-----------+----------------------------------------------+-------------+----+----------------------+
 *   | type u32  | 0                                            | length      |  0 | meta as JSON …       |   FINISH
 *   +-----------+----------------------------------------------+-------------+----+----------------------+
 * ```
 */
export const MESSAGE_BEGIN = 1;
export const MESSAGE_ROW = 2;
export const MESSAGE_PART = 3;
export const MESSAGE_FINISH = 4;
export const MESSAGE_HEADER_BYTES = 24;
export const STORE_ID_WORD = 1;
export const KEY_LENGTH_WORD = 2;
export const VALUE_LENGTH_WORD = 3;
export const PART_LENGTH_WORD = 4;
