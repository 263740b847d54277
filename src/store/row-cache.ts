// data plane
import { assert } from '../base/assert.ts';
import { DirtyRows } from './dirty-rows.ts';
import {
  ABSENT,
  CELL_HEADER_BYTES,
  CELL_KEY_LENGTH_WORD,
  CELL_VALUE_LENGTH_WORD,
  cellSize,
  valueOffset,
} from './row-cell.ts';
import { ENTRY_CELL, ENTRY_CUT_CELL, ENTRY_GENERATION, type RowTable } from './row-table.ts';
import type { SlabMemory } from './slab-memory.ts';
import type { ValueCodec } from './value-codec.ts';

/**
 * The rows of all stores of a partition: reads and writes of one event after the other, each of which can be taken back.
 * A row that changes gets a new cell; the old one is freed when the event is through and no cut wants it.
 *
 * A row's state follows from the generation that changed it last. `current` is even and goes up by two at each cut;
 * `frozen` is that of the open cut, and a row handed over gets the odd number behind it.
 *
 * ```
 *   generation ≤ confirmed              CLEAN    the environment has it; may be evicted
 *   confirmed < generation ≤ frozen     FROZEN   the open cut has yet to hand it over
 *   generation = frozen + 1             HANDED   handed over, not confirmed
 *   generation = current                DIRTY    belongs to the next cut
 * ```
 */
export class RowCache {
  readonly rows: RowTable;
  /** Rows per store, by store id. */
  readonly sizes: Float64Array;
  /** Rows of generation `current`, per store. */
  dirty: DirtyRows[] = [];
  /** Bytes of the cells of generation `current`. */
  dirtyBytes = 0;
  current = 2;
  /** Generation of the open cut; -1 without one. */
  frozen = -1;

  readonly #memory: SlabMemory;
  readonly #entries: readonly Int32Array[];
  /** Pairs of entry and the cell it had before. */
  #undo = new Int32Array(256);
  #undoLength = 0;
  #isInEvent = false;

  constructor(storeCount: number, rows: RowTable) {
    this.rows = rows;
    this.sizes = new Float64Array(storeCount);
    for (let id = 0; id < storeCount; id++) this.dirty.push(new DirtyRows());
    this.#memory = rows.memory;
    this.#entries = rows.entries;
  }

  // ------------------------------------------------------------------ rows

  /** The row as it is now; `undefined` when there is none. */
  get(storeId: number, key: string, codec: ValueCodec): unknown {
    const cell = this.rows.cellOf(this.rows.find(storeId, key));
    return this.decode(cell, codec);
  }

