import type { OperatorStore } from '../operators/operator.ts';

/** A store of the test driver: rows in memory, and a list of what to put back when an event fails. */
export class MemoryStore implements OperatorStore {
  readonly #rows = new Map<string, unknown>();
  readonly #undo: [key: string, value: unknown][] = [];

  get size(): number {
    return this.#rows.size;
  }

  get(key: string): unknown {
    return this.#rows.get(key);
  }

  put(key: string, value: unknown): void {
    this.#undo.push([key, this.#rows.get(key)]);
    this.#rows.set(key, value);
  }

  delete(key: string): boolean {
    this.#undo.push([key, this.#rows.get(key)]);
    return this.#rows.delete(key);
  }

  rows(): [key: string, value: unknown][] {
    return [...this.#rows];
  }

  commitEvent(): void {
    this.#undo.length = 0;
  }

  undoEvent(): void {
    for (const [key, value] of this.#undo.reverse()) {
      if (value === undefined) this.#rows.delete(key);
      else this.#rows.set(key, value);
    }
    this.#undo.length = 0;
  }
}
