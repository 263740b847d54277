// data plane
import type { WindowOperator, WindowSite } from './aligned-window.ts';
import { NO_KEY, type OperatorStore } from './operator.ts';
import { windowKey } from './window-key.ts';

/**
 * Folds every so many events of a key into a window, whenever they happened. A window begins with every `every`-th event and
 * is over when it has `size` of them; its bounds are the numbers of its events, from 0, the end excluded. One row per key,
 * kept for as long as the key may come again:
 *
 * ```
 *   [number of the next event,  start, time, state,  start, time, state, …]
 * ```
 */
export class CountWindowOperator implements WindowOperator {
  readonly closing = null;
  readonly #site: WindowSite;
  readonly #store: OperatorStore;
  readonly #size: number;
  readonly #every: number;

  constructor(site: WindowSite, store: OperatorStore, size: number, every: number) {
    this.#site = site;
    this.#store = store;
    this.#size = size;
    this.#every = every;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    const { name, context, fold, isFinal, output } = this.#site;
    if (key === NO_KEY || (event === null && !fold.takesNull)) return;
    const store = this.#store;
    const before = store.get(key) as readonly unknown[] | undefined;
    const number = before === undefined ? 0 : (before[0] as number);
    const row = before === undefined ? [0] : before.slice();
    context.enter(name, time);
    row[0] = number + 1;
    if (number % this.#every === 0) row.push(number, time, fold.empty());
    for (let at = FIRST_WINDOW; at < row.length; at += WINDOW_LENGTH) {
      row[at + STATE] = fold.add(row[at + STATE], event);
      if (time > (row[at + TIME] as number)) row[at + TIME] = time;
    }
    const isFull = number + 1 - (row[FIRST_WINDOW] as number) === this.#size;
    store.put(key, isFull ? [number + 1, ...row.slice(FIRST_WINDOW + WINDOW_LENGTH)] : row);
    context.running = '';
    const told = isFinal ? (isFull ? FIRST_WINDOW + WINDOW_LENGTH : FIRST_WINDOW) : row.length;
    for (let at = FIRST_WINDOW; at < told; at += WINDOW_LENGTH) {
      const start = row[at] as number;
      const previous = isFinal || start === number ? undefined : before?.[at + STATE];
      output.push(windowKey(key, start, start + this.#size), row[at + STATE], previous, row[at + TIME] as number);
    }
  }
}

/** Whether a window's state stands there in a row. */
export function isStateOfCount(at: number): boolean {
  return at >= FIRST_WINDOW && (at - FIRST_WINDOW) % WINDOW_LENGTH === STATE;
}

const FIRST_WINDOW = 1;
const WINDOW_LENGTH = 3;
const TIME = 1;
const STATE = 2;
