import { Packr } from 'msgpackr';
import { assert } from '../base/assert.ts';

export interface ScanOptions {
  /** First key, inclusive. */
  readonly from?: string;
  /** Exclusive. */
  readonly to?: string;
  /** Only keys greater than this one: the last key of the page before. */
  readonly after?: string;
  readonly limit: number;
}

export interface ScanRow {
  readonly key: string;
  readonly value: unknown;
}

/** A page of rows in key order, taken in one or more slices. It reads the state as it is at each slice. */
export interface ScanCursor {
  /** Nothing follows: the end of the range or the limit is reached. */
  readonly isDone: boolean;
  /** Up to `maxRows` rows; 'more' when the slice is used up and no row is ready yet: call again in a later turn. */
  next(maxRows: number): ScanRow[] | 'more';
}

export interface StoreChanges {
  note(storeId: number, key: string, before: Uint8Array | null): void;
}

/** Rows of one operator. Values are any msgpack-able value; what `get` returns is not to be changed. */
export class StateStore {
  readonly id: number;
  readonly #changes: StoreChanges;
  readonly #packr = new Packr({ structures: [], copyBuffers: true } as object);
  readonly #rows = new Map<string, Uint8Array>();

  constructor(id: number, changes: StoreChanges) {
    this.id = id;
    this.#changes = changes;
  }

  /** Rows, exactly. */
  get size(): number {
    return this.#rows.size;
  }

  /** `undefined` when there is no such row. */
  get(key: string): unknown {
    const bytes = this.#rows.get(key);
    return bytes === undefined ? undefined : this.#packr.unpack(bytes);
  }

  put(key: string, value: unknown): void {
    assert(value !== undefined, 'store value undefined');
    this.#changes.note(this.id, key, this.#rows.get(key) ?? null);
    this.#rows.set(key, new Uint8Array(this.#packr.pack(value)));
  }

  /** @returns whether there was a row. */
  delete(key: string): boolean {
    const before = this.#rows.get(key);
    if (before === undefined) return false;
    this.#changes.note(this.id, key, before);
    return this.#rows.delete(key);
  }

  scan(options: ScanOptions): ScanCursor {
    const from = options.from === undefined ? null : Buffer.from(options.from);
    const to = options.to === undefined ? null : Buffer.from(options.to);
    const after = options.after === undefined ? null : Buffer.from(options.after);
    const rows = [...this.#rows.keys()]
      .map((key) => ({ key, bytes: Buffer.from(key) }))
      .filter(
        ({ bytes }) =>
          (from === null || Buffer.compare(bytes, from) >= 0) &&
          (to === null || Buffer.compare(bytes, to) < 0) &&
          (after === null || Buffer.compare(bytes, after) > 0),
      )
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
      .slice(0, options.limit)
      .map(({ key }) => ({ key, value: this.get(key) }));
    return {
      get isDone(): boolean {
        return rows.length === 0;
      },
      next: (maxRows) => rows.splice(0, maxRows),
    };
  }

  restore(key: string, before: Uint8Array | null): void {
    if (before === null) this.#rows.delete(key);
    else this.#rows.set(key, before);
  }
}
