// data plane
import { assert } from '../base/assert.ts';

/** No entry has this id. */
export const NO_ENTRY = 0;

/**
 * Finds entry ids by hash: extendible hashing (Fagin et al., 1979). The upper bits of a hash choose a segment, the lower
 * ones a slot in it; what is taken is looked for in the slots behind it. A segment that fills up is divided in two,
 * which takes 60 µs: no insert pays for all others. A table of a million that doubled at once would hold its lane for
 * 50 ms; chained buckets that divide one by one (Litwin, 1980) cost an insert twice as many cache misses.
 *
 * ```
 *   directory, 2^depth     0 0 1 2        segment    hash id | 0 0 | hash id | hash id | 0 0 …    4096 slots
 * ```
 * A slot holds the whole hash, so that an entry is looked at only where it is all but certain to be the one.
 */
export class HashIndex {
  count = 0;
  #depth = 1;
  #directory = Int32Array.of(0, 1);
  readonly #segments: Int32Array[] = [new Int32Array(SEGMENT_WORDS), new Int32Array(SEGMENT_WORDS)];
  readonly #counts: number[] = [0, 0];
  readonly #depths: number[] = [1, 1];
  // Where `first` or `next` stopped.
  #words: Int32Array = this.#segments[0] as Int32Array;
  #word = 0;
  #hash = 0;

  /** The first entry with this hash, or NO_ENTRY; those after it by `next`, before anything else is called. */
  first(hash: number): number {
    const words = this.#segments[this.#directory[hash >>> (32 - this.#depth)] as number] as Int32Array;
    this.#words = words;
    this.#hash = hash;
    return this.#seek(words, hash, (hash & SLOT_MASK) << 1);
  }

  /** The word that `first` would begin with. It says nothing; to read it brings its cache line in. */
  touch(hash: number): number {
    const words = this.#segments[this.#directory[hash >>> (32 - this.#depth)] as number] as Int32Array;
    return words[((hash & SLOT_MASK) << 1) + 1] as number;
  }

  next(): number {
    return this.#seek(this.#words, this.#hash, (this.#word + 2) & WORD_MASK);
  }

  insert(hash: number, id: number): void {
    let segment = this.#directory[hash >>> (32 - this.#depth)] as number;
    while ((this.#counts[segment] as number) >= SEGMENT_ENTRIES_MAX) {
      this.#divide(segment, hash);
      segment = this.#directory[hash >>> (32 - this.#depth)] as number;
    }
    place(this.#segments[segment] as Int32Array, hash, id);
    this.#counts[segment] = (this.#counts[segment] as number) + 1;
    this.count += 1;
  }

  remove(hash: number, id: number): void {
    const segment = this.#directory[hash >>> (32 - this.#depth)] as number;
    const words = this.#segments[segment] as Int32Array;
    let hole = (hash & SLOT_MASK) << 1;
    for (; words[hole + 1] !== id; hole = (hole + 2) & WORD_MASK) {
      assert(words[hole + 1] !== NO_ENTRY, 'hash index entry missing');
    }
    // What stands behind the hole moves up, unless it would come before its own slot.
    for (let at = (hole + 2) & WORD_MASK; words[at + 1] !== NO_ENTRY; at = (at + 2) & WORD_MASK) {
      const home = ((words[at] as number) & SLOT_MASK) << 1;
      if (((at - home) & WORD_MASK) < ((at - hole) & WORD_MASK)) continue;
      words[hole] = words[at] as number;
      words[hole + 1] = words[at + 1] as number;
      hole = at;
    }
    words[hole + 1] = NO_ENTRY;
    this.#counts[segment] = (this.#counts[segment] as number) - 1;
    this.count -= 1;
  }

  #seek(words: Int32Array, hash: number, start: number): number {
    let word = start;
    while (words[word + 1] !== NO_ENTRY && words[word] !== hash) word = (word + 2) & WORD_MASK;
    this.#word = word;
    return words[word + 1] as number;
  }

  /** Takes the entries out of this segment whose next upper bit is 1. */
  #divide(segment: number, hash: number): void {
    const depth = this.#depths[segment] as number;
    assert(depth < MAX_DEPTH, `hash index depth=${depth}: hashes are not spread`);
    if (depth === this.#depth) this.#growDirectory();
    const from = this.#segments[segment] as Int32Array;
    const lower = new Int32Array(SEGMENT_WORDS);
    const upper = new Int32Array(SEGMENT_WORDS);
    let upperCount = 0;
    for (let word = 0; word < SEGMENT_WORDS; word += 2) {
      const id = from[word + 1] as number;
      if (id === NO_ENTRY) continue;
      const entryHash = from[word] as number;
      const bit = (entryHash >>> (31 - depth)) & 1;
      upperCount += bit;
      place(bit === 1 ? upper : lower, entryHash, id);
    }
    const added = this.#segments.length;
    this.#segments[segment] = lower;
    this.#segments.push(upper);
    this.#counts[segment] = (this.#counts[segment] as number) - upperCount;
    this.#counts.push(upperCount);
    this.#depths[segment] = depth + 1;
    this.#depths.push(depth + 1);
    const width = 1 << (this.#depth - depth);
    const start = (hash >>> (32 - depth)) * width;
    for (let i = start + width / 2; i < start + width; i++) this.#directory[i] = added;
  }

  #growDirectory(): void {
    const directory = new Int32Array(this.#directory.length * 2);
    for (let i = 0; i < directory.length; i++) directory[i] = this.#directory[i >> 1] as number;
    this.#directory = directory;
    this.#depth += 1;
  }
}

function place(words: Int32Array, hash: number, id: number): void {
  let word = (hash & SLOT_MASK) << 1;
  while (words[word + 1] !== NO_ENTRY) word = (word + 2) & WORD_MASK;
  words[word] = hash;
  words[word + 1] = id;
}

const SEGMENT_SLOTS = 4096;
const SLOT_MASK = SEGMENT_SLOTS - 1;
const SEGMENT_WORDS = SEGMENT_SLOTS * 2;
const WORD_MASK = SEGMENT_WORDS - 1;
/** Five of eight: a hash that is not there is found out after four slots on average at most, half a cache line. */
const SEGMENT_ENTRIES_MAX = (SEGMENT_SLOTS * 5) / 8;
/** Below the bits that choose the slot. */
const MAX_DEPTH = 20;
