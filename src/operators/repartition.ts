// data plane
import { NO_KEY, type Operator } from './operator.ts';
import { plainKeyOf } from './window-key.ts';

/** How a partition reaches the others. */
export interface Repartitioner {
  readonly partition: number;
  readonly partitionCount: number;
  partitionOf(key: string): number;
  /** Sends a change to what follows the hop in another partition; it arrives once, in the order of this one's log. */
  send(hop: number, target: number, key: string, next: unknown, previous: unknown, time: number): void;
  /** Says, behind everything sent until now, how far event time has come before the hop. */
  mark(hop: number, target: number, watermark: number, isIdle: boolean): void;
}

/** Passes a change on in the partition that its key belongs to: this one at once, another one over its own log. */
export class RepartitionOperator implements Operator {
  readonly #hop: number;
  readonly #repartitioner: Repartitioner;
  readonly #output: Operator;

  constructor(hop: number, repartitioner: Repartitioner, output: Operator) {
    this.#hop = hop;
    this.#repartitioner = repartitioner;
    this.#output = output;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    const repartitioner = this.#repartitioner;
    const target = key === NO_KEY ? repartitioner.partition : repartitioner.partitionOf(plainKeyOf(key));
    if (target === repartitioner.partition) this.#output.push(key, next, previous, time);
    else repartitioner.send(this.#hop, target, key, next, previous, time);
  }
}
