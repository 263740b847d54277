import { MokaError } from '../base/errors.ts';
import type { Upcasters } from '../store/store-spec.ts';

/** Makes a row of this version, under this key, one of the version of today. */
type UpcastRow = (key: string, row: unknown, version: number) => unknown;

/** A row of an earlier version, as its store reads it, where its key says what is in it. */
export class EarlierRow {
  readonly #version: number;
  readonly #row: unknown;
  readonly #upcast: UpcastRow;

  constructor(version: number, row: unknown, upcast: UpcastRow) {
    this.#version = version;
    this.#row = row;
    this.#upcast = upcast;
  }

  /** The same row, brought up to date within `run`. */
  within(run: (upcast: () => unknown) => unknown): EarlierRow {
    const upcast = this.#upcast;
    return new EarlierRow(this.#version, this.#row, (key, row, version) => run(() => upcast(key, row, version)));
  }

  under(key: string): unknown {
    return this.#upcast(key, this.#row, this.#version);
  }
}

/** @param row as its store read it */
export function upToDate(key: string, row: unknown): unknown {
  return row instanceof EarlierRow ? row.under(key) : row;
}

/** What a store makes of rows of these versions: `upToDate` does the rest. */
export function earlierRows(versions: readonly number[], upcast: UpcastRow): Upcasters {
  const mark = (from: number) => (row: unknown) =>
    row instanceof EarlierRow ? row : new EarlierRow(from, row, upcast);
  return new Map(versions.map((version) => [version, mark(version)]));
}

/** @param ways a version without one has kept its form */
export function upcastValue(value: unknown, from: number, to: number, ways: Upcasters): unknown {
  let current = value;
  for (let version = from; version < to; version++) {
    const way = ways.get(version) as ((value: unknown) => unknown) | undefined;
    if (way === undefined) continue;
    try {
      current = way(current);
      if (current === undefined) throw new TypeError(`the upcaster for version ${version} returned undefined`);
    } catch (cause) {
      const detail = `stored value of version=${from} cannot be read as version=${to}`;
      throw new MokaError('ERR_OPERATOR_FAILED', `${detail}: ${String(cause)}`, { cause });
    }
  }
  return current;
}
