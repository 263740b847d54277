// data plane
import { NO_ENTRY } from './hash-index.ts';
import { RowKey } from './row-key.ts';
import { ENTRY_CELL, type RowTable } from './row-table.ts';
import { NO_CELL } from './slab-memory.ts';

/** Rows that are fetched in one go: enough for the processor to have all its misses under way at once. */
const ROWS_MAX = 128;

/**
 * Brings rows that will be looked up into the cache of the processor, many at a time. A look-up is a chain of three
 * reads, slot, entry and cell, each of which waits for memory; here the reads of one kind stand side by side and wait
 * together. Nothing is read in from the disk, and nothing changes.
 */
export class RowWarmer {
  readonly #rows: RowTable;
  readonly #key: RowKey;
  readonly #hashes = new Int32Array(ROWS_MAX);
  readonly #cells = new Int32Array(ROWS_MAX);
  #count = 0;
  /** Keeps the compiler from leaving the reads out. */
  #sum = 0;

  /** @param secret that of the rows */
  constructor(rows: RowTable, secret: number) {
    this.#rows = rows;
    this.#key = new RowKey(secret);
  }

  add(storeId: number, text: string): void {
    if (this.#count === ROWS_MAX) return;
    this.#key.set(storeId, text);
    this.#hashes[this.#count] = this.#key.hash;
    this.#count += 1;
  }

  /** Fetches what was added. */
  run(): void {
    const { index, entries, memory } = this.#rows;
    const count = this.#count;
    const cells = this.#cells;
    let sum = this.#sum;
    for (let i = 0; i < count; i++) sum ^= index.touch(this.#hashes[i] as number);
    for (let i = 0; i < count; i++) {
      const id = index.first(this.#hashes[i] as number);
      const entry = entries[id >>> 16];
      cells[i] =
        id === NO_ENTRY || entry === undefined ? NO_CELL : (entry[((id & 0xffff) << 2) + ENTRY_CELL] as number);
    }
    for (let i = 0; i < count; i++) {
      const cell = cells[i] as number;
      if (cell === NO_CELL) continue;
      const words = memory.words[cell >>> 16] as Int32Array;
      const word = (cell & 0xffff) << 2;
      // A cell of a common row spans two cache lines.
      sum ^= (words[word] as number) ^ (words[Math.min(word + WORDS_PER_LINE, words.length - 1)] as number);
    }
    this.#sum = sum | 0;
    this.#count = 0;
  }
}

const WORDS_PER_LINE = 16;
