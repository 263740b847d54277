// data plane
import { assert } from '../base/assert.ts';
import type { CheckpointReader, RowSink } from './checkpoint.ts';
import type { CutPart } from './cut-part.ts';
import { type DedupeOptions, DedupeTable } from './dedupe-table.ts';
import { Outbox, type OutboxEnd } from './outbox.ts';
import { type ProducerOptions, ProducerTable } from './producer-table.ts';
import { Registers } from './registers.ts';
import { RowCache } from './row-cache.ts';
import { RowCut } from './row-cut.ts';
import { type EvictionPolicy, RowTable } from './row-table.ts';
import { RowWarmer } from './row-warmer.ts';
import { StateStore } from './state-store.ts';
import type { StoreSpec } from './store-spec.ts';
import { StoreSummary } from './store-summary.ts';

export type { RowSink } from './checkpoint.ts';
export type { EvictionPolicy } from './row-table.ts';

export interface PartitionStateOptions {
  /** By place. Ids, the numbers that their rows have in a checkpoint, are dense, from 0. */
  readonly stores: readonly StoreSpec[];
  /** null: no checkpoint is ever read, and every row stays in memory. */
  readonly reader: CheckpointReader | null;
  /** Bound of the rows in memory, as long as there are clean ones to evict. */
  readonly cacheBytes: number;
  readonly eviction: EvictionPolicy;
  /** Seeds the hash of row keys: whoever does not know it cannot aim many keys at one slot. */
  readonly secret: number;
  readonly dedupe: DedupeOptions & ProducerOptions;
  /** Channels to and from other partitions. Default: none. */
  readonly channels?: { readonly out: number; readonly in: number };
}

/** A place within an event. */
export interface Savepoint {
  readonly rows: number;
  readonly registers: number;
  readonly ends: readonly OutboxEnd[];
}

export interface PartitionStateStats {
  /** Rows of all stores. */
  readonly rows: number;
  readonly cachedRows: number;
  readonly cachedBytes: number;
  /** Memory taken from the system for them. */
  readonly reservedBytes: number;
  readonly dirtyBytes: number;
  /** Handed over or being handed over, not confirmed. */
  readonly frozenBytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
  readonly dedupeEntries: number;
  readonly producers: number;
}

/**
 * All state of a partition: what its operators keep, and what tells a repeated event from a new one. Belongs to the
 * thread of its lane.
 *
 * ```
 *   events   beginEvent ─ get, put, delete ─ commitEvent | undoEvent
 *   cuts     beginCut ─ encodeSlice … encodeSlice ─ confirmCut | abandonCut     between events, while events go on
 * ```
 */
export class PartitionState {
  readonly dedupe: DedupeTable;
  readonly producers: ProducerTable;
  readonly warmer: RowWarmer;
  readonly outbox: Outbox;
  readonly specs: readonly StoreSpec[];
  readonly #registers: Registers;
  readonly #reader: CheckpointReader | null;
  readonly #cacheBytes: number;
  readonly #stores: readonly StateStore[];
  readonly #cache: RowCache;
  readonly #cut: RowCut;
  readonly #parts: readonly CutPart[];
  #isCutOpen = false;
  /** The part that is handed over next. */
  #part = 0;

