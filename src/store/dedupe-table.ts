// data plane
export interface DedupeOptions {
  /** An identity is recognised at least this long, in log time. */
  readonly windowMs: number;
  /** Live entries; when all are in use within the window, intake is refused. */
  readonly maxEntries: number;
}

/** Remembers identities of accepted events with the offset and fingerprint of the first that bore them. */
export class DedupeTable {
  foundOffset = -1;
  foundFingerprint = 0;
  readonly #options: DedupeOptions;
  readonly #rows = new Map<string, { fingerprint: number; offset: number; logTime: number }>();

  constructor(options: DedupeOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#rows.size;
  }

  lookup(low: number, high: number): boolean {
    const row = this.#rows.get(`${low | 0}:${high | 0}`);
    if (row === undefined) return false;
    this.foundOffset = row.offset;
    this.foundFingerprint = row.fingerprint;
    return true;
  }

  /** Call for an identity that `lookup` did not find, with offset and log time never less than before. */
  insert(low: number, high: number, fingerprint: number, offset: number, logTime: number): void {
    this.#rows.set(`${low | 0}:${high | 0}`, { fingerprint, offset, logTime });
  }

  isFull(logTime: number): boolean {
    this.expire(logTime, 64);
    return this.#rows.size >= this.#options.maxEntries;
  }

  /** Forgets up to `maxEntries` entries that are older than the window. Returns whether there may be more. */
  expire(logTime: number, maxEntries: number): boolean {
    let left = maxEntries;
    for (const [key, row] of this.#rows) {
      if (row.logTime >= logTime - this.#options.windowMs) return false;
      if (left-- === 0) return true;
      this.#rows.delete(key);
    }
    return false;
  }
}
