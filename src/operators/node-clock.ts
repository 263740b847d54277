// data plane
import type { OperatorStore } from './operator.ts';
import type { SourceClock } from './source-clock.ts';

/**
 * The event time of one operator in one partition. Of streams with watermarks it is the least of those that are not idle,
 * and if all are idle the greatest; of streams without any it is the greatest time seen. It never falls.
 */
export class NodeClock {
  readonly #sources: readonly SourceClock[];
  readonly #isStreamTime: boolean;
  readonly #store: OperatorStore;

  constructor(sources: readonly SourceClock[], store: OperatorStore) {
    this.#sources = sources;
    this.#isStreamTime = sources.every((source) => source.rule === null);
    this.#store = store;
  }

  /** -Infinity before every stream has said something. */
  get watermark(): number {
    return this.#store.readRegister(0);
  }

  /** Takes over what the streams say now. */
  refresh(): void {
    const reached = this.#isStreamTime ? this.#greatest() : this.#least();
    if (reached > this.watermark) this.#store.writeRegister(0, reached);
  }

  #greatest(): number {
    let greatest = Number.NEGATIVE_INFINITY;
    for (const source of this.#sources) if (source.watermark > greatest) greatest = source.watermark;
    return greatest;
  }

  /** A stream that was idle and came back counts again once it has caught up with what was said meanwhile. */
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
