import { assert } from '../base/assert.ts';
import type { CheckpointReader } from './checkpoint.ts';
import type { DirtyRows } from './dirty-rows.ts';
import { NO_ENTRY } from './hash-index.ts';
import type { RowCache } from './row-cache.ts';
import { CELL_HEADER_BYTES, CELL_KEY_LENGTH_WORD, compareCellToKey } from './row-cell.ts';
import { RunMerge } from './run-merge.ts';
import { MAX_STORE_KEY_BYTES, SCAN_SLICE_ROWS, STORE_PREFIX_BYTES } from './store-limits.ts';
import type { ValueCodec } from './value-codec.ts';

export interface ScanOptions {
  /** First key, inclusive. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly to?: string | undefined;
  /** Only keys greater than this one: the last key of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface ScanRow {
  readonly key: string;
  readonly value: unknown;
}

/** A page of rows in the byte order of their keys, taken in one or more slices, each of which sees the state of then. */
export interface ScanCursor {
  /** Nothing follows: the end of the range or the limit is reached. */
  readonly isDone: boolean;
  /** Up to `maxRows` rows; 'more' when the slice is used up and no row is ready yet: call again in a later turn. */
  next(maxRows: number): ScanRow[] | 'more';
}

/** What a scan of one store reads. */
export interface ScanSource {
  readonly cache: RowCache;
  readonly reader: CheckpointReader | null;
  readonly storeId: number;
  readonly codec: ValueCodec;
  /** Rows that the environment does not show as they are: those of the current generation, and of the open cut. */
  dirtyRows(): DirtyRows;
  frozenRows(): DirtyRows;
}

/**
 * Merges the rows of the environment with those that changed since, which hide them. Each slice starts again behind the
 * last key, so that nothing is held between slices: no read transaction, no place in a list that may be gone.
 */
export class RowScan implements ScanCursor {
  isDone = false;
  readonly #source: ScanSource;
  readonly #to: Uint8Array | null;
  #from: Uint8Array;
  #left: number;

  constructor(source: ScanSource, options: ScanOptions) {
    const from = lowerBound(options.from);
    const after = options.after === undefined ? null : successorOf(ENCODER.encode(options.after));
    this.#source = source;
    this.#from = after !== null && Buffer.compare(after, from) > 0 ? after : from;
    this.#to = options.to === undefined ? null : ENCODER.encode(options.to);
    this.#left = options.limit;
    this.isDone = options.limit <= 0;
  }

  next(maxRows: number): ScanRow[] | 'more' {
    assert(maxRows > 0, 'scan slice without rows');
    if (this.isDone) return [];
    const { cache, reader, storeId } = this.#source;
    if (!this.#sortSome()) return 'more';
    const merge = new RunMerge(cache.rows);
    for (const run of this.#source.dirtyRows().runs) merge.add(run, this.#from);
    for (const run of this.#source.frozenRows().runs) merge.add(run, this.#from);
    merge.start();
    const slice = new Slice(this.#source, merge, this.#to, Math.min(maxRows, this.#left));
    if (reader !== null && (cache.rows.baseSizes[storeId] as number) > 0) {
      reader.scan(storeId, this.#from, (key, value) => slice.takeBase(key, value));
    }
    if (!slice.isFull && !slice.isAtEnd) slice.takeRest();
    this.#left -= slice.rows.length;
    this.isDone = slice.isAtEnd || this.#left === 0;
    if (slice.last !== null) this.#from = successorOf(slice.last);
    return slice.rows.length === 0 && !this.isDone ? 'more' : slice.rows;
  }

  /** Returns whether all changed rows are sorted. A lane that dirties two runs' worth per turn does not get ahead of it. */
  #sortSome(): boolean {
    const { cache } = this.#source;
    const dirty = this.#source.dirtyRows();
    const frozen = this.#source.frozenRows();
    for (let run = 0; run < RUNS_PER_SLICE; run++) {
      if (!frozen.isSorted) frozen.sortRun(cache.rows);
      else if (!dirty.isSorted) dirty.sortRun(cache.rows);
      else break;
    }
    return frozen.isSorted && dirty.isSorted;
  }
}

/** One slice's rows, in the making. */
class Slice {
  readonly rows: ScanRow[] = [];
  /** Last key that was passed, with or without a row for it. */
  last: Uint8Array | null = null;
  /** No more rows in this slice; where `isAtEnd`, none at all. */
  isFull = false;
  isAtEnd = false;
  readonly #source: ScanSource;
  readonly #merge: RunMerge;
  readonly #to: Uint8Array | null;
  readonly #maxRows: number;
  #passed = 0;

  constructor(source: ScanSource, merge: RunMerge, to: Uint8Array | null, maxRows: number) {
    this.#source = source;
    this.#merge = merge;
    this.#to = to;
    this.#maxRows = maxRows;
  }

  /** A row of the environment: first all changed rows before it, then it, unless one of them hides it. */
  takeBase(key: Uint8Array, value: Uint8Array): boolean {
    const { cache, codec } = this.#source;
    const merge = this.#merge;
    while (merge.id !== NO_ENTRY) {
      const order = compareCellToKey(cache.rows.memory, merge.cell, key, key.length);
      if (order > 0) break;
      this.#takeChanged();
      if (this.isFull || this.isAtEnd) return false;
      if (order === 0) return true;
    }
    if (this.#to !== null && Buffer.compare(key, this.#to) >= 0) {
      this.isAtEnd = true;
      return false;
    }
    this.last = key.slice();
    this.rows.push({ key: DECODER.decode(key), value: codec.decode(value, 0, value.length) });
    this.#count();
    return !this.isFull;
  }

  /** No row of the environment is left. */
  takeRest(): void {
    while (this.#merge.id !== NO_ENTRY) {
      this.#takeChanged();
      if (this.isFull || this.isAtEnd) return;
    }
    this.isAtEnd = true;
  }

  #takeChanged(): void {
    const { cache, codec } = this.#source;
    const merge = this.#merge;
    const memory = cache.rows.memory;
    const cell = merge.cell;
    if (this.#to !== null && compareCellToKey(memory, cell, this.#to, this.#to.length) >= 0) {
      // The environment's rows up to here were taken before.
      this.isAtEnd = true;
      return;
    }
    const words = memory.words[cell >>> 16] as Int32Array;
    const length = words[((cell & 0xffff) << 2) + CELL_KEY_LENGTH_WORD] as number;
    const start = ((cell & 0xffff) << 4) + CELL_HEADER_BYTES;
    const arena = memory.arenas[cell >>> 16] as Buffer;
    this.last = Uint8Array.prototype.slice.call(arena, start + STORE_PREFIX_BYTES, start + length);
    const value = cache.decode(cell, codec);
    if (value !== undefined) this.rows.push({ key: DECODER.decode(this.last), value });
    merge.advance();
    this.#count();
  }

  #count(): void {
    this.#passed += 1;
    this.isFull = this.rows.length === this.#maxRows || this.#passed === SCAN_SLICE_ROWS;
  }
}

/** The least key above this one. */
function successorOf(key: Uint8Array): Uint8Array {
  const length = Math.min(key.length, MAX_STORE_KEY_BYTES);
  const next = new Uint8Array(length + 1);
  next.set(key.subarray(0, length));
  return next;
}

function lowerBound(key: string | undefined): Uint8Array {
  const bytes = key === undefined ? new Uint8Array(0) : ENCODER.encode(key);
  return bytes.length > MAX_STORE_KEY_BYTES ? successorOf(bytes) : bytes;
}

const RUNS_PER_SLICE = 2;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
