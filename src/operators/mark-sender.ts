// data plane
import type { NodeClock } from './node-clock.ts';
import type { OperatorStore, TimedOperator } from './operator.ts';
import type { Repartitioner } from './repartition.ts';

/**
 * Tells the other partitions how far event time has come before a hop, behind everything that went there until then. Not at
 * every event: once in `MARK_EVERY_MS` of log time, and once more when it rests, which a tick sees to.
 */
export class MarkSender implements TimedOperator {
  readonly nextEventTime = Number.POSITIVE_INFINITY;
  readonly #hop: number;
  readonly #clock: NodeClock;
  readonly #store: OperatorStore;
  readonly #repartitioner: Repartitioner;

  /** @param store of the place before the hop, the same as the clock's */
  constructor(hop: number, clock: NodeClock, store: OperatorStore, repartitioner: Repartitioner) {
    this.#hop = hop;
    this.#clock = clock;
    this.#store = store;
    this.#repartitioner = repartitioner;
  }

  get nextLogTime(): number {
    const store = this.#store;
    const { watermark, isIdle } = this.#clock;
    const isTold = watermark === store.readRegister(TOLD) && isIdle === (store.readRegister(TOLD_IDLE) === 1);
    return isTold ? Number.POSITIVE_INFINITY : Math.max(0, store.readRegister(TOLD_AT) + MARK_EVERY_MS);
  }

  onEventTime(): void {}

  onLogTime(now: number): void {
    const { watermark, isIdle } = this.#clock;
    const { partition, partitionCount } = this.#repartitioner;
    for (let target = 0; target < partitionCount; target++) {
      if (target !== partition) this.#repartitioner.mark(this.#hop, target, watermark, isIdle);
    }
    const store = this.#store;
    store.writeRegister(TOLD, watermark);
    store.writeRegister(TOLD_AT, now);
    store.writeRegister(TOLD_IDLE, isIdle ? 1 : 0);
  }

  dropEventTime(): string {
    return '';
  }

  dropLogTime(): string {
    return '';
  }
}

const MARK_EVERY_MS = 100;
/** The first register of the store is the node clock's. */
const TOLD = 1;
const TOLD_AT = 2;
const TOLD_IDLE = 3;
