// data plane
import type { CheckpointReader } from './checkpoint.ts';
import { HashIndex, NO_ENTRY } from './hash-index.ts';
import {
  ABSENT,
  CELL_HEADER_BYTES,
  CELL_KEY_LENGTH_WORD,
  CELL_KEY_WORD,
  CELL_VALUE_LENGTH_WORD,
  cellSize,
  valueOffset,
} from './row-cell.ts';
import { RowKey } from './row-key.ts';
import { NO_CELL, SlabMemory } from './slab-memory.ts';
import { STORE_PREFIX_BYTES } from './store-limits.ts';

/**
 * An entry is four words: its cell, the generation that changed it last, the cell that the open cut wants, its heat. They
 * stand in `entries[id >>> 16]` from `(id & 0xffff) << 2` on.
 */
export const ENTRY_CELL = 0;
export const ENTRY_GENERATION = 1;
export const ENTRY_CUT_CELL = 2;
export const ENTRY_HEAT = 3;

export type EvictionPolicy = 'lru' | 'lfu' | 'fifo';

/**
 * How hot a row can get. One hand goes round over the entries and takes the first clean one that is cold, cooling the
 * others: with 0 that is first in, first out (an entry's number is free again just behind the hand), with 1 the clock
 * that stands in for least recently used (Corbató, 1968), with more it counts uses.
 */
const HEAT_MAX: Record<EvictionPolicy, number> = { fifo: 0, lru: 1, lfu: 15 };

/** Finds the entry of a row, reads it in when it is not in memory, and takes cold clean ones out to make room. */
export class RowTable {
  readonly memory = new SlabMemory();
  readonly index = new HashIndex();
  readonly entries: Int32Array[] = [];
  /** Rows that each store has in the environment that the reader reads: 0 spares the look. */
  readonly baseSizes: Float64Array;
  /** Entries whose generation is not above this are as the environment has them. */
  confirmed = 0;
  hits = 0;
  misses = 0;
  evictions = 0;

  readonly #key: RowKey;
  readonly #reader: CheckpointReader | null;
  readonly #cacheBytes: number;
  readonly #heatMax: number;
  #entryCount = 0;
  /** Entries that are free, chained by their ENTRY_GENERATION. */
  #freeEntry = NO_ENTRY;
  #hand = 0;
  /** Entries passed since the last eviction; once all were passed cold, more is futile until one is confirmed or comes in. */
  #passed = 0;
  // The row last found: what an operator puts is mostly what it just got.
  #lastStoreId = -1;
  #lastKey = '';
  #lastEntry = NO_ENTRY;

  constructor(
    storeCount: number,
    reader: CheckpointReader | null,
    cacheBytes: number,
    eviction: EvictionPolicy,
    secret: number,
  ) {
    this.baseSizes = new Float64Array(storeCount);
    this.#key = new RowKey(secret);
    this.#reader = reader;
    this.#cacheBytes = cacheBytes;
    this.#heatMax = HEAT_MAX[eviction];
  }

  get usedBytes(): number {
    return this.memory.usedBytes + this.index.count * ENTRY_COST_BYTES;
  }

  get isOverBudget(): boolean {
    return this.usedBytes > this.#cacheBytes;
  }

  cellOf(id: number): number {
    return (this.entries[id >>> 16] as Int32Array)[((id & 0xffff) << 2) + ENTRY_CELL] as number;
  }

