// data plane
import { assert } from '../base/assert.ts';
import type { CheckpointReader, RowSink } from './checkpoint.ts';
import type { CutPart } from './cut-part.ts';
import {
  DEDUPE_CHUNK_BYTES,
  DEDUPE_ENTRY_BYTES,
  DEDUPE_FINGERPRINT,
  DEDUPE_HIGH,
  DEDUPE_LOW,
  DEDUPE_OFFSET_DELTA,
  DedupeChunk,
  tryDeletedChunk,
  wordOf,
} from './dedupe-chunk.ts';
import { HashIndex, NO_ENTRY } from './hash-index.ts';
import { DEDUPE_CHUNK_ENTRIES } from './store-limits.ts';
import { DEDUPE_STORE_ID } from './store-spec.ts';

export interface DedupeOptions {
  /** An identity is recognised at least this long, in log time. */
  readonly windowMs: number;
  /** Live entries; when all are in use within the window, intake is refused. */
  readonly maxEntries: number;
}

/**
 * Identities of accepted events, each with the offset and fingerprint of the event that bore it first.
 *
 * Entries stand in chunks in the order of their events, so a chunk is full, old and gone as a whole: one row of the
 * checkpoint, written while it fills and deleted when its last entry has left the window.
 *
 * ```
 *   dropped │ expiring                          │ full … full │ open
 *           │ unlinked a few entries at a time  │             │ insert
 * ```
 */
export class DedupeTable implements CutPart {
  /** What the last `lookup` found. */
  foundOffset = -1;
  foundFingerprint = 0;

  readonly #windowMs: number;
  readonly #maxEntries: number;
  readonly #index = new HashIndex();
  /** From the oldest to the open one. */
  readonly #chunks: DedupeChunk[] = [];
  /** By place: an entry's id is place << 12 | index in the chunk. Place 0 stays empty, so that no id is NO_ENTRY. */
  readonly #places: (DedupeChunk | null)[] = [null];
  readonly #freePlaces: number[] = [];
  #nextNumber = 0;
  /** Entries of the oldest chunk that are unlinked. */
  #unlinkedCount = 0;
  /** Numbers of dropped chunks whose rows are still to be deleted. */
  #dropped: number[] = [];

  // The open cut: chunks and how many entries of each belong to it; rows to delete. What is handed over, of both.
  #cutChunks: DedupeChunk[] = [];
  #cutCounts: number[] = [];
  #cutDropped: number[] = [];
  #handedChunks = 0;
  #handedDropped = 0;

  constructor(options: DedupeOptions) {
    this.#windowMs = options.windowMs;
    this.#maxEntries = options.maxEntries;
  }

  /** Entries that `lookup` finds. */
  get size(): number {
    return this.#index.count;
  }

  lookup(low: number, high: number): boolean {
    const wanted = high | 0;
    const index = this.#index;
    for (let id = index.first(low | 0); id !== NO_ENTRY; id = index.next()) {
      const chunk = this.#places[id >>> PLACE_SHIFT] as DedupeChunk;
      const { words } = chunk;
      const at = wordOf(id & INDEX_MASK);
      if (words[at + DEDUPE_HIGH] !== wanted) continue;
      this.foundFingerprint = (words[at + DEDUPE_FINGERPRINT] as number) >>> 0;
      this.foundOffset = chunk.baseOffset + ((words[at + DEDUPE_OFFSET_DELTA] as number) >>> 0);
      return true;
    }
    return false;
  }

  /** Brings in what `lookup` and `insert` will read of this identity; its result says nothing. */
  touch(low: number): number {
    return this.#index.touch(low | 0);
  }

