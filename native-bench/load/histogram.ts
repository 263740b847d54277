/**
 * Latencies in a log-linear histogram: every power of two of microseconds is cut in 64 equal steps, so a value is known
 * to 1.6 %. Recording touches one counter; the memory is fixed.
 */
const STEPS = 64;
const STEP_BITS = 6;
const BUCKETS = STEPS * 32;

export interface LatencySummary {
  count: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
  p999Ms: number;
  maxMs: number;
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #maxUs = 0;

  record(valueUs: number, times: number): void {
    const us = valueUs < 0 ? 0 : Math.min(Math.round(valueUs), 0x7fffffff);
    const bucket = bucketOf(us);
    this.#counts[bucket] = (this.#counts[bucket] as number) + times;
    this.#count += times;
    if (us > this.#maxUs) this.#maxUs = us;
  }

  /** Adds what another recorder with the same buckets has counted, `http-client.cpp` for one. */
  addBuckets(buckets: readonly (readonly [bucket: number, count: number])[], maxUs: number): void {
    for (const [bucket, count] of buckets) {
      this.#counts[bucket] = (this.#counts[bucket] as number) + count;
      this.#count += count;
    }
    this.#maxUs = Math.max(this.#maxUs, maxUs);
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#maxUs = 0;
  }

  /** The upper edge of the bucket that holds this share of all values, in ms; 0 when there are none. */
  percentileMs(share: number): number {
    const rank = Math.ceil(share * this.#count);
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] as number;
      if (seen >= rank && seen > 0) return Math.min(upperEdge(bucket), this.#maxUs) / 1000;
    }
    return 0;
  }

  summary(): LatencySummary {
    return {
      count: this.#count,
      p50Ms: this.percentileMs(0.5),
      p90Ms: this.percentileMs(0.9),
      p99Ms: this.percentileMs(0.99),
      p999Ms: this.percentileMs(0.999),
      maxMs: this.#maxUs / 1000,
    };
  }
}

function bucketOf(us: number): number {
  if (us < STEPS) return us;
  const shift = 31 - Math.clz32(us) - STEP_BITS;
  return (shift + 1) * STEPS + ((us >>> shift) - STEPS);
}

function upperEdge(bucket: number): number {
  if (bucket < STEPS) return bucket;
  const shift = (bucket >>> STEP_BITS) - 1;
  return ((bucket & (STEPS - 1)) + STEPS + 1) * 2 ** shift - 1;
}
