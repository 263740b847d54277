// data plane
import type { OperatorStore } from './operator.ts';
import type { TimeSource } from './time-source.ts';

/** What another partition has said of the time before a hop. Until it has, it holds everything behind the hop back. */
export class PeerClock implements TimeSource {
  readonly hasRule = true;
  readonly #store: OperatorStore;
  readonly #key: string;
  // As in the store. Marks are never undone, so it can be kept.
  #watermark: number;
  #isIdle: boolean;

  /** @param store of the place behind the hop, which keeps a row per partition */
  constructor(peer: number, store: OperatorStore) {
    this.#store = store;
    this.#key = String(peer);
    const said = store.get(this.#key) as Said | undefined;
    this.#watermark = said?.watermark ?? Number.NEGATIVE_INFINITY;
    this.#isIdle = said?.isIdle ?? false;
  }

  get watermark(): number {
    return this.#watermark;
  }

  get isIdle(): boolean {
    return this.#isIdle;
  }

  say(watermark: number, isIdle: boolean): void {
    this.#watermark = watermark;
    this.#isIdle = isIdle;
    const said: Said = { watermark: watermark === Number.NEGATIVE_INFINITY ? null : watermark, isIdle };
    this.#store.put(this.#key, said);
  }
}

interface Said {
  /** In ms; null: nothing is known there either. */
  readonly watermark: number | null;
  readonly isIdle: boolean;
}
