/** Events per second for each client address, off unless configured. */
export interface QuotaOptions {
  readonly eventsPerSecond: number;
  /** Events a client may send at once after a pause. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Clients that are remembered; the one that was quiet longest is forgotten first, and starts with a full bucket. */
const MAX_CLIENTS = 10_000;

/** Token buckets by client address. */
export class Quota {
  readonly #rate: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: QuotaOptions) {
    this.#rate = options.eventsPerSecond / 1000;
    this.#burst = options.burst;
  }

  /** @returns 0 if the events are within the quota, else the ms until they would be */
  take(client: string, events: number, nowMs: number): number {
    const bucket = this.#touch(client, nowMs);
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (nowMs - bucket.filledAt) * this.#rate);
    bucket.filledAt = nowMs;
    // A group larger than the burst passes on a full bucket and leaves a debt.
    if (bucket.tokens >= Math.min(events, this.#burst)) {
      bucket.tokens -= events;
      return 0;
    }
    return Math.ceil((Math.min(events, this.#burst) - bucket.tokens) / this.#rate);
  }

  #touch(client: string, nowMs: number): Bucket {
    const known = this.#buckets.get(client);
    const bucket = known ?? { tokens: this.#burst, filledAt: nowMs };
    if (known !== undefined) this.#buckets.delete(client);
    else if (this.#buckets.size === MAX_CLIENTS) this.#buckets.delete(this.#buckets.keys().next().value as string);
    this.#buckets.set(client, bucket);
    return bucket;
  }
}
