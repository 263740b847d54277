// data plane
import type { Operator } from './operator.ts';
import type { Repartitioner } from './repartition.ts';

/** Sends rows to every other partition, which know themselves what they had until now; in this one nothing comes of it. */
export class BroadcastOperator implements Operator {
  readonly #hop: number;
  readonly #repartitioner: Repartitioner;

  constructor(hop: number, repartitioner: Repartitioner) {
    this.#hop = hop;
    this.#repartitioner = repartitioner;
  }

  push(key: string, next: unknown, _previous: unknown, time: number): void {
    const { partition, partitionCount } = this.#repartitioner;
    for (let target = 0; target < partitionCount; target++) {
      if (target !== partition) this.#repartitioner.send(this.#hop, target, key, next, undefined, time);
    }
  }
}
