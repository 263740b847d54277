// data plane

import type { DedupeTable } from '../store/dedupe-table.ts';
import type { PartitionState } from '../store/partition-state.ts';
import type { RowWarmer } from '../store/row-warmer.ts';
import { BATCH_RECORDS, type Candidate, MAX_IDENTITIES } from './candidate.ts';
import type { StreamRuntime } from './stream-runtime.ts';

/**
 * Brings what a batch of events will look up, identities and rows of its own key, into the cache of the processor before
 * the first of them is decided: their reads wait for memory together instead of one after the other.
 */
export class FetchAhead {
  readonly #dedupe: DedupeTable;
  readonly #warmer: RowWarmer;
  /** By stream: numbers of the stores that its events are looked up in. */
  readonly #keyedStores: readonly (readonly number[])[];
  readonly #identities = new Uint32Array(BATCH_RECORDS * MAX_IDENTITIES);
  #identityCount = 0;
  /** Keeps the compiler from leaving the reads out. */
  #touched = 0;

  constructor(state: PartitionState, streams: readonly StreamRuntime[]) {
    this.#dedupe = state.dedupe;
    this.#warmer = state.warmer;
    this.#keyedStores = streams.map(({ keyedStores }) => keyedStores.map((place) => state.store(place).id));
  }

  add(candidate: Candidate): void {
    const { identityCount, identityLow } = candidate;
    for (let i = 0; i < identityCount; i++) this.#identities[this.#identityCount++] = identityLow[i] as number;
    const keyedStores = this.#keyedStores[candidate.streamId] as readonly number[];
    for (let i = 0; i < keyedStores.length; i++) this.#warmer.add(keyedStores[i] as number, candidate.key);
  }

  /** Fetches what was added since the last time, at most a batch of events. */
  run(): void {
    const dedupe = this.#dedupe;
    const identities = this.#identities;
    let touched = this.#touched;
    // Nothing but reads: the processor has them all under way at once only where little else stands between them.
    for (let i = 0; i < this.#identityCount; i++) touched ^= dedupe.touch(identities[i] as number);
    this.#touched = touched;
    this.#identityCount = 0;
    this.#warmer.run();
  }
}
