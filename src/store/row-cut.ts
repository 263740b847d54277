// data plane
import { assert } from '../base/assert.ts';
import { ROW_DELETED, type RowSink } from './checkpoint.ts';
import type { CutPart } from './cut-part.ts';
import { DirtyRows } from './dirty-rows.ts';
import type { RowCache } from './row-cache.ts';
import { ABSENT, CELL_HEADER_BYTES, CELL_KEY_LENGTH_WORD, CELL_VALUE_LENGTH_WORD, valueOffset } from './row-cell.ts';
import { ENTRY_CELL, ENTRY_CUT_CELL, ENTRY_GENERATION } from './row-table.ts';
import { NO_CELL } from './slab-memory.ts';
import { STORE_PREFIX_BYTES } from './store-limits.ts';

/**
 * One cut after the other through the rows of a cache: hands over the rows as they were at `begin`, while they go on
 * changing. Rows of a cut that was abandoned are in the next one.
 */
export class RowCut implements CutPart {
  /** Bytes of the rows of the open cut. */
  frozenBytes = 0;
  readonly #cache: RowCache;
  /** The rows of the open cut, per store; empty lists without one. */
  readonly #frozenRows: DirtyRows[];
  #storeId = 0;
  #index = 0;

  constructor(cache: RowCache) {
    this.#cache = cache;
    this.#frozenRows = cache.dirty.map(() => new DirtyRows());
  }

  dirtyRows(storeId: number): DirtyRows {
    return this.#cache.dirty[storeId] as DirtyRows;
  }

  frozenRows(storeId: number): DirtyRows {
    return this.#frozenRows[storeId] as DirtyRows;
  }

  beginCut(): void {
    const cache = this.#cache;
    assert(cache.frozen === -1, 'beginCut within a cut');
    for (let storeId = 0; storeId < cache.dirty.length; storeId++) {
      this.#frozenRows[storeId] = cache.dirty[storeId] as DirtyRows;
      cache.dirty[storeId] = new DirtyRows();
    }
    this.frozenBytes = cache.dirtyBytes;
    cache.dirtyBytes = 0;
    cache.frozen = cache.current;
    cache.current += 2;
    this.#storeId = 0;
    this.#index = 0;
  }

  handOver(sink: RowSink, maxBytes: number): number {
    let left = maxBytes;
    for (; this.#storeId < this.#frozenRows.length; this.#storeId++) {
      const list = this.#frozenRows[this.#storeId] as DirtyRows;
      const ids = list.ids;
      for (; this.#index < list.count; this.#index++) {
        if (left <= 0) return -1;
        const bytes = this.#handOverRow(sink, this.#storeId, ids[this.#index] as number);
        if (bytes < 0) return -1;
        left -= bytes;
      }
      this.#index = 0;
    }
    return maxBytes - left;
  }

  confirmCut(): void {
    const cache = this.#cache;
    cache.rows.confirm(cache.frozen + 1);
    this.#close();
  }

  abandonCut(): void {
    const cache = this.#cache;
    for (; this.#storeId < this.#frozenRows.length; this.#storeId++) {
      const list = this.#frozenRows[this.#storeId] as DirtyRows;
      for (; this.#index < list.count; this.#index++) this.#dropCutCell(list.ids[this.#index] as number);
      this.#index = 0;
    }
    for (let storeId = 0; storeId < cache.dirty.length; storeId++) {
      (cache.dirty[storeId] as DirtyRows).absorb(this.#frozenRows[storeId] as DirtyRows);
    }
    cache.dirtyBytes += this.frozenBytes;
    this.#close();
  }

  #close(): void {
    for (let storeId = 0; storeId < this.#frozenRows.length; storeId++) this.#frozenRows[storeId] = new DirtyRows();
    this.frozenBytes = 0;
    this.#cache.frozen = -1;
  }

  /** Returns what the row costs of the slice, or -1 when the sink has no room. */
  #handOverRow(sink: RowSink, storeId: number, id: number): number {
    const cache = this.#cache;
    const entry = cache.rows.entries[id >>> 16] as Int32Array;
    const at = (id & 0xffff) << 2;
    const cutCell = entry[at + ENTRY_CUT_CELL] as number;
    const generation = entry[at + ENTRY_GENERATION] as number;
    if (cutCell === NO_CELL) {
      // Handed over before, and maybe changed since: rows of an abandoned cut may be listed twice.
      if (generation > cache.frozen) return PASSING_COST;
      const bytes = this.#offer(sink, storeId, entry[at + ENTRY_CELL] as number);
      if (bytes >= 0) entry[at + ENTRY_GENERATION] = cache.frozen + 1;
      return bytes;
    }
    const bytes = this.#offer(sink, storeId, cutCell);
    if (bytes >= 0) this.#dropCutCell(id);
    return bytes;
  }

  #offer(sink: RowSink, storeId: number, cell: number): number {
    const memory = this.#cache.rows.memory;
    const words = memory.words[cell >>> 16] as Int32Array;
    const word = (cell & 0xffff) << 2;
    const keyLength = words[word + CELL_KEY_LENGTH_WORD] as number;
    const valueLength = words[word + CELL_VALUE_LENGTH_WORD] as number;
    const arena = memory.arenas[cell >>> 16] as Buffer;
    const start = (cell & 0xffff) << 4;
    const isTaken = sink.tryRow(
      storeId,
      arena,
      start + CELL_HEADER_BYTES + STORE_PREFIX_BYTES,
      keyLength - STORE_PREFIX_BYTES,
      arena,
      start + valueOffset(keyLength),
      valueLength === ABSENT ? ROW_DELETED : valueLength,
    );
    return isTaken ? ROW_COST + keyLength + (valueLength > 0 ? valueLength : 0) : -1;
  }

  #dropCutCell(id: number): void {
    const rows = this.#cache.rows;
    const entry = rows.entries[id >>> 16] as Int32Array;
    const at = (id & 0xffff) << 2;
    const cutCell = entry[at + ENTRY_CUT_CELL] as number;
    if (cutCell === NO_CELL) return;
    entry[at + ENTRY_CUT_CELL] = NO_CELL;
    // An event that was undone put the row back into the very cell that the cut wants.
    if (cutCell !== entry[at + ENTRY_CELL]) rows.memory.free(cutCell);
  }
}

/** What a row costs of a slice besides its bytes: finding it is three cache misses. */
const ROW_COST = 128;
const PASSING_COST = 64;
