import type { OperatorStore } from './operator.ts';

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

/** What a `process` operator keeps under one name; made by `valueState`, `listState`, `mapState`. */
export interface StateDeclaration<State> {
  readonly kind: 'value' | 'list' | 'map';
  /** The type of the state; there is no such member when the program runs. */
  readonly '~state'?: State;
}

export function valueState<Value>(): StateDeclaration<ValueState<Value>> {
  return { kind: 'value' };
}

export function listState<Value>(): StateDeclaration<ListState<Value>> {
  return { kind: 'list' };
}

export function mapState<Value>(): StateDeclaration<MapState<Value>> {
  return { kind: 'map' };
}

/** The states of one key at a time, over one store. A row is `key \0 state`, or `key \0 state \0 name` for a map. */
export class KeyedState {
  key = '';
  readonly states: Readonly<Record<string, unknown>>;
  readonly #store: OperatorStore;

  constructor(store: OperatorStore, declarations: Readonly<Record<string, StateDeclaration<unknown>>>) {
    this.#store = store;
    this.states = Object.fromEntries(
      Object.entries(declarations).map(([name, { kind }]) => [name, this.#stateOf(kind, name)]),
    );
  }

  #stateOf(kind: StateDeclaration<unknown>['kind'], name: string): unknown {
    if (kind === 'value') return this.#value(name);
    return kind === 'list' ? this.#list(name) : this.#map(name);
  }

  #value(name: string): ValueState<unknown> {
    const store = this.#store;
    const row = (): string => `${this.key}\u0000${name}`;
    return {
      get: () => store.get(row()),
      set: (value) => store.put(row(), value),
      clear: () => void store.delete(row()),
    };
  }

  #list(name: string): ListState<unknown> {
    const store = this.#store;
    const row = (): string => `${this.key}\u0000${name}`;
    const get = (): readonly unknown[] => (store.get(row()) as unknown[] | undefined) ?? [];
    return {
      get,
      add: (value) => store.put(row(), [...get(), value]),
      set: (values) => store.put(row(), [...values]),
      clear: () => void store.delete(row()),
    };
  }

  #map(name: string): MapState<unknown> {
    const store = this.#store;
    const prefix = (): string => `${this.key}\u0000${name}\u0000`;
    return {
      get: (entry) => store.get(`${prefix()}${entry}`),
      set: (entry, value) => store.put(`${prefix()}${entry}`, value),
      delete: (entry) => store.delete(`${prefix()}${entry}`),
      entries: () => {
        const start = prefix();
        const rows = store.range(start, `${start.slice(0, -1)}\u0001`, MAX_ENTRIES);
        return rows.map(([row, value]) => [row.slice(start.length), value] as const);
      },
    };
  }
}

const MAX_ENTRIES = 10_000;
