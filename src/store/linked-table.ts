// data plane
import { assert } from '../base/assert.ts';

/** An entry is eight words; its first two belong to the table, the others to whoever keeps it. */
export const ENTRY_WORDS = 8;
export const ENTRY_HASH = 0;
export const ENTRY_NEXT = 1;
/** No entry. */
export const NO_ENTRY = 0;

/**
 * A hash table of numbered entries that grows a bucket at a time: linear hashing (Litwin, 1980), so that no insert pays
 * for all the others. A table of a million that doubled at once would hold its lane for 30 ms.
 *
 * The entries' words are `chunks[id >>> 16]` from `(id & 0xffff) << 3` on. Who makes an id up is the caller's affair;
 * ids are int32 > 0.
 *
 * ```
 *   buckets   0 … split-1 | split … 2^level-1 | 2^level … 2^level+split-1
 *             divided       not yet divided     the other halves
 * ```
 */
export class LinkedTable {
  readonly chunks: Int32Array[] = [];
  count = 0;
  readonly #heads: Int32Array[] = [];
  /** Buckets in use: 2^level + split. */
  #bucketCount = INITIAL_BUCKETS;
  /** 2^level - 1. */
  #mask = INITIAL_BUCKETS - 1;

  constructor() {
    this.#heads.push(new Int32Array(HEADS_PER_CHUNK));
  }

  /** Makes room for the words of this id. */
  reserve(id: number): void {
    const chunk = id >>> ENTRY_CHUNK_SHIFT;
    while (this.chunks.length <= chunk) this.chunks.push(new Int32Array(ENTRIES_PER_CHUNK * ENTRY_WORDS));
  }

  /** The first entry that may have this hash; the others follow by ENTRY_NEXT. */
  first(hash: number): number {
    const bucket = this.#bucketOf(hash);
    return (this.#heads[bucket >>> HEAD_CHUNK_SHIFT] as Int32Array)[bucket & (HEADS_PER_CHUNK - 1)] as number;
  }

  link(id: number, hash: number): void {
    const bucket = this.#bucketOf(hash);
    const heads = this.#heads[bucket >>> HEAD_CHUNK_SHIFT] as Int32Array;
    const head = bucket & (HEADS_PER_CHUNK - 1);
    const words = this.chunks[id >>> ENTRY_CHUNK_SHIFT] as Int32Array;
    const at = (id & (ENTRIES_PER_CHUNK - 1)) << ENTRY_SHIFT;
    words[at + ENTRY_HASH] = hash;
    words[at + ENTRY_NEXT] = heads[head] as number;
    heads[head] = id;
    this.count += 1;
    if (this.count * BUCKETS_PER_ENTRY > this.#bucketCount) {
      this.#divideOne();
      this.#divideOne();
    }
  }

  unlink(id: number): void {
    const words = this.chunks[id >>> ENTRY_CHUNK_SHIFT] as Int32Array;
    const at = (id & (ENTRIES_PER_CHUNK - 1)) << ENTRY_SHIFT;
    const bucket = this.#bucketOf(words[at + ENTRY_HASH] as number);
    let holder = this.#heads[bucket >>> HEAD_CHUNK_SHIFT] as Int32Array;
    let slot = bucket & (HEADS_PER_CHUNK - 1);
    for (let other = holder[slot] as number; other !== id; other = holder[slot] as number) {
      assert(other !== NO_ENTRY, 'table entry not linked');
      holder = this.chunks[other >>> ENTRY_CHUNK_SHIFT] as Int32Array;
      slot = ((other & (ENTRIES_PER_CHUNK - 1)) << ENTRY_SHIFT) + ENTRY_NEXT;
    }
    holder[slot] = words[at + ENTRY_NEXT] as number;
    this.count -= 1;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & ((this.#mask << 1) | 1);
    return bucket < this.#bucketCount ? bucket : hash & this.#mask;
  }

  /** Moves the entries of the next undivided bucket that belong into its other half. */
  #divideOne(): void {
    const target = this.#bucketCount;
    if (target >= MAX_BUCKETS) return;
    if (target >>> HEAD_CHUNK_SHIFT === this.#heads.length) this.#heads.push(new Int32Array(HEADS_PER_CHUNK));
    const source = target & this.#mask;
    const wide = (this.#mask << 1) | 1;
    const sourceHeads = this.#heads[source >>> HEAD_CHUNK_SHIFT] as Int32Array;
    const sourceHead = source & (HEADS_PER_CHUNK - 1);
    let kept = NO_ENTRY;
    let moved = NO_ENTRY;
    for (let id = sourceHeads[sourceHead] as number; id !== NO_ENTRY; ) {
      const words = this.chunks[id >>> ENTRY_CHUNK_SHIFT] as Int32Array;
      const at = (id & (ENTRIES_PER_CHUNK - 1)) << ENTRY_SHIFT;
      const next = words[at + ENTRY_NEXT] as number;
      if (((words[at + ENTRY_HASH] as number) & wide) === target) {
        words[at + ENTRY_NEXT] = moved;
        moved = id;
      } else {
        words[at + ENTRY_NEXT] = kept;
        kept = id;
      }
      id = next;
    }
    sourceHeads[sourceHead] = kept;
    (this.#heads[target >>> HEAD_CHUNK_SHIFT] as Int32Array)[target & (HEADS_PER_CHUNK - 1)] = moved;
    this.#bucketCount = target + 1;
    if (this.#bucketCount > this.#mask + this.#mask + 1) this.#mask = wide;
  }
}

const ENTRY_SHIFT = 3;
const ENTRY_CHUNK_SHIFT = 16;
const ENTRIES_PER_CHUNK = 1 << ENTRY_CHUNK_SHIFT;
const HEAD_CHUNK_SHIFT = 16;
const HEADS_PER_CHUNK = 1 << HEAD_CHUNK_SHIFT;
const INITIAL_BUCKETS = 1024;
const MAX_BUCKETS = 2 ** 30;
/** Two buckets to an entry: 1.25 entries are looked at per hit, each of them likely a cache miss. */
const BUCKETS_PER_ENTRY = 2;
