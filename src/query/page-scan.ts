import { compareKeys, isInRange } from './key-range.ts';
import type { PageAnswer, PageQuestion } from './protocol.ts';
import { MAX_PAGE_BYTES } from './query-limits.ts';
import type { QueryableLane } from './queryable-lane.ts';
import { lotRows, RangeScan } from './range-scan.ts';
import { rowJson } from './row-json.ts';

/**
 * One page of one partition, in one slice or several. Events that come between two slices are worked into the rows that
 * are here already, so that the page as a whole shows the partition at one position: that of its last slice.
 */
export class PageScan {
  readonly question: PageQuestion;
  readonly startedAt: number;
  readonly #scan: RangeScan;
  readonly #keys: string[] = [];
  readonly #values: string[] = [];
  #size = 0;

  constructor(lane: QueryableLane, question: PageQuestion, startedAt: number) {
    this.question = question;
    this.startedAt = startedAt;
    this.#scan = new RangeScan(lane.view(question.viewId), question, question.past);
  }

  get rowCount(): number {
    return this.#keys.length;
  }

  get isComplete(): boolean {
    return this.#scan.isEnd || this.#keys.length >= this.question.limit || this.#size >= MAX_PAGE_BYTES;
  }

  /** @returns how many rows were read; 0 before the page is complete: its next slice should wait for another turn */
  step(maxRows: number): number {
    let count = 0;
    while (count < maxRows && !this.isComplete) {
      const lot = lotRows(this.#keys.length, this.#size, MAX_PAGE_BYTES);
      const rows = this.#scan.next(Math.min(lot, maxRows - count, this.question.limit - this.#keys.length));
      for (const row of rows) {
        this.#insert(this.#keys.length, row.key, rowJson(row.value));
        if (this.#size < MAX_PAGE_BYTES) continue;
        this.#scan.giveBackBehind(row.key);
        break;
      }
      count += rows.length;
      if (rows.length === 0) break;
    }
    return count;
  }

  /** A row of the view changed after the last slice; `undefined` took it away. What the scan has not reached it will see. */
  change(key: string, next: unknown): void {
    const { through } = this.#scan;
    if (through === null || compareKeys(key, through) > 0 || !this.#covers(key)) return;
    const index = this.#indexOf(key);
    if (this.#keys[index] === key) this.#remove(index);
    if (next !== undefined) this.#insert(index, key, rowJson(next));
  }

  answer(lane: QueryableLane): PageAnswer {
    const { id, limit } = this.question;
    const isCut = this.#keys.length > limit;
    const keys = isCut ? this.#keys.slice(0, limit) : this.#keys;
    const values = isCut ? this.#values.slice(0, limit) : this.#values;
    const reached = this.#scan.isEnd ? null : this.#scan.through;
    const through = isCut ? (keys[limit - 1] as string) : reached;
    return { kind: 'page', id, keys, values, through, offset: lane.processedOffset, epoch: lane.epoch };
  }

  #covers(key: string): boolean {
    const { past } = this.question;
    return (past === null || compareKeys(key, past) > 0) && isInRange(key, this.question);
  }

  /** Where the key stands or would stand. */
  #indexOf(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#keys[middle] as string, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(index: number, key: string, value: string): void {
    this.#keys.splice(index, 0, key);
    this.#values.splice(index, 0, value);
    this.#size += key.length + value.length;
  }

  #remove(index: number): void {
    this.#size -= (this.#keys[index] as string).length + (this.#values[index] as string).length;
    this.#keys.splice(index, 1);
    this.#values.splice(index, 1);
  }
}