  /** Call for an identity that `lookup` did not find, with offset and log time never less than before. */
  insert(low: number, high: number, fingerprint: number, offset: number, logTime: number): void {
    if (this.#isExpired(logTime)) this.expire(logTime, EXPIRED_PER_INSERT);
    let chunk = this.#chunks[this.#chunks.length - 1];
    if (chunk === undefined || !chunk.hasRoomFor(offset)) {
      const place = this.#takePlace();
      chunk = new DedupeChunk(this.#nextNumber, place << PLACE_SHIFT, this.#memoryOf(place), offset, logTime);
      this.#addChunk(chunk, place);
    }
    chunk.lastLogTime = logTime;
    this.#index.insert(low | 0, chunk.firstId + chunk.count);
    chunk.append(low, high, fingerprint, offset);
  }

  /** Whether no identity can be taken in without forgetting one within the window. */
  isFull(logTime: number): boolean {
    if (this.#index.count < this.#maxEntries) return false;
    this.expire(logTime, EXPIRED_WHEN_FULL);
    return this.#index.count >= this.#maxEntries;
  }

  /** Forgets up to `maxEntries` entries that have left the window. Returns whether there are more. */
  expire(logTime: number, maxEntries: number): boolean {
    let left = maxEntries;
    while (this.#isExpired(logTime)) {
      const chunk = this.#chunks[0] as DedupeChunk;
      for (; this.#unlinkedCount < chunk.count; this.#unlinkedCount++) {
        if (left-- === 0) return true;
        const low = chunk.words[wordOf(this.#unlinkedCount) + DEDUPE_LOW] as number;
        this.#index.remove(low, chunk.firstId + this.#unlinkedCount);
      }
      this.#unlinkedCount = 0;
      this.#chunks.shift();
      this.#freePlaces.push(chunk.firstId >>> PLACE_SHIFT);
      this.#dropped.push(chunk.number);
    }
    return false;
  }

  /** Takes in what the checkpoint has; for a table that is empty. */
  load(reader: CheckpointReader, logTime: number): void {
    assert(this.#chunks.length === 0, 'dedupe load into a table in use');
    reader.scan(DEDUPE_STORE_ID, null, (key, value) => {
      const place = this.#takePlace();
      const chunk = DedupeChunk.of(key, value, place << PLACE_SHIFT, this.#memoryOf(place));
      this.#addChunk(chunk, place);
      for (let i = 0; i < chunk.count; i++) {
        this.#index.insert(chunk.words[wordOf(i) + DEDUPE_LOW] as number, chunk.firstId + i);
      }
      return true;
    });
    this.expire(logTime, DEDUPE_CHUNK_ENTRIES);
  }

  // ------------------------------------------------------------------ cut

  beginCut(): void {
    let first = this.#chunks.length;
    while (first > 0 && isUnsaved(this.#chunks[first - 1] as DedupeChunk)) first -= 1;
    this.#cutChunks = this.#chunks.slice(first);
    this.#cutCounts = this.#cutChunks.map((chunk) => chunk.count);
    for (const chunk of this.#cutChunks) chunk.isAwaited = true;
    this.#cutDropped = this.#dropped;
    this.#dropped = [];
    this.#handedChunks = 0;
    this.#handedDropped = 0;
  }

  handOver(sink: RowSink, maxBytes: number): number {
    let bytes = 0;
    for (; this.#handedDropped < this.#cutDropped.length; this.#handedDropped++) {
      if (bytes >= maxBytes) return -1;
      if (!tryDeletedChunk(sink, this.#cutDropped[this.#handedDropped] as number)) return -1;
      bytes += DELETED_ROW_COST;
    }
    for (; this.#handedChunks < this.#cutChunks.length; this.#handedChunks++) {
      if (bytes >= maxBytes) return -1;
      const chunk = this.#cutChunks[this.#handedChunks] as DedupeChunk;
      const count = this.#cutCounts[this.#handedChunks] as number;
      if (!chunk.tryRow(sink, count)) return -1;
      chunk.isAwaited = false;
      bytes += count * DEDUPE_ENTRY_BYTES;
    }
    return bytes;
  }

  confirmCut(): void {
    for (let i = 0; i < this.#cutChunks.length; i++) {
      (this.#cutChunks[i] as DedupeChunk).savedCount = this.#cutCounts[i] as number;
    }
    this.#endCut();
  }

  abandonCut(): void {
    for (const chunk of this.#cutChunks) chunk.isAwaited = false;
    this.#dropped = [...this.#cutDropped, ...this.#dropped];
    this.#endCut();
  }

  #endCut(): void {
    this.#cutChunks = [];
    this.#cutCounts = [];
    this.#cutDropped = [];
  }

  // ------------------------------------------------------------------ chunks

  #isExpired(logTime: number): boolean {
    const oldest = this.#chunks[0];
    return oldest !== undefined && !oldest.isAwaited && oldest.lastLogTime < logTime - this.#windowMs;
  }

  #addChunk(chunk: DedupeChunk, place: number): void {
    this.#places[place] = chunk;
    this.#chunks.push(chunk);
    this.#nextNumber = chunk.number + 1;
  }

  #takePlace(): number {
    const free = this.#freePlaces.pop();
    if (free !== undefined) return free;
    this.#places.push(null);
    return this.#places.length - 1;
  }

  #memoryOf(place: number): ArrayBuffer {
    return (this.#places[place]?.words.buffer as ArrayBuffer | undefined) ?? new ArrayBuffer(DEDUPE_CHUNK_BYTES);
  }
}

function isUnsaved(chunk: DedupeChunk): boolean {
  return chunk.savedCount < chunk.count;
}

const PLACE_SHIFT = 12;
const INDEX_MASK = (1 << PLACE_SHIFT) - 1;
assert(DEDUPE_CHUNK_ENTRIES === 1 << PLACE_SHIFT, 'an id packs place and index');

/** More than one per insert, so that a table in balance empties its old end. */
const EXPIRED_PER_INSERT = 2;
const EXPIRED_WHEN_FULL = 256;
const DELETED_ROW_COST = 128;