  /** The entry of this row, read in if it was not in memory, also when there is no such row. */
  find(storeId: number, text: string): number {
    if (text === this.#lastKey && storeId === this.#lastStoreId) return this.#lastEntry;
    const key = this.#key;
    key.set(storeId, text);
    const index = this.index;
    let id = index.first(key.hash);
    while (id !== NO_ENTRY) {
      const entry = this.entries[id >>> 16] as Int32Array;
      const at = (id & 0xffff) << 2;
      if (this.#hasKey(entry[at + ENTRY_CELL] as number)) {
        const heat = entry[at + ENTRY_HEAT] as number;
        if (heat < this.#heatMax) entry[at + ENTRY_HEAT] = heat + 1;
        this.hits += 1;
        break;
      }
      id = index.next();
    }
    if (id === NO_ENTRY) id = this.#readIn(storeId);
    this.#lastStoreId = storeId;
    this.#lastKey = text;
    this.#lastEntry = id;
    return id;
  }

  /** Takes out cold clean rows while there is no room, a few steps of the hand at a time. No entry may be in use. */
  evict(): void {
    if (this.#reader === null || this.#passed > this.#entryCount * (this.#heatMax + 1)) return;
    this.#lastStoreId = -1;
    for (let step = 0; step < EVICTION_STEPS && this.usedBytes > this.#cacheBytes; step++) {
      this.#hand = this.#hand >= this.#entryCount ? 1 : this.#hand + 1;
      const id = this.#hand;
      const entry = this.entries[id >>> 16] as Int32Array;
      const at = (id & 0xffff) << 2;
      const cell = entry[at + ENTRY_CELL] as number;
      this.#passed += 1;
      if (cell === NO_CELL || (entry[at + ENTRY_GENERATION] as number) > this.confirmed) continue;
      const heat = entry[at + ENTRY_HEAT] as number;
      if (heat > 0) {
        entry[at + ENTRY_HEAT] = heat - 1;
        continue;
      }
      this.index.remove(this.#hashOf(cell), id);
      this.memory.free(cell);
      entry[at + ENTRY_CELL] = NO_CELL;
      entry[at + ENTRY_GENERATION] = this.#freeEntry;
      this.#freeEntry = id;
      this.evictions += 1;
      this.#passed = 0;
    }
  }

  /** Rows up to this generation are in the environment now and may be evicted. */
  confirm(generation: number): void {
    this.confirmed = generation;
    this.#passed = 0;
  }

  #hasKey(cell: number): boolean {
    const key = this.#key;
    const length = key.length;
    const words = this.memory.words[cell >>> 16] as Int32Array;
    const start = (cell & 0xffff) << 2;
    if (words[start + CELL_KEY_LENGTH_WORD] !== length) return false;
    const wanted = key.words;
    const count = (length + 3) >> 2;
    for (let i = 0; i < count; i++) {
      if (words[start + CELL_KEY_WORD + i] !== wanted[i]) return false;
    }
    return true;
  }

  #readIn(storeId: number): number {
    this.misses += 1;
    if (this.usedBytes > this.#cacheBytes) this.evict();
    const key = this.#key;
    const keyLength = key.length;
    const reader = this.#reader;
    const value =
      reader !== null && (this.baseSizes[storeId] as number) > 0
        ? reader.get(storeId, key.body, keyLength - STORE_PREFIX_BYTES)
        : null;
    const valueLength = value === null ? ABSENT : value.length;
    const cell = this.memory.allocate(cellSize(keyLength, valueLength));
    const words = this.memory.words[cell >>> 16] as Int32Array;
    const word = (cell & 0xffff) << 2;
    words[word + CELL_VALUE_LENGTH_WORD] = valueLength;
    words[word + CELL_KEY_LENGTH_WORD] = keyLength;
    const count = (keyLength + 3) >> 2;
    for (let i = 0; i < count; i++) words[word + CELL_KEY_WORD + i] = key.words[i] as number;
    if (value !== null) {
      (this.memory.arenas[cell >>> 16] as Buffer).set(value, ((cell & 0xffff) << 4) + valueOffset(keyLength));
    }
    return this.#link(cell, key.hash);
  }

  #link(cell: number, hash: number): number {
    let id = this.#freeEntry;
    if (id === NO_ENTRY) {
      id = ++this.#entryCount;
      if (this.entries.length <= id >>> 16) this.entries.push(new Int32Array(ENTRIES_PER_CHUNK * 4));
    }
    const entry = this.entries[id >>> 16] as Int32Array;
    const at = (id & 0xffff) << 2;
    if (id === this.#freeEntry) this.#freeEntry = entry[at + ENTRY_GENERATION] as number;
    entry[at + ENTRY_CELL] = cell;
    entry[at + ENTRY_GENERATION] = 0;
    entry[at + ENTRY_CUT_CELL] = NO_CELL;
    entry[at + ENTRY_HEAT] = 0;
    this.index.insert(hash, id);
    return id;
  }

  #hashOf(cell: number): number {
    const length = (this.memory.words[cell >>> 16] as Int32Array)[((cell & 0xffff) << 2) + CELL_KEY_LENGTH_WORD];
    const start = ((cell & 0xffff) << 4) + CELL_HEADER_BYTES;
    return this.#key.hashOf(this.memory.arenas[cell >>> 16] as Buffer, start, length as number);
  }
}

/** Four words, and two words of the index, which is about half full. */
const ENTRY_COST_BYTES = 32;
const ENTRIES_PER_CHUNK = 1 << 16;
/** Steps of the hand per event or miss while there is no room: an event reads in a few rows, so the hand keeps ahead. */
const EVICTION_STEPS = 32;
