/** What the operators behind a stream made of windows are to do, by key and window, as anybody would write it down. */

export const WINDOW_MS = 10;
export const TTL_MS = 40;
export const TIMER_MS = 30;
export const DELAY_MS = 25;
export const WITHIN_MS = 35;

type Counted = 'sales' | 'closings';

interface Waiting {
  readonly due: number;
  readonly value: number;
}

/** One key and window. */
class Cell {
  readonly key: string;
  readonly start: number;
  readonly counts: Record<Counted, number> = { sales: 0, closings: 0 };
  lastSale: Waiting | null = null;
  list: Waiting[] = [];
  readonly map = new Map<string, Waiting>();
  readonly timers = new Set<number>();
  begun: number | null = null;
  delayed: Waiting[] = [];
  cancellable: Waiting[] = [];
  latest: Waiting[] = [];
  rowExpiresAt: number | null = null;

  constructor(key: string, start: number) {
    this.key = key;
    this.start = start;
  }

  get text(): string {
    return `${this.key} ${this.start}`;
  }
}

export class NaiveFold {
  now = 0;
  readonly cells = new Map<string, Cell>();
  readonly salesOf = new Map<string, number>();
  /** By journal, then by key and window. */
  readonly told = new Map<string, Map<string, unknown[]>>();
  /** What a till is called; set before everything else. */
  readonly #names: ReadonlyMap<string, string>;

  constructor(names: ReadonlyMap<string, string>) {
    this.#names = names;
  }

  count(stream: Counted, key: string, at: number): void {
    const start = Math.floor(at / WINDOW_MS) * WINDOW_MS;
    const cell = this.cells.get(`${key} ${start}`) ?? new Cell(key, start);
    this.cells.set(cell.text, cell);
    cell.counts[stream] += 1;
    const { sales, closings } = cell.counts;
    this.#tell('merged', cell, cell.counts[stream]);
    if (stream === 'closings') {
      for (let sale = 1; sale <= sales; sale++) this.#tell('joined', cell, [sale, closings]);
      cell.cancellable = [];
      return;
    }
    for (let closing = 1; closing <= closings; closing++) this.#tell('joined', cell, [sales, closing]);
    this.#tellSale(cell, sales, closings);
    this.#process(cell, sales);
    if (sales === 1) cell.begun = this.now + WITHIN_MS;
    else if (sales === 3 && cell.begun !== null) {
      cell.begun = null;
      this.#tell('matched', cell, { first: 1, third: 3 });
    }
    const waiting = { due: this.now + DELAY_MS, value: sales };
    cell.delayed.push(waiting);
    cell.cancellable.push(waiting);
    cell.latest = [waiting];
    cell.rowExpiresAt = this.now + TTL_MS;
    this.salesOf.set(key, (this.salesOf.get(key) ?? 0) + 1);
  }

  advance(ms: number): void {
    this.now += ms;
    const isDue = ({ due }: Waiting): boolean => due <= this.now;
    for (const cell of this.cells.values()) {
      for (const due of [...cell.timers].sort((a, b) => a - b)) {
        if (due > this.now) continue;
        cell.timers.delete(due);
        this.#tell('processed', cell, ['timer', due, ...this.#states(cell)]);
      }
      if (cell.begun !== null && cell.begun <= this.now) {
        cell.begun = null;
        this.#tell('unmatched', cell, 'third');
      }
      for (const way of ['delayed', 'cancellable', 'latest'] as const) {
        for (const { value } of cell[way].filter(isDue)) this.#tell(way, cell, value);
        cell[way] = cell[way].filter((one) => !isDue(one));
      }
      if (cell.rowExpiresAt !== null && cell.rowExpiresAt <= this.now) {
        cell.rowExpiresAt = null;
        this.#tell('rows-told', cell, null);
      }
    }
  }

  #tellSale(cell: Cell, sales: number, closings: number): void {
    if (sales % 2 === 1) this.#tell('filtered', cell, sales);
    this.#tell(sales % 2 === 1 ? 'odd' : 'even', cell, sales);
    this.#tell('mapped', cell, [sales, cell.key, cell.start]);
    this.#tell('flat', cell, sales);
    this.#tell('flat', cell, -sales);
    this.#tell('enriched', cell, [sales, 2 * sales, cell.key, cell.start]);
    if (sales <= 2) this.#tell('distinct', cell, sales);
    this.#tell('rows-told', cell, sales);
    this.#tell('with-row', cell, [sales, closings === 0 ? null : closings]);
    this.#tell('with-name', cell, [sales, this.#names.get(cell.key)]);
  }

  #process(cell: Cell, sales: number): void {
    this.#tell('processed', cell, ['event', sales, ...this.#states(cell)]);
    const entry = { due: this.now + TTL_MS, value: sales };
    cell.lastSale = entry;
    cell.list.push(entry);
    cell.map.set(String(sales % 3), entry);
    cell.timers.add(this.now + TIMER_MS);
  }

  #states({ lastSale, list, map }: Cell): unknown[] {
    const isLiving = ({ due }: Waiting): boolean => due > this.now;
    const entries = [...map].filter(([, entry]) => isLiving(entry)).sort(([a], [b]) => (a < b ? -1 : 1));
    return [
      lastSale !== null && isLiving(lastSale) ? lastSale.value : null,
      list.filter(isLiving).map(({ value }) => value),
      entries.map(([name, { value }]) => [name, value]),
    ];
  }

  #tell(journal: string, { text }: Cell, value: unknown): void {
    const rows = this.told.get(journal) ?? new Map<string, unknown[]>();
    this.told.set(journal, rows);
    rows.set(text, [...(rows.get(text) ?? []), value]);
  }
}
