// data plane
/** Blocks at least this far apart get an entry: 256 entries for a segment of 64 MiB. */
export const INDEX_INTERVAL_BYTES = 256 * 1024;

const INITIAL_ENTRIES = 16;

/**
 * Where to start looking for an offset or a time in one segment: for some of its blocks, in order, the first offset,
 * the position and the log time.
 */
export class SparseIndex {
  count = 0;
  private offsets = new Float64Array(INITIAL_ENTRIES);
  private positions = new Float64Array(INITIAL_ENTRIES);
  private times = new Float64Array(INITIAL_ENTRIES);

  /** Tells of a block; blocks come in order, and only every so many bytes one is kept. */
  add(firstOffset: number, position: number, logTime: number): void {
    const count = this.count;
    if (count > 0 && position - (this.positions[count - 1] as number) < INDEX_INTERVAL_BYTES) return;
    if (count === this.offsets.length) this.grow();
    this.offsets[count] = firstOffset;
    this.positions[count] = position;
    this.times[count] = logTime;
    this.count = count + 1;
  }

  /** Position of the last indexed block that begins at or before this offset; -1 if there is none. */
  positionOfOffset(offset: number): number {
    return this.positionBefore(this.offsets, offset);
  }

  /** Position of the last indexed block that is older than this time; -1 if there is none. */
  positionBeforeTime(time: number): number {
    return this.positionBefore(this.times, time - 1);
  }

  private positionBefore(keys: Float64Array, key: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] as number) <= key) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? -1 : (this.positions[low - 1] as number);
  }

  private grow(): void {
    this.offsets = doubled(this.offsets);
    this.positions = doubled(this.positions);
    this.times = doubled(this.times);
  }
}

function doubled(from: Float64Array): Float64Array<ArrayBuffer> {
  const to = new Float64Array(from.length * 2);
  to.set(from);
  return to;
}
