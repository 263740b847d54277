import type { OperatorStore } from '../operators/operator.ts';

/** A store of the test driver: rows in memory, and a list of what to put back when an event fails. */
export class MemoryStore implements OperatorStore {
  /** Time of the row that `get` found last. */
  time = 0;
  readonly #rows = new Map<string, Row>();
  readonly #undo: [key: string, row: Row | undefined][] = [];
  readonly #registers: number[] = [NEVER, NEVER, NEVER, NEVER];
  #registersBefore: number[] | null = null;
  /** All keys in the order of their bytes; null when a key came or went since. */
  #sortedKeys: string[] | null = null;

  get size(): number {
    return this.#rows.size;
  }

  get(key: string): unknown {
    const row = this.#rows.get(key);
    if (row === undefined) return undefined;
    this.time = row.time;
    return row.value;
  }

  put(key: string, value: unknown, time = 0): void {
    const before = this.#rows.get(key);
    if (before === undefined) this.#sortedKeys = null;
    this.#undo.push([key, before]);
    this.#rows.set(key, { value, time });
  }

  delete(key: string): boolean {
    this.#undo.push([key, this.#rows.get(key)]);
    this.#sortedKeys = null;
    return this.#rows.delete(key);
  }

  range(from: string, to: string | undefined, limit: number): [key: string, value: unknown][] {
    this.#sortedKeys ??= [...this.#rows.keys()].sort(compareBytes);
    const found: [string, unknown][] = [];
    for (const key of this.#sortedKeys) {
      if (compareBytes(key, from) < 0) continue;
      if (found.length === limit || (to !== undefined && compareBytes(key, to) >= 0)) break;
      found.push([key, (this.#rows.get(key) as Row).value]);
    }
    return found;
  }

  readRegister(index: number): number {
    return this.#registers[index] as number;
  }

  writeRegister(index: number, value: number): void {
    this.#registersBefore ??= [...this.#registers];
    this.#registers[index] = value;
  }

  rows(): [key: string, value: unknown][] {
    return [...this.#rows].map(([key, row]) => [key, row.value]);
  }

  commitEvent(): void {
    this.#undo.length = 0;
    this.#registersBefore = null;
  }

  /** A place within the event at hand, to come back to with `rollBack`. */
  savepoint(): { readonly written: number; readonly registers: readonly number[] } {
    return { written: this.#undo.length, registers: [...this.#registers] };
  }

  rollBack({ written, registers }: ReturnType<MemoryStore['savepoint']>): void {
    for (const [key, row] of this.#undo.splice(written).reverse()) {
      if (row === undefined) this.#rows.delete(key);
      else this.#rows.set(key, row);
    }
    this.#sortedKeys = null;
    registers.forEach((value, index) => {
      this.#registers[index] = value;
    });
  }

  undoEvent(): void {
    for (const [key, row] of this.#undo.reverse()) {
      if (row === undefined) this.#rows.delete(key);
      else this.#rows.set(key, row);
    }
    this.#undo.length = 0;
    this.#sortedKeys = null;
    this.#registersBefore?.forEach((value, index) => {
      this.#registers[index] = value;
    });
    this.#registersBefore = null;
  }
}

interface Row {
  readonly value: unknown;
  readonly time: number;
}

const NEVER = Number.NEGATIVE_INFINITY;

/** As the UTF-8 bytes compare: like code units, but for characters beyond the first plane. */
function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  return ASCII.test(a) && ASCII.test(b) ? (a < b ? -1 : 1) : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: every character of one byte
const ASCII = /^[\x00-\x7f]*$/;
