import { assert } from '../base/assert.ts';
import type { Registers } from './registers.ts';
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

  readonly #registers: Registers;

  constructor(source: ScanSource & { readonly registers: Registers }) {
    this.id = source.storeId;
    this.#registers = source.registers;
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

  /** Of the row that `get` found last, in a timed store. */
  get time(): number {
    return this.#codec.time;
  }

  /** @throws MokaError ERR_OPERATOR_FAILED for a key or a value that cannot be kept */
  put(key: string, value: unknown, time = 0): void {
    assert(value !== undefined, 'store value undefined');
    this.#codec.time = time;
    this.#cache.put(this.id, key, value, this.#codec);
  }

  /** @returns whether there was a row. */
  delete(key: string): boolean {
    return this.#cache.delete(this.id, key);
  }

  scan(options: ScanOptions): ScanCursor {
    return new RowScan(this.#source, options);
  }

  range(from: string, to: string | undefined, limit: number): [key: string, value: unknown][] {
    const found: [string, unknown][] = [];
    const scan = this.scan({ from, to, limit });
    while (!scan.isDone) {
      const slice = scan.next(limit);
      if (slice === 'more') continue;
      for (const { key, value } of slice) found.push([key, value]);
    }
    return found;
  }

  readRegister(index: number): number {
    return this.#registers.read(this.id, index);
  }

  writeRegister(index: number, value: number): void {
    this.#registers.write(this.id, index, value);
  }
}
