// data plane
import { CELL_HEADER_BYTES, CELL_KEY_LENGTH_WORD } from './row-cell.ts';
import type { SlabMemory } from './slab-memory.ts';
import { sortKeys } from './sort-keys.ts';
import { MAX_ROW_KEY_BYTES, OVERLAY_RUN_ROWS } from './store-limits.ts';

/** Says which cell a row has now. */
export interface CellLookup {
  readonly memory: SlabMemory;
  cellOf(id: number): number;
}

/**
 * The rows of one store that changed within one generation, in the order of their first change. A scan asks for them in
 * key order: then, and only then, they are sorted, a run at a time. A row may be listed twice.
 */
export class DirtyRows {
  ids: Int32Array = new Int32Array(INITIAL_ROWS);
  count = 0;
  /** The first `sortedCount` ids, in runs that are each in key order. */
  readonly runs: Int32Array[] = [];
  sortedCount = 0;

  add(id: number): void {
    if (this.count === this.ids.length) this.#grow(this.count * 2);
    this.ids[this.count++] = id;
  }

  get isSorted(): boolean {
    return this.sortedCount === this.count;
  }

  /** Sorts the next run. Earlier runs that are not much longer join it, so that a scan never meets many short ones. */
  sortRun(rows: CellLookup): void {
    let begin = this.sortedCount;
    let count = Math.min(this.count - begin, OVERLAY_RUN_ROWS);
    for (let last = this.runs.at(-1); last !== undefined; last = this.runs.at(-1)) {
      if (last.length > count * 2 || last.length + count > OVERLAY_RUN_ROWS) break;
      this.runs.pop();
      begin -= last.length;
      count += last.length;
    }
    gatherKeys(rows, this.ids, begin, count);
    sortKeys(gathered, STARTS, LENGTHS, ORDER, count);
    const run = new Int32Array(count);
    for (let i = 0; i < count; i++) run[i] = this.ids[begin + (ORDER[i] as number)] as number;
    this.runs.push(run);
    this.sortedCount = begin + count;
  }

  /** Takes another list's rows in, unsorted. */
  absorb(other: DirtyRows): void {
    this.#grow(this.count + other.count);
    this.ids.set(other.ids.subarray(0, other.count), this.count);
    this.count += other.count;
  }

  #grow(length: number): void {
    if (length <= this.ids.length) return;
    const ids = new Int32Array(Math.max(length, this.ids.length * 2));
    ids.set(this.ids.subarray(0, this.count));
    this.ids = ids;
  }
}

/** Copies the keys side by side: a sort reads them many times, and cells lie all over memory. */
function gatherKeys(rows: CellLookup, ids: Int32Array, begin: number, count: number): void {
  const memory = rows.memory;
  let end = 0;
  for (let i = 0; i < count; i++) {
    const cell = rows.cellOf(ids[begin + i] as number);
    const words = memory.words[cell >>> 16] as Int32Array;
    const length = words[((cell & 0xffff) << 2) + CELL_KEY_LENGTH_WORD] as number;
    if (end + length > gathered.length) {
      const longer = Buffer.alloc(gathered.length * 2 + MAX_ROW_KEY_BYTES);
      gathered.copy(longer, 0, 0, end);
      gathered = longer;
    }
    const bytes = memory.arenas[cell >>> 16] as Buffer;
    const start = ((cell & 0xffff) << 4) + CELL_HEADER_BYTES;
    for (let k = 0; k < length; k++) gathered[end + k] = bytes[start + k] as number;
    STARTS[i] = end;
    LENGTHS[i] = length;
    ORDER[i] = i;
    end += length;
  }
}

const INITIAL_ROWS = 64;
let gathered: Buffer = Buffer.alloc(OVERLAY_RUN_ROWS * 32);
const STARTS = new Uint32Array(OVERLAY_RUN_ROWS);
const LENGTHS = new Uint16Array(OVERLAY_RUN_ROWS);
const ORDER = new Uint32Array(OVERLAY_RUN_ROWS);
