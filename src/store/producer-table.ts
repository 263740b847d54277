// data plane
/** `check`: the next event of this producer, or one of a producer that is not known. */
export const PRODUCER_NEW = 0;
/** `check`: taken before. */
export const PRODUCER_DUPLICATE = 1;
/** `check`: a newer connection of the same producer took over. */
export const PRODUCER_FENCED = 2;

interface Producer {
  epoch: number;
  sequence: number;
  logTime: number;
}

/** Last epoch and sequence number of each producer, so that a producer's resend costs one look-up. */
export class ProducerTable {
  readonly #rows = new Map<number, Map<number, Producer>>();

  check(low: number, high: number, epoch: number, sequence: number): number {
    const row = this.#find(low, high);
    if (row === undefined) return PRODUCER_NEW;
    if (epoch < row.epoch) return PRODUCER_FENCED;
    return sequence <= row.sequence ? PRODUCER_DUPLICATE : PRODUCER_NEW;
  }

  advance(low: number, high: number, epoch: number, sequence: number, logTime: number): void {
    const row = this.#find(low, high);
    if (row !== undefined) {
      row.epoch = epoch;
      row.sequence = sequence;
      row.logTime = logTime;
      return;
    }
    let inner = this.#rows.get(low | 0);
    if (inner === undefined) this.#rows.set(low | 0, (inner = new Map()));
    inner.set(high | 0, { epoch, sequence, logTime });
  }

  /** -1 when the producer is not known. */
  lastSequence(low: number, high: number): number {
    return this.#find(low, high)?.sequence ?? -1;
  }

  /** -1 when the producer is not known. */
  lastEpoch(low: number, high: number): number {
    return this.#find(low, high)?.epoch ?? -1;
  }

  #find(low: number, high: number): Producer | undefined {
    return this.#rows.get(low | 0)?.get(high | 0);
  }
}
