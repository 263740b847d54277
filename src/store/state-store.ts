import { assert } from '../base/assert.ts';
import type { RowCache } from './row-cache.ts';
import { RowScan, type ScanCursor, type ScanOptions, type ScanSource } from './row-scan.ts';
import type { ValueCodec } from './value-codec.ts';

export type { ScanCursor, ScanOptions, ScanRow } from './row-scan.ts';

/**
 * The rows of one operator. A value is anything msgpack can say; it is kept as bytes, so `get` makes a new one each time
 * and changing that one changes nothing.
 */
export class StateStore {
  readonly id: number;
  readonly #cache: RowCache;
  readonly #codec: ValueCodec;
  readonly #source: ScanSource;

  constructor(source: ScanSource) {
    this.id = source.storeId;
    this.#cache = source.cache;
    this.#codec = source.codec;
    this.#source = source;
  }

  /** Rows, exactly. */
  get size(): number {
    return this.#cache.sizes[this.id] as number;
  }

  /** `undefined` when there is no such row. */
  get(key: string): unknown {
    return this.#cache.get(this.id, key, this.#codec);
  }

  /** @throws MokaError ERR_OPERATOR_FAILED for a key or a value that cannot be kept */
  put(key: string, value: unknown): void {
    assert(value !== undefined, 'store value undefined');
    this.#cache.put(this.id, key, value, this.#codec);
  }

  /** @returns whether there was a row. */
  delete(key: string): boolean {
    return this.#cache.delete(this.id, key);
  }

  scan(options: ScanOptions): ScanCursor {
    return new RowScan(this.#source, options);
  }
}
