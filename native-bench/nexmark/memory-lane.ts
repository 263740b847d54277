// data plane
import { PartitionState } from '../../src/store/partition-state.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import { EventApplier } from '../../src/worker/event-applier.ts';
import { LaneContext } from '../../src/worker/event-context.ts';
import { laneStores } from '../../src/worker/lane-stores.ts';

/**
 * One partition of a topology on the engine's own state and operators, without log, checkpoints and threads: what a query
 * costs when nothing is durable. Events come in decoded.
 */
export class MemoryLane {
  readonly #applier: EventApplier;
  readonly #context = new LaneContext(0);
  readonly #state: PartitionState;
  #offset = 0;

  constructor(topology: CompiledTopology) {
    this.#state = new PartitionState({
      stores: laneStores(topology),
      reader: null,
      cacheBytes: CACHE_BYTES,
      eviction: 'lru',
      secret: 1,
      dedupe: { windowMs: 60_000, maxEntries: 1000 },
    });
    this.#applier = new EventApplier(topology, this.#state, this.#context, false, null);
  }

  /** @throws the failure of an operator */
  process(streamId: number, key: string, event: unknown, eventTime: number, logTime: number): void {
    const offset = this.#offset++;
    const applier = this.#applier;
    if (applier.isTimed) applier.fireLogTime(offset, logTime);
    this.#context.moveTo(offset, eventTime, logTime);
    applier.apply(streamId, key, event);
    applier.fireEventTime(offset, logTime);
    if (applier.deadLetterCount > 0) throw applier.lastFailure;
  }

  /** Memory that the rows take. */
  get stateBytes(): number {
    return this.#state.stats().cachedBytes;
  }
}

/** More than a run fills. */
const CACHE_BYTES = 2 ** 40;
