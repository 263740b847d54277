// data plane
import type { OperatorStore } from './operator.ts';
import type { TimeSource } from './time-source.ts';

/** The greatest time of what has come by a hop, for streams without a rule. */
export class ArrivalClock implements TimeSource {
  readonly hasRule = false;
  readonly isIdle = false;
  readonly #store: OperatorStore;

  constructor(store: OperatorStore) {
    this.#store = store;
  }

  get watermark(): number {
    return this.#store.readRegister(GREATEST);
  }

  /** @returns whether it is later than all before */
  observe(time: number): boolean {
    if (time <= this.watermark) return false;
    this.#store.writeRegister(GREATEST, time);
    return true;
  }
}

/** The first register of the store is the node clock's. */
const GREATEST = 1;
