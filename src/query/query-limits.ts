import { assert } from '../base/assert.ts';
import { KIB, MIB } from '../base/limits.ts';

/** Every bound of reads and subscriptions, each with its reason. Sizes of text count characters as bytes. */

/** A page that nobody sized: a screenful or two, answered in one slice. */
export const DEFAULT_PAGE_ROWS = 100;
export const MAX_PAGE_ROWS = 1000;
/** A page ends early at this size: what the main thread holds for one request is this times the partitions. */
export const MAX_PAGE_BYTES = 1 * MIB;
/** A lane under load hands over what it has after this long, and the cursor goes on from there. */
export const MAX_PAGE_SCAN_MS = 500;

export const DEFAULT_QUERY_TIMEOUT_MS = 5000;
export const MAX_QUERY_TIMEOUT_MS = 30_000;
/** Questions at lanes that are not answered yet. Beyond it a read is refused: a queue would only make all of them late. */
export const MAX_PENDING_QUESTIONS = 16_384;
/** Range reads at a time, each of which may hold a full page of every partition. */
export const MAX_PENDING_RANGES = 64;

/** View, bounds and last key in JSON and base64url: more than any server takes in an address. */
export const MAX_CURSOR_CHARACTERS = 16 * KIB;

/** Subscriptions of one process: a wall of displays, not the public. */
export const MAX_WATCHES = 1024;
/** Changes of one view and partition that are kept for those who watch it: several seconds of a busy view. */
export const MAX_HISTORY_CHANGES = 8192;
export const MAX_HISTORY_BYTES = 4 * MIB;
/** How long changes are still kept after the last one stopped watching: a reconnect, a page reload. */
export const HISTORY_IDLE_MS = 60_000;

/** Rows or changes that travel to a watcher together. */
export const MAX_BATCH_ROWS = 256;
export const MAX_BATCH_BYTES = 64 * KIB;
/** Batches of one watch that may be on their way from one lane; the next waits until the watcher has taken one. */
export const WATCH_CREDIT = 4;
/** Batches a lane makes each time it comes round: a ms or two of reading and encoding, in which no event is processed. */
export const MAX_BATCHES_PER_TURN = 4;
/** Credit for changes goes back this late, so that a busy view sends few large batches and not many small ones. */
export const CREDIT_DELAY_MS = 10;
/** A watcher that was overrun begins anew this late: one that is always too slow must not keep a lane scanning. */
export const RESTART_DELAY_MS = 1000;

export const HEARTBEAT_MS = 15_000;
/** A watcher's socket holds back no more than this before its watch pauses, and goes on below a quarter of it. */
export const WATCH_BUFFERED_BYTES = 256 * KIB;
/** A watcher that took nothing for this long is sent away. */
export const MAX_STALL_MS = 30_000;

assert(DEFAULT_PAGE_ROWS <= MAX_PAGE_ROWS, 'a default page is an allowed page');
assert(DEFAULT_QUERY_TIMEOUT_MS <= MAX_QUERY_TIMEOUT_MS, 'the default deadline is an allowed deadline');
assert(MAX_BATCH_ROWS * WATCH_CREDIT < MAX_HISTORY_CHANGES, 'a watcher that keeps up is never overrun');
assert(MAX_BATCH_BYTES * WATCH_CREDIT < MAX_HISTORY_BYTES, 'a watcher that keeps up is never overrun');
