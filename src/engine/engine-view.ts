import type { QueryRouter, RangeOptions, ReadOptions } from '../query/query-router.ts';

export interface Row<V> {
  readonly key: string;
  readonly value: V;
}

export interface Page<V> {
  readonly rows: Row<V>[];
  /** For the next page; null at the end. */
  readonly cursor: string | null;
}

/** Reads of one view from this process. Nothing that is returned can be taken back by a crash. */
export class EngineView<V> {
  readonly name: string;
  readonly #router: QueryRouter;

  constructor(router: QueryRouter, name: string) {
    this.#router = router;
    this.name = name;
  }

  /** @returns the row's value; undefined when there is none */
  async get(key: string, options: ReadOptions = {}): Promise<V | undefined> {
    const { json } = await this.#router.get(this.name, key, options);
    return json === null ? undefined : (JSON.parse(json) as V);
  }

  /** Rows in UTF-8 order of their keys. */
  async range(options: RangeOptions = {}): Promise<Page<V>> {
    const { keys, values, cursor } = await this.#router.range(this.name, options);
    return { rows: keys.map((key, at) => ({ key, value: JSON.parse(values[at] as string) as V })), cursor };
  }
}
