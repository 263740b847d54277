// data plane
import type { HoppingPanes } from './hopping-panes.ts';
import type { OperatorStore } from './operator.ts';
import { timeText } from './window-key.ts';

/**
 * The panes of a key, those that lie near each other in one row, in their order. Time is the greatest of the events in it:
 *
 * ```
 *   <key> 00 <16 digits>     [start, time, state,  start, time, state, …]
 * ```
 */
export type PaneRow = unknown[];

export const PANE_LENGTH = 3;
export const START = 0;
export const TIME = 1;
export const STATE = 2;

/** Whether a pane's state stands there in a row. */
export function isStateOfPane(at: number): boolean {
  return at % PANE_LENGTH === STATE;
}

/** Reads and writes panes. What rows a key has is remembered elsewhere. */
export class PaneRows {
  readonly #store: OperatorStore;
  readonly #spanMs: number;

  constructor(store: OperatorStore, panes: HoppingPanes) {
    this.#store = store;
    this.#spanMs = panes.advanceMs * Math.max(1, PANES_PER_ROW / panes.perAdvance);
  }

  /** Start of the row that a pane is in. */
  rowOf(pane: number): number {
    return Math.floor(pane / this.#spanMs) * this.#spanMs;
  }

  /** @returns a row to be changed and saved; undefined if there is none */
  load(key: string, row: number): PaneRow | undefined {
    const panes = this.#store.get(rowKeyOf(key, row)) as PaneRow | undefined;
    return panes?.slice();
  }

  save(key: string, row: number, panes: PaneRow): void {
    this.#store.put(rowKeyOf(key, row), panes);
  }

  delete(key: string, row: number): void {
    this.#store.delete(rowKeyOf(key, row));
  }

  /** Whether all panes of a row lie before a time. */
  isBefore(row: number, time: number): boolean {
    return row + this.#spanMs <= time;
  }

  /** The panes of several rows, one behind the other. */
  loadAll(key: string, rows: readonly number[]): PaneRow {
    const all: PaneRow = [];
    for (let i = 0; i < rows.length; i++) {
      const panes = this.#store.get(rowKeyOf(key, rows[i] as number)) as PaneRow;
      for (let at = 0; at < panes.length; at++) all.push(panes[at]);
    }
    return all;
  }
}

/** Place of a pane in a row, or of the first one behind it. */
export function placeOf(panes: PaneRow, pane: number): number {
  let at = panes.length;
  while (at > 0 && (panes[at - PANE_LENGTH + START] as number) >= pane) at -= PANE_LENGTH;
  return at;
}

function rowKeyOf(key: string, row: number): string {
  return `${key}\u0000${timeText(row)}`;
}

const PANES_PER_ROW = 8;
