// data plane
import type { OperatorStore } from './operator.ts';
import type { TimeSource } from './time-source.ts';

/**
 * The event time at one place of the topology in one partition. Of sources with watermarks it is the least of those that are
 * not idle, and if all are idle the greatest; of sources without any it is the greatest time seen. It never falls.
 */
export class NodeClock implements TimeSource {
  readonly hasRule: boolean;
  readonly #sources: readonly TimeSource[];
  readonly #store: OperatorStore;

  constructor(sources: readonly TimeSource[], store: OperatorStore) {
    this.#sources = sources;
    this.hasRule = sources.some((source) => source.hasRule);
    this.#store = store;
  }

  /** -Infinity before every source has said something. */
  get watermark(): number {
    return this.#store.readRegister(0);
  }

  get isIdle(): boolean {
    for (const source of this.#sources) if (!source.isIdle) return false;
    return true;
  }

  /** Takes over what the sources say now. */
  refresh(): void {
    const reached = this.hasRule ? this.#least() : this.#greatest();
    if (reached > this.watermark) this.#store.writeRegister(0, reached);
  }

  #greatest(): number {
    let greatest = Number.NEGATIVE_INFINITY;
    for (const source of this.#sources) if (source.watermark > greatest) greatest = source.watermark;
    return greatest;
  }

  /** A source that was idle and came back counts again once it has caught up with what was said meanwhile. */
  #least(): number {
    const reached = this.watermark;
    let least = Number.POSITIVE_INFINITY;
    let isAnyActive = false;
    for (const source of this.#sources) {
      if (source.isIdle) continue;
      isAnyActive = true;
      if (source.watermark >= reached && source.watermark < least) least = source.watermark;
    }
    if (!isAnyActive) return this.#greatest();
    return least === Number.POSITIVE_INFINITY ? reached : least;
  }
}
