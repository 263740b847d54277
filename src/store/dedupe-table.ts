// data plane
import { assert } from '../base/assert.ts';
import { type CheckpointReader, ROW_DELETED, type RowSink } from './checkpoint.ts';
import type { CutPart } from './cut-part.ts';
import { DEDUPE_ENTRY_BYTES, DEDUPE_KEY_BYTES, DedupeChunk, DedupeRow } from './dedupe-chunk.ts';
import { ENTRY_HASH, ENTRY_NEXT, LinkedTable, NO_ENTRY } from './linked-table.ts';
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
  readonly #table = new LinkedTable();
  /** The same memory as the table's chunks, for offsets. */
  readonly #floats: Float64Array[] = [];
  /** From the oldest to the open one. */
  readonly #chunks: DedupeChunk[] = [];
  readonly #freeIds: number[] = [];
  #nextId = DEDUPE_CHUNK_ENTRIES;
  #nextNumber = 0;
  /** Entries of the oldest chunk that are unlinked. */
  #unlinkedCount = 0;
  /** Numbers of dropped chunks whose rows are still to be deleted. */
  #dropped: number[] = [];

  readonly #row = new DedupeRow();
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
    return this.#table.count;
  }

  lookup(low: number, high: number): boolean {
    const hash = low | 0;
    const wanted = high | 0;
    const chunks = this.#table.chunks;
    for (let id = this.#table.first(hash); id !== NO_ENTRY; ) {
      const words = chunks[id >>> 16] as Int32Array;
      const at = (id & 0xffff) << 3;
      if (words[at + ENTRY_HASH] === hash && words[at + HIGH] === wanted) {
        this.foundFingerprint = (words[at + FINGERPRINT] as number) >>> 0;
        this.foundOffset = (this.#floats[id >>> 16] as Float64Array)[(at >> 1) + OFFSET_DOUBLE] as number;
        return true;
      }
      id = words[at + ENTRY_NEXT] as number;
    }
    return false;
  }

  /** Call for an identity that `lookup` did not find, with offset and log time never less than before. */
  insert(low: number, high: number, fingerprint: number, offset: number, logTime: number): void {
    if (this.#isExpired(logTime)) this.expire(logTime, EXPIRED_PER_INSERT);
    let chunk = this.#chunks[this.#chunks.length - 1];
    if (chunk === undefined || !chunk.hasRoomFor(offset)) chunk = this.#addChunk(this.#nextNumber, offset, logTime);
    chunk.lastLogTime = logTime;
    this.#append(chunk, low | 0, high | 0, fingerprint | 0, offset);
  }

  /** Whether no identity can be taken in without forgetting one within the window. */
  isFull(logTime: number): boolean {
    if (this.#table.count < this.#maxEntries) return false;
    this.expire(logTime, EXPIRED_WHEN_FULL);
    return this.#table.count >= this.#maxEntries;
  }

  /** Forgets up to `maxEntries` entries that have left the window. Returns whether there are more. */
  expire(logTime: number, maxEntries: number): boolean {
    let left = maxEntries;
    while (this.#isExpired(logTime)) {
      const chunk = this.#chunks[0] as DedupeChunk;
      for (; this.#unlinkedCount < chunk.count; this.#unlinkedCount++) {
        if (left-- === 0) return true;
        this.#table.unlink(chunk.firstId + this.#unlinkedCount);
      }
      this.#unlinkedCount = 0;
      this.#chunks.shift();
      this.#freeIds.push(chunk.firstId);
      this.#dropped.push(chunk.number);
    }
    return false;
  }

  /** Takes in what the checkpoint has; for a table that is empty. */
  load(reader: CheckpointReader, logTime: number): void {
    assert(this.#chunks.length === 0, 'dedupe load into a table in use');
    const row = this.#row;
    reader.scan(DEDUPE_STORE_ID, null, (key, value) => {
      row.read(key, value);
      this.#nextNumber = row.number + 1;
      if (row.lastLogTime < logTime - this.#windowMs) {
        this.#dropped.push(row.number);
        return true;
      }
      const chunk = this.#addChunk(row.number, row.baseOffset, row.firstLogTime);
      const count = row.count;
      for (let i = 0; i < count; i++) {
        this.#append(chunk, row.low(i) | 0, row.high(i) | 0, row.fingerprint(i) | 0, row.offset(i));
      }
      chunk.lastLogTime = row.lastLogTime;
      chunk.savedCount = count;
      return true;
    });
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
    const row = this.#row;
    let bytes = 0;
    for (; this.#handedDropped < this.#cutDropped.length; this.#handedDropped++) {
      if (bytes >= maxBytes) return -1;
      row.number = this.#cutDropped[this.#handedDropped] as number;
      if (!sink.tryRow(DEDUPE_STORE_ID, row.key, 0, DEDUPE_KEY_BYTES, row.bytes, 0, ROW_DELETED)) return -1;
      bytes += DELETED_ROW_COST;
    }
    for (; this.#handedChunks < this.#cutChunks.length; this.#handedChunks++) {
      if (bytes >= maxBytes) return -1;
      const chunk = this.#cutChunks[this.#handedChunks] as DedupeChunk;
      const count = this.#cutCounts[this.#handedChunks] as number;
      this.#encode(chunk, count);
      if (!sink.tryRow(DEDUPE_STORE_ID, row.key, 0, DEDUPE_KEY_BYTES, row.bytes, 0, row.length)) return -1;
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

  #addChunk(number: number, baseOffset: number, firstLogTime: number): DedupeChunk {
    let firstId = this.#freeIds.pop();
    if (firstId === undefined) {
      firstId = this.#nextId;
      this.#nextId += DEDUPE_CHUNK_ENTRIES;
      this.#table.reserve(firstId + DEDUPE_CHUNK_ENTRIES - 1);
      for (let i = this.#floats.length; i < this.#table.chunks.length; i++) {
        this.#floats.push(new Float64Array((this.#table.chunks[i] as Int32Array).buffer));
      }
    }
    const chunk = new DedupeChunk(number, firstId, baseOffset, firstLogTime);
    this.#chunks.push(chunk);
    this.#nextNumber = number + 1;
    return chunk;
  }

  #append(chunk: DedupeChunk, low: number, high: number, fingerprint: number, offset: number): void {
    const id = chunk.firstId + chunk.count;
    const words = this.#table.chunks[id >>> 16] as Int32Array;
    const at = (id & 0xffff) << 3;
    words[at + HIGH] = high;
    words[at + FINGERPRINT] = fingerprint;
    (this.#floats[id >>> 16] as Float64Array)[(at >> 1) + OFFSET_DOUBLE] = offset;
    chunk.count += 1;
    this.#table.link(id, low);
  }

  #encode(chunk: DedupeChunk, count: number): void {
    const row = this.#row;
    row.start(chunk, count);
    for (let i = 0; i < count; i++) {
      const id = chunk.firstId + i;
      const words = this.#table.chunks[id >>> 16] as Int32Array;
      const at = (id & 0xffff) << 3;
      const offset = (this.#floats[id >>> 16] as Float64Array)[(at >> 1) + OFFSET_DOUBLE] as number;
      row.setEntry(
        i,
        words[at + ENTRY_HASH] as number,
        words[at + HIGH] as number,
        words[at + FINGERPRINT] as number,
        offset,
      );
    }
  }
}

function isUnsaved(chunk: DedupeChunk): boolean {
  return chunk.savedCount < chunk.count;
}

/** Words of an entry besides the hash, which is the lower half of its identity; the offset is the third double. */
const HIGH = 2;
const FINGERPRINT = 3;
const OFFSET_DOUBLE = 2;

/** More than one per insert, so that a table in balance empties its old end. */
const EXPIRED_PER_INSERT = 2;
const EXPIRED_WHEN_FULL = 256;
const DELETED_ROW_COST = 128;
