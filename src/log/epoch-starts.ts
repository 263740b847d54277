/** From this offset on the log is of this epoch, up to the start of the next one. */
export interface EpochStart {
  readonly offset: number;
  readonly epoch: number;
}

/** Epochs that are remembered, and carried by each checkpoint; what those before wrote is not known any more. */
const MAX_STARTS = 256;

/**
 * Which epoch wrote which offset. Every open begins an epoch, at the offset where the log went on; what an earlier epoch
 * gave from there on was lost. Recovery reads the log from the checkpoint on only, so each checkpoint carries what is
 * known before it.
 */
export class EpochStarts {
  private readonly starts: EpochStart[];

  /** @param known as `list` gave it to the checkpoint that the log is read from */
  constructor(known: readonly EpochStart[] = []) {
    this.starts = [...known];
  }

  /** Tells of the epoch that wrote this offset, in the order of the log. */
  note(offset: number, epoch: number): void {
    const last = this.starts.at(-1);
    if (last !== undefined && epoch <= last.epoch) return;
    // Nothing was written between two opens.
    if (last?.offset === offset) this.starts.pop();
    this.starts.push({ offset, epoch });
    if (this.starts.length > MAX_STARTS) this.starts.shift();
  }

  /** The epoch that wrote this offset or, at the end of the log, will write it; -1 if that is not known any more. */
  at(offset: number): number {
    for (let index = this.starts.length - 1; index >= 0; index--) {
      const start = this.starts[index] as EpochStart;
      if (start.offset <= offset) return start.epoch;
    }
    return -1;
  }

  /** Oldest first. */
  list(): readonly EpochStart[] {
    return [...this.starts];
  }
}
