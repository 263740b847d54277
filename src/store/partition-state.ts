import { assert } from '../base/assert.ts';
import type { CheckpointReader, RowSink } from './checkpoint.ts';
import { type DedupeOptions, DedupeTable } from './dedupe-table.ts';
import { ProducerTable } from './producer-table.ts';
import { StateStore } from './state-store.ts';
import type { StoreSpec } from './store-spec.ts';

export type { RowSink } from './checkpoint.ts';

export type EvictionPolicy = 'lru' | 'lfu' | 'fifo';

export interface PartitionStateOptions {
  readonly stores: readonly StoreSpec[];
  /** null: no checkpoint is ever read, and every row stays in memory. */
  readonly reader: CheckpointReader | null;
  readonly cacheBytes: number;
  readonly eviction: EvictionPolicy;
  /** Seeds the hash of row keys: whoever does not know it cannot aim many keys at one slot. */
  readonly secret: number;
  readonly dedupe: DedupeOptions;
}

export interface PartitionStateStats {
  readonly rows: number;
  readonly cachedRows: number;
  readonly cachedBytes: number;
  readonly dirtyBytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
}

/** All state of a partition: what its operators keep, and what tells a repeated event from a new one. */
export class PartitionState {
  readonly dedupe: DedupeTable;
  readonly producers: ProducerTable;
  /** Bytes of rows that the next cut would hand over. */
  dirtyBytes = 0;
  readonly #stores: StateStore[] = [];
  readonly #undo: { storeId: number; key: string; before: Uint8Array | null }[] = [];
  #isInEvent = false;

  constructor(options: PartitionStateOptions) {
    this.dedupe = new DedupeTable(options.dedupe);
    this.producers = new ProducerTable();
    for (const spec of options.stores) this.#stores[spec.id] = new StateStore(spec.id, this);
  }

  store(id: number): StateStore {
    const store = this.#stores[id];
    assert(store !== undefined, `store id=${id} unknown`);
    return store;
  }

  note(storeId: number, key: string, before: Uint8Array | null): void {
    if (this.#isInEvent) this.#undo.push({ storeId, key, before });
  }

  beginEvent(): void {
    assert(!this.#isInEvent, 'beginEvent within an event');
    this.#isInEvent = true;
  }

  commitEvent(): void {
    this.#isInEvent = false;
    this.#undo.length = 0;
  }

  /** Takes back what the event wrote. */
  undoEvent(): void {
    for (let entry = this.#undo.pop(); entry !== undefined; entry = this.#undo.pop()) {
      this.store(entry.storeId).restore(entry.key, entry.before);
    }
    this.#isInEvent = false;
  }

  /** Freezes what is new since the last cut; the state may go on changing while it is handed over. */
  beginCut(): void {}

  /** Hands over up to `maxBytes` of the cut. Returns true when all of it is handed over; false: call again. */
  encodeSlice(_sink: RowSink, _maxBytes: number): boolean {
    return true;
  }

  /** The cut is committed durably. */
  confirmCut(): void {}

  /** The cut came to nothing: its rows belong to the next one. */
  abandonCut(): void {}

  stats(): PartitionStateStats {
    return { rows: 0, cachedRows: 0, cachedBytes: 0, dirtyBytes: 0, hits: 0, misses: 0, evictions: 0 };
  }
}
