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
import { type SlabMemory, unitsOf } from './slab-memory.ts';
import type { ValueCodec } from './value-codec.ts';
import type { ValueWriter } from './value-writer.ts';

/**
 * The rows of all stores of a partition: reads and writes of one event after the other, each of which can be taken back.
 * A row that changes gets a new cell; the old one is freed when the event is through and no cut wants it. Where no cut
 * can want it, since it is newer, and the value fits, it is overwritten instead, and the old value kept aside.
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
  /** Pairs of entry and the cell it had before; or, less than 0, where the value it had before is kept. */
  #undo = new Int32Array(256);
  #undoLength = 0;
  /** Values that were overwritten: length, then its words. */
  #kept = new Int32Array(1024);
  #keptLength = 0;
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
    if (this.#canOverwrite(id, before, written.length)) {
      this.#keep(id, before);
      this.dirtyBytes += written.length - this.#valueLengthOf(before);
      this.#writeValue(before, written);
      return;
    }
    const cell = this.#copyOf(before, written.length);
    this.#writeValue(cell, written);
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
    for (let i = 0; i < this.#undoLength; i += 2) {
      const before = undo[i + 1] as number;
      if (before > 0) this.#dropCell(undo[i] as number, before);
    }
    this.#undoLength = 0;
    this.#keptLength = 0;
    if (this.rows.isOverBudget) this.rows.evict();
  }

  /** The rows are as they were before the event. They stay dirty: to save a row as it was does no harm. */
  undoEvent(): void {
    assert(this.#isInEvent, 'undoEvent without an event');
    this.undoTo(0);
    this.#keptLength = 0;
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
      if (before < 0) {
        this.#putBack(after, -before);
        continue;
      }
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
    if (this.#isInEvent) this.#remember(id, before);
    else this.#dropCell(id, before);
  }

  #remember(id: number, before: number): void {
    if (this.#undoLength === this.#undo.length) this.#undo = twice(this.#undo);
    this.#undo[this.#undoLength] = id;
    this.#undo[this.#undoLength + 1] = before;
    this.#undoLength += 2;
  }

  /** Whether the cell belongs to the next cut alone, and a value of so many bytes takes as much room as the one in it. */
  #canOverwrite(id: number, cell: number, length: number): boolean {
    const entry = this.#entries[id >>> 16] as Int32Array;
    const at = (id & 0xffff) << 2;
    // After an undo a row is of the current generation with the cell that the open cut wants.
    if (entry[at + ENTRY_GENERATION] !== this.current || entry[at + ENTRY_CUT_CELL] === cell) return false;
    const words = this.#memory.words[cell >>> 16] as Int32Array;
    const word = (cell & 0xffff) << 2;
    const keyLength = words[word + CELL_KEY_LENGTH_WORD] as number;
    const before = words[word + CELL_VALUE_LENGTH_WORD] as number;
    if (before === ABSENT || length > COPY_BY_WORD_MAX) return false;
    return unitsOf(cellSize(keyLength, before)) === unitsOf(cellSize(keyLength, length));
  }

  /** Keeps the value of a cell that is to be overwritten until the event is through. */
  #keep(id: number, cell: number): void {
    if (!this.#isInEvent) return;
    const words = this.#memory.words[cell >>> 16] as Int32Array;
    const word = (cell & 0xffff) << 2;
    const length = words[word + CELL_VALUE_LENGTH_WORD] as number;
    const from = word + (valueOffset(words[word + CELL_KEY_LENGTH_WORD] as number) >> 2);
    const count = (length + 3) >> 2;
    // Place 0 is never used, so that no place is 0.
    const place = this.#keptLength + 1;
    while (place + count >= this.#kept.length) this.#kept = twice(this.#kept);
    const kept = this.#kept;
    kept[place] = length;
    for (let i = 0; i < count; i++) kept[place + 1 + i] = words[from + i] as number;
    this.#keptLength = place + count;
    this.#remember(id, -place);
  }

  #putBack(cell: number, place: number): void {
    const words = this.#memory.words[cell >>> 16] as Int32Array;
    const word = (cell & 0xffff) << 2;
    const keyLength = words[word + CELL_KEY_LENGTH_WORD] as number;
    const to = word + (valueOffset(keyLength) >> 2);
    const length = this.#kept[place] as number;
    this.dirtyBytes += length - (words[word + CELL_VALUE_LENGTH_WORD] as number);
    words[word + CELL_VALUE_LENGTH_WORD] = length;
    for (let i = 0; i < (length + 3) >> 2; i++) words[to + i] = this.#kept[place + 1 + i] as number;
  }

  #writeValue(cell: number, { bytes, words: source, length }: ValueWriter): void {
    const words = this.#memory.words[cell >>> 16] as Int32Array;
    const word = (cell & 0xffff) << 2;
    const start = valueOffset(words[word + CELL_KEY_LENGTH_WORD] as number);
    words[word + CELL_VALUE_LENGTH_WORD] = length;
    if (length <= COPY_BY_WORD_MAX) {
      const to = word + (start >> 2);
      const count = (length + 3) >> 2;
      for (let i = 0; i < count; i++) words[to + i] = source[i] as number;
    } else {
      bytes.copy(this.#memory.arenas[cell >>> 16] as Buffer, ((cell & 0xffff) << 4) + start, 0, length);
    }
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
    return this.#valueLengthOf(cell) === ABSENT ? 0 : 1;
  }

  #valueLengthOf(cell: number): number {
    const words = this.#memory.words[cell >>> 16] as Int32Array;
    return words[((cell & 0xffff) << 2) + CELL_VALUE_LENGTH_WORD] as number;
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

function twice(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(array.length * 2);
  longer.set(array);
  return longer;
}

/** Longer values are copied by the runtime, whose call costs as much as 64 words. */
const COPY_BY_WORD_MAX = 256;
