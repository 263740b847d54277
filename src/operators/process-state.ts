import type { Duration } from '../base/duration.ts';
import type { ExpiringRows } from './expiring-rows.ts';
import type { OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { endOfKey } from './window-key.ts';

/** One value per key. */
export interface ValueState<Value> {
  get(): Value | undefined;
  set(value: Value): void;
  clear(): void;
}

/** A list of values per key, in the order in which they were added. It is read and written as a whole: keep it short. */
export interface ListState<Value> {
  get(): readonly Value[];
  add(value: Value): void;
  set(values: readonly Value[]): void;
  clear(): void;
}

/** Values per key and name. A single one is read and written by itself; `entries` costs tens of microseconds. */
export interface MapState<Value> {
  get(name: string): Value | undefined;
  set(name: string, value: Value): void;
  delete(name: string): boolean;
  /** In the order of the names' UTF-8 bytes, at most 10 000. */
  entries(): readonly (readonly [name: string, value: Value])[];
}

/** How long a value lives; of a list or a map each entry by itself. */
export interface StateOptions {
  /** A value that was written so long ago, by log time, is there no more. Default: it stays until it is cleared. */
  readonly ttl?: Duration;
  /** What makes it live on: writing it, or reading it too. Default: writing. */
  readonly refresh?: 'write' | 'read';
  /**
   * How a value of an earlier `version` of the operator becomes one of the next, by the version that it takes; of a list or
   * a map each entry by itself. A version without a way had the same form.
   */
  readonly upcast?: Readonly<Record<number, (value: never) => unknown>>;
}

/** What a `process` operator keeps under one name; made by `valueState`, `listState`, `mapState`. */
export interface StateDeclaration<State> {
  readonly kind: 'value' | 'list' | 'map';
  readonly options: StateOptions;
  /** The type of the state; there is no such member when the program runs. */
  readonly '~state'?: State;
}

export function valueState<Value>(options: StateOptions = {}): StateDeclaration<ValueState<Value>> {
  return { kind: 'value', options };
}

export function listState<Value>(options: StateOptions = {}): StateDeclaration<ListState<Value>> {
  return { kind: 'list', options };
}

export function mapState<Value>(options: StateOptions = {}): StateDeclaration<MapState<Value>> {
  return { kind: 'map', options };
}

/** A declaration that was looked over. */
export interface StateSpec {
  readonly kind: 'value' | 'list' | 'map';
  /** Null: for ever. */
  readonly ttlMs: number | null;
  readonly isRefreshedByReading: boolean;
}

/** Where the states of one kind of life stand. */
interface StateRows {
  get(row: string): unknown;
  put(row: string, value: unknown): void;
  delete(row: string): boolean;
  range(from: string, to: string): [row: string, value: unknown][];
}

/** The states of one key at a time. A row is `key \0 state`, or `key \0 state \0 name` for a map. */
export class KeyedState {
  key = '';
  readonly states: Readonly<Record<string, unknown>>;
  readonly #context: OperatorContext;

  /**
   * @param expiring null if no state has a `ttlMs`
   * @param upcast see `valueUpcast`
   */
  constructor(
    context: OperatorContext,
    store: OperatorStore,
    expiring: ExpiringRows | null,
    specs: Readonly<Record<string, StateSpec>>,
    upcast: (row: string, value: unknown) => unknown,
  ) {
    this.#context = context;
    const lasting = lastingRows(store, upcast);
    this.states = Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => {
        const rows = spec.ttlMs === null ? lasting : this.#expiringRows(expiring as ExpiringRows, spec);
        return [name, this.#stateOf(name, spec, rows)];
      }),
    );
  }

  #stateOf(name: string, spec: StateSpec, rows: StateRows): unknown {
    if (spec.kind === 'value') return this.#value(name, rows);
    if (spec.kind === 'map') return this.#map(name, rows);
    return spec.ttlMs === null ? this.#list(name, rows) : this.#expiringList(name, rows, spec);
  }

  #value(name: string, rows: StateRows): ValueState<unknown> {
    const row = (): string => `${this.key}\u0000${name}`;
    return {
      get: () => rows.get(row()),
      set: (value) => rows.put(row(), value),
      clear: () => void rows.delete(row()),
    };
  }

  #list(name: string, rows: StateRows): ListState<unknown> {
    const row = (): string => `${this.key}\u0000${name}`;
    const get = (): readonly unknown[] => (rows.get(row()) as unknown[] | undefined) ?? [];
    return {
      get,
      add: (value) => rows.put(row(), [...get(), value]),
      set: (values) => rows.put(row(), [...values]),
      clear: () => void rows.delete(row()),
    };
  }

  /** A row of entries, each with the time at which it is over; the row is over with the last of them. */
  #expiringList(name: string, rows: StateRows, spec: StateSpec): ListState<unknown> {
    const row = (): string => `${this.key}\u0000${name}`;
    const now = (): number => this.#context.logTime;
    const entry = (value: unknown): ListEntry => [now() + (spec.ttlMs as number), value];
    const living = (): ListEntry[] => {
      const entries = (rows.get(row()) as ListEntry[] | undefined) ?? [];
      return entries.filter(([expiresAt]) => expiresAt > now());
    };
    return {
      get: () => {
        const values = living().map(([, value]) => value);
        if (spec.isRefreshedByReading && values.length > 0) rows.put(row(), values.map(entry));
        return values;
      },
      add: (value) => rows.put(row(), [...living(), entry(value)]),
      set: (values) => rows.put(row(), values.map(entry)),
      clear: () => void rows.delete(row()),
    };
  }

  #map(name: string, rows: StateRows): MapState<unknown> {
    const prefix = (): string => `${this.key}\u0000${name}\u0000`;
    return {
      get: (entry) => rows.get(`${prefix()}${entry}`),
      set: (entry, value) => rows.put(`${prefix()}${entry}`, value),
      delete: (entry) => rows.delete(`${prefix()}${entry}`),
      entries: () => {
        const start = prefix();
        const found = rows.range(start, `${start.slice(0, -1)}\u0001`);
        return found.map(([row, value]) => [row.slice(start.length), value] as const);
      },
    };
  }

  #expiringRows(expiring: ExpiringRows, { kind, isRefreshedByReading }: StateSpec): StateRows {
    const now = (): number => this.#context.logTime;
    // A list sees to its entries itself.
    const refresh = (row: string, value: unknown): void => {
      if (isRefreshedByReading && kind !== 'list') expiring.put(row, value, now());
    };
    return {
      get: (row) => {
        const value = expiring.get(row, now());
        if (value !== undefined) refresh(row, value);
        return value;
      },
      put: (row, value) => expiring.put(row, value, now()),
      delete: (row) => expiring.delete(row, now()),
      range: (from, to) => {
        const found = expiring.range(from, to, MAX_ENTRIES, now());
        for (const [row, value] of found) refresh(row, value);
        return found;
      },
    };
  }
}

/** Of a list whose entries expire. */
export type ListEntry = readonly [expiresAt: number, value: unknown];

function lastingRows(store: OperatorStore, upcast: (row: string, value: unknown) => unknown): StateRows {
  return {
    get: (row) => upcast(row, store.get(row)),
    put: (row, value) => store.put(row, value),
    delete: (row) => store.delete(row),
    range: (from, to) => {
      const found = store.range(from, to, MAX_ENTRIES);
      return found.map(([row, value]) => [row, upcast(row, value)]);
    },
  };
}

/** Name of the state that a row is of. */
export function stateOfRow(row: string): string {
  const start = endOfKey(row) + 1;
  const end = row.indexOf('\u0000', start);
  return end < 0 ? row.slice(start) : row.slice(start, end);
}

const MAX_ENTRIES = 10_000;
