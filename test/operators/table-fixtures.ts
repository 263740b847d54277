import fc from 'fast-check';
import { Type } from 'typebox';
import { expect } from 'vitest';
import type { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import type { TopologyBuilder } from '../../src/topology/builder.ts';
import type { Stream } from '../../src/topology/stream.ts';

/** An event that says what a row is from now on; `n` null: none. `ref` is another row's key. */
export const Update = Type.Object({
  key: Type.String(),
  at: Type.Integer(),
  n: Type.Union([Type.Integer(), Type.Null()]),
  ref: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});

export interface UpdateEvent {
  readonly key: string;
  readonly at: number;
  readonly n: number | null;
  readonly ref?: string | null;
}

export interface Item {
  readonly n: number;
  readonly ref: string | null;
}

/** A stream of items, null for one that goes. */
export function itemsOf(t: TopologyBuilder, name: string): Stream<Item | null> {
  return t
    .stream(name, { schema: Update, key: 'key', eventTime: 'at', guarantee: 'at-least-once' })
    .map(({ n, ref }) => (n === null ? null : { n, ref: ref ?? null }));
}

export const update = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  at: fc.integer({ min: 0, max: 30 }),
  n: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 9 }) }, { weight: 1, arbitrary: fc.constant(null) }),
  ref: fc.constantFrom('a', 'b', 'x', null),
});

/** What a subscriber of the view knows that applies every change; each must begin where the last one ended. */
export class Follower {
  readonly rows = new Map<string, unknown>();
  readonly #driver: TopologyTestDriver;
  readonly #view: string;

  constructor(driver: TopologyTestDriver, view: string) {
    this.#driver = driver;
    this.#view = view;
  }

  catchUp(): Map<string, unknown> {
    for (const { key, next, previous } of this.#driver.changes(this.#view)) {
      expect(this.rows.get(key), `${this.#view} ${key}`).toEqual(previous);
      if (next === undefined) this.rows.delete(key);
      else this.rows.set(key, next);
    }
    expect(new Map(this.#driver.view(this.#view).rows())).toEqual(this.rows);
    return this.rows;
  }
}

/** What came into a journal since the last call: `key=value@time`. */
export function journalOf(driver: TopologyTestDriver, name: string): string[] {
  return driver.changes(name).flatMap(({ next }) => {
    const entry = next as { key: string; value: unknown; time: number } | undefined;
    return entry === undefined ? [] : [`${entry.key}=${JSON.stringify(entry.value)}@${entry.time}`];
  });
}
