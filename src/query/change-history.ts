// data plane
import { MAX_HISTORY_BYTES, MAX_HISTORY_CHANGES } from './query-limits.ts';
import { isBefore } from './resume-token.ts';

/**
 * The latest changes of one view in one partition, durable or not yet, oldest first. Each has a sequence number that
 * counts from the history's beginning; those from `first` to before `end` are kept. Bounded in changes and in bytes.
 */
export class ChangeHistory {
  first = 0;
  end = 0;
  /** Every change from this position on is kept. */
  baseOffset: number;
  baseN = 0;
  #size = 0;
  #lastOffset = -1;
  #lastN = 0;
  readonly #offsets = new Float64Array(MAX_HISTORY_CHANGES);
  readonly #ns = new Uint32Array(MAX_HISTORY_CHANGES);
  readonly #keys = new Array<string>(MAX_HISTORY_CHANGES).fill('');
  readonly #values = new Array<string | null>(MAX_HISTORY_CHANGES).fill(null);

  constructor(processedOffset: number) {
    this.baseOffset = processedOffset + 1;
  }

  /** Changes of one event get the numbers 0, 1, 2 … per view, whichever other views are watched. */
  push(offset: number, key: string, value: string | null): void {
    const n = offset === this.#lastOffset ? this.#lastN + 1 : 0;
    this.#lastOffset = offset;
    this.#lastN = n;
    const size = key.length + (value === null ? 0 : value.length);
    while (this.end - this.first === MAX_HISTORY_CHANGES || this.#isOverfull(size)) this.#forgetFirst();
    const slot = this.end % MAX_HISTORY_CHANGES;
    this.#offsets[slot] = offset;
    this.#ns[slot] = n;
    this.#keys[slot] = key;
    this.#values[slot] = value;
    this.#size += size;
    this.end += 1;
  }

  offsetAt(sequence: number): number {
    return this.#offsets[sequence % MAX_HISTORY_CHANGES] as number;
  }

  nAt(sequence: number): number {
    return this.#ns[sequence % MAX_HISTORY_CHANGES] as number;
  }

  keyAt(sequence: number): string {
    return this.#keys[sequence % MAX_HISTORY_CHANGES] as string;
  }

  /** JSON text; `null`: the row went. */
  valueAt(sequence: number): string | null {
    return this.#values[sequence % MAX_HISTORY_CHANGES] as string | null;
  }

  reachesBackTo(offset: number, n: number): boolean {
    return !isBefore(offset, n, this.baseOffset, this.baseN);
  }

  /** Sequence of the first kept change at or behind a position. */
  sequenceOf(offset: number, n: number): number {
    let low = this.first;
    let high = this.end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (isBefore(this.offsetAt(middle), this.nAt(middle), offset, n)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isOverfull(addedSize: number): boolean {
    return this.end > this.first && this.#size + addedSize > MAX_HISTORY_BYTES;
  }

  #forgetFirst(): void {
    const slot = this.first % MAX_HISTORY_CHANGES;
    const value = this.#values[slot] as string | null;
    this.baseOffset = this.#offsets[slot] as number;
    this.baseN = (this.#ns[slot] as number) + 1;
    this.#size -= (this.#keys[slot] as string).length + (value === null ? 0 : value.length);
    this.#keys[slot] = '';
    this.#values[slot] = null;
    this.first += 1;
  }
}
