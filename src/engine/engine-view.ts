import type { QueryRouter, RangeOptions, RowOptions } from '../query/query-router.ts';
import { type RowWindow, rowWindowOf } from '../query/window-query.ts';

export interface Row<V> {
  readonly key: string;
  /** Of a view of windows: what the key says. */
  readonly window?: RowWindow;
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

  /**
   * @param key of a view of windows: the key alone, with the `window` as an option, or what `windowKey` makes of both
   * @returns the row's value; undefined when there is none
   */
  async get(key: string, options: RowOptions = {}): Promise<V | undefined> {
    const { json } = await this.#router.get(this.name, key, options);
    return json === null ? undefined : (JSON.parse(json) as V);
  }

  /** Rows in UTF-8 order of their keys. Of a view of windows: with `key` the windows of one, `from` and `to` as ms. */
  async range(options: RangeOptions = {}): Promise<Page<V>> {
    const { keys, values, cursor } = await this.#router.range(this.name, options);
    const rows = keys.map((key, at): Row<V> => {
      const window = rowWindowOf(key);
      return { key, ...(window === null ? {} : { window }), value: JSON.parse(values[at] as string) as V };
    });
    return { rows, cursor };
  }
}