  decode(cell: number, codec: ValueCodec): unknown {
    const words = this.#memory.words[cell >>> 16] as Int32Array;
    const word = (cell & 0xffff) << 2;
    const valueLength = words[word + CELL_VALUE_LENGTH_WORD] as number;
    if (valueLength === ABSENT) return undefined;
    const start = ((cell & 0xffff) << 4) + valueOffset(words[word + CELL_KEY_LENGTH_WORD] as number);
    return codec.decode(this.#memory.arenas[cell >>> 16] as Buffer, start, start + valueLength);
  }

  put(storeId: number, key: string, value: unknown, codec: ValueCodec): void {
    codec.encode(value);
    const id = this.rows.find(storeId, key);
    const before = this.rows.cellOf(id);
    if (this.#countOf(before) === 0) this.sizes[storeId] = (this.sizes[storeId] as number) + 1;
    const { written } = codec;
    const length = written.length;
    const cell = this.#copyOf(before, length);
    const keyLength = (this.#memory.words[cell >>> 16] as Int32Array)[
      ((cell & 0xffff) << 2) + CELL_KEY_LENGTH_WORD
    ] as number;
    const valueStart = valueOffset(keyLength);
    if (length <= COPY_BY_WORD_MAX) {
      const words = this.#memory.words[cell >>> 16] as Int32Array;
      const to = ((cell & 0xffff) << 2) + (valueStart >> 2);
      const source = written.words;
      const count = (length + 3) >> 2;
      for (let i = 0; i < count; i++) words[to + i] = source[i] as number;
    } else {
      const arena = this.#memory.arenas[cell >>> 16] as Buffer;
      written.bytes.copy(arena, ((cell & 0xffff) << 4) + valueStart, 0, length);
    }
    this.#replace(storeId, id, before, cell);
  }

  /** @returns whether there was a row. */
  delete(storeId: number, key: string): boolean {
    const id = this.rows.find(storeId, key);
    const before = this.rows.cellOf(id);
    if (this.#countOf(before) === 0) return false;
    this.sizes[storeId] = (this.sizes[storeId] as number) - 1;
    this.#replace(storeId, id, before, this.#copyOf(before, ABSENT));
    return true;
  }

  // ------------------------------------------------------------------ events

  get isInEvent(): boolean {
    return this.#isInEvent;
  }

  beginEvent(): void {
    assert(!this.#isInEvent, 'beginEvent within an event');
    this.#isInEvent = true;
  }

  commitEvent(): void {
    assert(this.#isInEvent, 'commitEvent without an event');
    this.#isInEvent = false;
    const undo = this.#undo;
    for (let i = 0; i < this.#undoLength; i += 2) this.#dropCell(undo[i] as number, undo[i + 1] as number);
    this.#undoLength = 0;
    if (this.rows.isOverBudget) this.rows.evict();
  }

  /** The rows are as they were before the event. They stay dirty: to save a row as it was does no harm. */
  undoEvent(): void {
    assert(this.#isInEvent, 'undoEvent without an event');
    this.undoTo(0);
    this.#isInEvent = false;
  }

  /** How much the event has written; to be given to `undoTo`. */
  get written(): number {
    return this.#undoLength;
  }

  /** Takes back what the event wrote since `written` was this; the event goes on. */
  undoTo(written: number): void {
    const undo = this.#undo;
    for (let i = this.#undoLength - 2; i >= written; i -= 2) {
      const id = undo[i] as number;
      const before = undo[i + 1] as number;
      const entry = this.#entries[id >>> 16] as Int32Array;
      const at = (id & 0xffff) << 2;
      const after = entry[at + ENTRY_CELL] as number;
      const storeId = this.#storeIdOf(before);
      this.sizes[storeId] = (this.sizes[storeId] as number) + this.#countOf(before) - this.#countOf(after);
      this.dirtyBytes += this.#sizeOf(before) - this.#sizeOf(after);
      entry[at + ENTRY_CELL] = before;
      this.#memory.free(after);
    }
    this.#undoLength = written;
  }

  // ------------------------------------------------------------------ cells

  #replace(storeId: number, id: number, before: number, after: number): void {
    const entry = this.#entries[id >>> 16] as Int32Array;
    const at = (id & 0xffff) << 2;
    const generation = entry[at + ENTRY_GENERATION] as number;
    entry[at + ENTRY_CELL] = after;
    this.dirtyBytes += this.#sizeOf(after);
    if (generation === this.current) {
      this.dirtyBytes -= this.#sizeOf(before);
    } else {
      // Copy on touch: the open cut still wants the row as it was.
      if (generation > this.rows.confirmed && generation <= this.frozen) entry[at + ENTRY_CUT_CELL] = before;
      entry[at + ENTRY_GENERATION] = this.current;
      (this.dirty[storeId] as DirtyRows).add(id);
    }
    if (!this.#isInEvent) {
      this.#dropCell(id, before);
      return;
    }
    if (this.#undoLength === this.#undo.length) {
      const longer = new Int32Array(this.#undoLength * 2);
      longer.set(this.#undo);
      this.#undo = longer;
    }
    this.#undo[this.#undoLength] = id;
    this.#undo[this.#undoLength + 1] = before;
    this.#undoLength += 2;
  }

  /** A new cell with the key of another one and room for a value; its value is still to be written. */
  #copyOf(cell: number, valueLength: number): number {
    const word = (cell & 0xffff) << 2;
    const keyLength = (this.#memory.words[cell >>> 16] as Int32Array)[word + CELL_KEY_LENGTH_WORD] as number;
    const copy = this.#memory.allocate(cellSize(keyLength, valueLength));
    const from = this.#memory.words[cell >>> 16] as Int32Array;
    const to = this.#memory.words[copy >>> 16] as Int32Array;
    const toWord = (copy & 0xffff) << 2;
    const end = valueOffset(keyLength) >> 2;
    to[toWord + CELL_VALUE_LENGTH_WORD] = valueLength;
    for (let i = CELL_KEY_LENGTH_WORD; i < end; i++) to[toWord + i] = from[word + i] as number;
    return copy;
  }

  /** Frees a cell that its entry has no more, unless the open cut wants it. */
  #dropCell(id: number, cell: number): void {
    const entry = this.#entries[id >>> 16] as Int32Array;
    if (entry[((id & 0xffff) << 2) + ENTRY_CUT_CELL] !== cell) this.#memory.free(cell);
  }

  #countOf(cell: number): number {
    const words = this.#memory.words[cell >>> 16] as Int32Array;
    return words[((cell & 0xffff) << 2) + CELL_VALUE_LENGTH_WORD] === ABSENT ? 0 : 1;
  }

  #sizeOf(cell: number): number {
    const words = this.#memory.words[cell >>> 16] as Int32Array;
    const word = (cell & 0xffff) << 2;
    return cellSize(words[word + CELL_KEY_LENGTH_WORD] as number, words[word + CELL_VALUE_LENGTH_WORD] as number);
  }

  #storeIdOf(cell: number): number {
    const bytes = this.#memory.arenas[cell >>> 16] as Buffer;
    const start = ((cell & 0xffff) << 4) + CELL_HEADER_BYTES;
    return ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
  }
}

/** Longer values are copied by the runtime, whose call costs as much as 64 words. */
const COPY_BY_WORD_MAX = 256;
