import type { CompiledTopology, OperatorHost, Pipeline } from '../topology/compiled.ts';
import { LaneContext } from '../worker/event-context.ts';
import { MemoryStore } from './memory-store.ts';

/** A row that came (`previous` is undefined), changed, or went (`next` is undefined). */
export interface ViewChange {
  readonly key: string;
  readonly next: unknown;
  readonly previous: unknown;
}

/** One partition of the test driver: its stores, its copy of the operators, its offsets. */
export class DriverPartition implements OperatorHost {
  readonly context: LaneContext;
  readonly isDevelopment = true;
  readonly #stores: readonly MemoryStore[];
  readonly #pipeline: Pipeline;
  readonly #changes: ViewChange[][];
  #pending: (ViewChange & { viewId: number })[] = [];
  #nextOffset = 0;

  constructor(topology: CompiledTopology, partition: number) {
    this.context = new LaneContext(partition);
    this.#stores = topology.stores.map(() => new MemoryStore());
    this.#changes = topology.views.map(() => []);
    this.#pipeline = topology.instantiate(this);
  }

  store(storeId: number): MemoryStore {
    return this.#stores[storeId] as MemoryStore;
  }

  viewChanged(viewId: number, key: string, next: unknown, previous: unknown): void {
    this.#pending.push({ viewId, key, next, previous });
  }

  /** Runs one event through, whole or not at all. */
  process(streamId: number, key: string, value: unknown, eventTime: number, logTime: number): number {
    const offset = this.#nextOffset++;
    this.context.moveTo(offset, eventTime, logTime);
    try {
      this.#pipeline.process(streamId, key, value, eventTime);
    } catch (error) {
      for (const store of this.#stores) store.undoEvent();
      this.#pending = [];
      throw error;
    }
    for (const store of this.#stores) store.commitEvent();
    for (const { viewId, ...change } of this.#pending) (this.#changes[viewId] as ViewChange[]).push(change);
    this.#pending = [];
    return offset;
  }

  takeChanges(viewId: number): ViewChange[] {
    return (this.#changes[viewId] as ViewChange[]).splice(0);
  }
}
