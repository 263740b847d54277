// data plane
import type { Upcasters } from '../store/store-spec.ts';
import { upcastValue } from './earlier-row.ts';
import { type ListEntry, type StateSpec, stateOfRow } from './process-state.ts';

/** How the values of an operator's states are brought up to date. */
export interface StateEvolution {
  readonly version: number;
  /** By state; one that is not there has kept its form. */
  readonly upcasters: ReadonlyMap<string, Upcasters>;
}

/** A value of an earlier version, as its store reads it: which state it is of, its row says. */
class EarlierValue {
  readonly version: number;
  readonly value: unknown;

  constructor(version: number, value: unknown) {
    this.version = version;
    this.value = value;
  }
}

/** What a store of states makes of values of earlier versions. */
export function earlierValues(version: number): Upcasters {
  const mark = (from: number) => (value: unknown) =>
    value instanceof EarlierValue ? value : new EarlierValue(from, value);
  return new Map(Array.from({ length: version - 1 }, (_, index) => [index + 1, mark(index + 1)]));
}

/** @returns what makes a value as it was read, of the row it was read from, one of the version of today */
export function valueUpcast(
  specs: Readonly<Record<string, StateSpec>>,
  { version, upcasters }: StateEvolution,
): (row: string, value: unknown) => unknown {
  return (row, read) => {
    if (!(read instanceof EarlierValue)) return read;
    const name = stateOfRow(row);
    const ways = upcasters.get(name);
    if (ways === undefined) return read.value;
    const spec = specs[name] as StateSpec;
    const upcast = (value: unknown): unknown => upcastValue(value, read.version, version, ways);
    if (spec.kind !== 'list') return upcast(read.value);
    if (spec.ttlMs === null) return (read.value as unknown[]).map(upcast);
    return (read.value as ListEntry[]).map(([expiresAt, value]): ListEntry => [expiresAt, upcast(value)]);
  };
}
