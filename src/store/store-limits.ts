import { assert } from '../base/assert.ts';
import { KIB, MAX_EVENT_BYTES, MIB } from '../base/limits.ts';

/** The bounds of this room, each with its reason. Sizes are bytes. */

/** Two bytes of store id stand before each key, big endian, so that a store's rows lie together. */
export const STORE_PREFIX_BYTES = 2;
/** A key that an operator makes: a view key of 512 with room for a window or a second part. LMDB takes 1978 with prefix. */
export const MAX_STORE_KEY_BYTES = 1 * KIB;
export const MAX_ROW_KEY_BYTES = STORE_PREFIX_BYTES + MAX_STORE_KEY_BYTES;
/** A dead letter holds an event as it came; an aggregate beyond this is a mistake. */
export const MAX_ROW_VALUE_BYTES = 4 * MIB;

/** Cells are made in slabs of this size; a larger cell gets memory of its own. */
export const SLAB_BYTES = 64 * KIB;
/** Slabs are taken from the system by the arena. */
export const ARENA_BYTES = 1 * MIB;

/** Rows of one sorted run: sorting one is the longest that a scan holds its lane, about 1 ms where rows are cold. */
export const OVERLAY_RUN_ROWS = 2048;
/** Rows that a slice of a scan may pass over without finding one to return. */
export const SCAN_SLICE_ROWS = 4096;

/** Entries of one row of the dedupe table; the row is written again in each checkpoint until it is full. */
export const DEDUPE_CHUNK_ENTRIES = 4096;

/** Producers that are remembered per partition, when nothing is configured. Each is 240 bytes of heap. */
export const DEFAULT_MAX_PRODUCERS = 100_000;

/** A row that is longer travels in several messages. */
export const MAX_ROW_PART_BYTES = 64 * KIB;

/** Address space for one environment, not disk space: 64 partitions with two each stay within 47 bits. */
export const ENVIRONMENT_MAP_BYTES = 256 * KIB * MIB;
/** Share of the address space that may be used; beyond it checkpoints fail as if the disk were full. */
export const ENVIRONMENT_FILL_MAX = 0.9;

assert(MAX_EVENT_BYTES < MAX_ROW_VALUE_BYTES, 'a dead letter holds the greatest event');
assert(ARENA_BYTES % SLAB_BYTES === 0, 'an arena is whole slabs');
assert(MAX_ROW_KEY_BYTES <= 1978, 'a row key fits LMDB with pages of 4 KiB');
