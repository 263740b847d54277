// data plane
import type { Operator, OperatorStore } from './operator.ts';

/** The rows of a table, as who joins with it reads them. */
export interface TableReader {
  /**
   * @param time in ms: a versioned table answers with the row of that time, any other with the latest
   * @returns `undefined` when there is none
   */
  get(key: string, time: number): unknown;
}

/** Reads the latest rows where they are kept. */
export class StoreReader implements TableReader {
  readonly #store: OperatorStore;

  constructor(store: OperatorStore) {
    this.#store = store;
  }

  get(key: string): unknown {
    return this.#store.get(key);
  }
}

/** Reads a table that every partition has all of: the rows that lie in this one, and the copies of the others. */
export class EverywhereReader implements TableReader {
  readonly #here: OperatorStore;
  readonly #copies: OperatorStore;

  constructor(here: OperatorStore, copies: OperatorStore) {
    this.#here = here;
    this.#copies = copies;
  }

  get(key: string): unknown {
    const row = this.#here.get(key);
    return row === undefined ? this.#copies.get(key) : row;
  }
}

/** Reads a table that is mapped or filtered from another: a row is sent through the very operators when it is asked for. */
export class DerivedReader implements TableReader {
  readonly #origin: TableReader;
  readonly #first: Operator;
  readonly #last: RowCatcher;

  /** @param first operator that the rows of the origin are given to; the last of the chain pushes to `last` */
  constructor(origin: TableReader, first: Operator, last: RowCatcher) {
    this.#origin = origin;
    this.#first = first;
    this.#last = last;
  }

  get(key: string, time: number): unknown {
    const row = this.#origin.get(key, time);
    if (row === undefined) return undefined;
    this.#last.row = undefined;
    this.#first.push(key, row, undefined, time);
    return this.#last.row;
  }
}

/** Holds the row that was pushed to it last. */
export class RowCatcher implements Operator {
  row: unknown = undefined;

  push(_key: string, next: unknown): void {
    this.row = next;
  }
}