  constructor(options: PartitionStateOptions) {
    const { stores, reader } = options;
    this.specs = stores;
    const rows = new RowTable(stores.length, reader, options.cacheBytes, options.eviction, options.secret);
    const cache = new RowCache(stores.length, rows);
    this.warmer = new RowWarmer(rows, options.secret);
    const cut = new RowCut(cache);
    const summary = new StoreSummary(stores, cache, reader);
    this.#reader = reader;
    this.#cacheBytes = options.cacheBytes;
    this.#cache = cache;
    this.#cut = cut;
    this.dedupe = new DedupeTable(options.dedupe);
    this.producers = new ProducerTable(options.dedupe);
    this.#registers = new Registers(stores.length, reader);
    this.outbox = new Outbox(options.channels?.out ?? 0, options.channels?.in ?? 0, reader);
    this.#parts = [cut, this.dedupe, this.producers, summary, this.#registers, this.outbox];
    this.#stores = stores.map(({ id }) => {
      return new StateStore({
        cache,
        reader,
        registers: this.#registers,
        storeId: id,
        codec: summary.codec(id),
        dirtyRows: () => cut.dirtyRows(id),
        frozenRows: () => cut.frozenRows(id),
      });
    });
    if (reader === null || reader.meta === null) return;
    this.dedupe.load(reader, reader.meta.logTime);
    this.producers.load(reader);
  }

  store(place: number): StateStore {
    const store = this.#stores[place];
    assert(store !== undefined, `store place=${place} unknown`);
    return store;
  }

  // ------------------------------------------------------------------ events

  beginEvent(): void {
    this.#cache.beginEvent();
    this.producers.beginEvent();
    this.#registers.beginEvent();
    this.outbox.beginEvent();
  }

  commitEvent(): void {
    this.#cache.commitEvent();
    this.producers.commitEvent();
    this.#registers.commitEvent();
    this.outbox.commitEvent();
  }

  /** Takes back what the event wrote. */
  undoEvent(): void {
    this.#cache.undoEvent();
    this.producers.undoEvent();
    this.#registers.undoEvent();
    this.outbox.undoEvent();
  }

  /** A place within the event at hand, to come back to with `rollBack`. */
  savepoint(): Savepoint {
    return { rows: this.#cache.written, registers: this.#registers.written, ends: this.outbox.ends() };
  }

  /** Takes back what the event wrote and sent since; the event goes on. */
  rollBack({ rows, registers, ends }: Savepoint): void {
    this.#cache.undoTo(rows);
    this.#registers.undoTo(registers);
    this.outbox.undoTo(ends);
  }

  // ------------------------------------------------------------------ cuts

  /** Bytes of rows that the next cut would hand over. */
  get dirtyBytes(): number {
    return this.#cache.dirtyBytes;
  }

  /** Dirty rows cannot be evicted: beyond this many a checkpoint makes room again. */
  get wantsCut(): boolean {
    return this.#cache.dirtyBytes > this.#cacheBytes * DIRTY_SHARE_MAX;
  }

  /** Freezes what is new since the last cut; the state may go on changing while it is handed over. */
  beginCut(): void {
    assert(!this.#isCutOpen && !this.#cache.isInEvent, 'beginCut within a cut or an event');
    for (const part of this.#parts) part.beginCut();
    this.#isCutOpen = true;
    this.#part = 0;
  }

  /**
   * Hands over about `maxBytes` of the cut.
   * @returns true when all of it is handed over; false: call again, the sink may have no room
   */
  encodeSlice(sink: RowSink, maxBytes: number): boolean {
    assert(this.#isCutOpen && !this.#cache.isInEvent, 'encodeSlice without a cut or within an event');
    let left = maxBytes;
    while (this.#part < this.#parts.length) {
      if (left <= 0) return false;
      const cost = (this.#parts[this.#part] as CutPart).handOver(sink, left);
      if (cost < 0) return false;
      left -= cost;
      this.#part += 1;
    }
    return true;
  }

  /** The cut is committed durably: the reader sees it from here on. */
  confirmCut(): void {
    assert(this.#isCutOpen && this.#part === this.#parts.length, 'confirmCut before all is handed over');
    this.#reader?.renew();
    for (const part of this.#parts) part.confirmCut();
    this.#isCutOpen = false;
  }

  /** The cut came to nothing: its rows belong to the next one. */
  abandonCut(): void {
    assert(this.#isCutOpen, 'abandonCut without a cut');
    for (const part of this.#parts) part.abandonCut();
    this.#isCutOpen = false;
  }

  stats(): PartitionStateStats {
    const { rows, sizes, dirtyBytes } = this.#cache;
    return {
      rows: sizes.reduce((sum, size) => sum + size, 0),
      cachedRows: rows.index.count,
      cachedBytes: rows.usedBytes,
      reservedBytes: rows.memory.reservedBytes,
      dirtyBytes,
      frozenBytes: this.#cut.frozenBytes,
      hits: rows.hits,
      misses: rows.misses,
      evictions: rows.evictions,
      dedupeEntries: this.dedupe.size,
      producers: this.producers.size,
    };
  }
}

const DIRTY_SHARE_MAX = 0.25;
