// data plane
import { HISTOGRAM_WORDS, Histogram } from './histogram.ts';

/** Room of every block, whatever set it holds; `defineMetrics` asserts that a set fits. */
export const COUNTER_CAPACITY = 256;
export const HISTOGRAM_CAPACITY = 8;

const BLOCK_BYTES = (COUNTER_CAPACITY + HISTOGRAM_CAPACITY * HISTOGRAM_WORDS) * 8;

/**
 * The numbers one thread keeps about itself or about one of its partitions, in memory the main thread reads when it is
 * asked for `/metrics`. One thread writes a block; plain stores, no atomics: an aligned 8-byte word does not tear, and
 * a scrape may be a moment late.
 *
 * ```
 *   f64 index 0                       COUNTER_CAPACITY
 *   +-----------+-----------+---- … --+-------------+-------------+---- …
 *   | counter 0 | counter 1 |         | histogram 0 | histogram 1 |
 *   +-----------+-----------+---- … --+-------------+-------------+---- …
 * ```
 * Which number stands where is defined in `catalogue.ts`.
 */
export class CounterBlock {
  readonly #counters: Float64Array;
  readonly #histograms: readonly Histogram[];

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(BLOCK_BYTES);
  }

  constructor(memory: SharedArrayBuffer) {
    const words = new Float64Array(memory);
    this.#counters = words.subarray(0, COUNTER_CAPACITY);
    this.#histograms = Array.from({ length: HISTOGRAM_CAPACITY }, (_, index) => {
      const start = COUNTER_CAPACITY + index * HISTOGRAM_WORDS;
      return new Histogram(words.subarray(start, start + HISTOGRAM_WORDS));
    });
  }

  add(index: number, n: number): void {
    this.#counters[index] = (this.#counters[index] as number) + n;
  }

  set(index: number, value: number): void {
    this.#counters[index] = value;
  }

  get(index: number): number {
    return this.#counters[index] as number;
  }

  /** @param index of a histogram of the set, counted by itself from 0 */
  histogram(index: number): Histogram {
    return this.#histograms[index] as Histogram;
  }
}
