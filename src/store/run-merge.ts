// data plane
import type { CellLookup } from './dirty-rows.ts';
import { NO_ENTRY } from './hash-index.ts';
import { compareCellKeys, compareCellToKey } from './row-cell.ts';

/** Walks several runs of rows, each in key order, as if they were one; a row that several runs hold comes once. */
export class RunMerge {
  /** The row at hand; NO_ENTRY behind the last. */
  id = NO_ENTRY;
  /** Its cell as it is now. */
  cell = 0;
  readonly #rows: CellLookup;
  readonly #runs: Int32Array[] = [];
  readonly #positions: number[] = [];
  /** Runs with something left: a binary heap by the key at each one's position. */
  readonly #heap: number[] = [];

  constructor(rows: CellLookup) {
    this.#rows = rows;
  }

  /** Adds a run from the first row on whose key is not below `from`. Call for all runs, then `start`. */
  add(run: Int32Array, from: Uint8Array): void {
    const position = this.#seek(run, from);
    if (position === run.length) return;
    this.#runs.push(run);
    this.#positions.push(position);
    this.#heap.push(this.#runs.length - 1);
  }

  start(): void {
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i);
    this.#take();
  }

  advance(): void {
    const heap = this.#heap;
    const id = this.id;
    while (heap.length > 0 && this.#idAt(heap[0] as number) === id) {
      const run = heap[0] as number;
      const position = (this.#positions[run] as number) + 1;
      this.#positions[run] = position;
      if (position === (this.#runs[run] as Int32Array).length) {
        const last = heap.pop() as number;
        if (heap.length > 0) heap[0] = last;
      }
      this.#sink(0);
    }
    this.#take();
  }

  #take(): void {
    this.id = this.#heap.length === 0 ? NO_ENTRY : this.#idAt(this.#heap[0] as number);
    this.cell = this.id === NO_ENTRY ? 0 : this.#rows.cellOf(this.id);
  }

  #idAt(run: number): number {
    return (this.#runs[run] as Int32Array)[this.#positions[run] as number] as number;
  }

  #sink(start: number): void {
    const heap = this.#heap;
    for (let at = start; ; ) {
      let least = at;
      const left = 2 * at + 1;
      if (left < heap.length && this.#isBefore(heap[left] as number, heap[least] as number)) least = left;
      if (left + 1 < heap.length && this.#isBefore(heap[left + 1] as number, heap[least] as number)) least = left + 1;
      if (least === at) return;
      const run = heap[at] as number;
      heap[at] = heap[least] as number;
      heap[least] = run;
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const aId = this.#idAt(a);
    const bId = this.#idAt(b);
    if (aId === bId) return a < b;
    return compareCellKeys(this.#rows.memory, this.#rows.cellOf(aId), this.#rows.cellOf(bId)) < 0;
  }

  #seek(run: Int32Array, from: Uint8Array): number {
    let low = 0;
    let high = run.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const cell = this.#rows.cellOf(run[middle] as number);
      if (compareCellToKey(this.#rows.memory, cell, from, from.length) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
