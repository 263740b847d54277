// data plane
import { DueRows } from './due-rows.ts';
import type { Operator, OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { advanceStreamTime } from './stream-time.ts';
import { TIME_LENGTH, windowOfKey } from './window-key.ts';

/**
 * Keeps the rows of a windowed table so that they can be read, long after their windows have closed, and deletes each when
 * its time is over: `retention` after the end of its window, or a little later, by the greatest time seen.
 */
export class KeepWindowsOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;
  readonly #due: DueRows;
  readonly #retentionMs: number;
  readonly #stepMs: number;
  readonly #endsInTime: boolean;
  readonly #output: Operator;
  // The end of the row before: windows repeat, and to read a number takes 100 ns.
  #endText = ' ';
  #end = 0;

  /**
   * @param store timed
   * @param due ordered
   * @param endsInTime whether the bounds of a window are times; if not, the row's own time stands for its end
   */
  constructor(
    name: string,
    context: OperatorContext,
    store: OperatorStore,
    due: OperatorStore,
    retentionMs: number,
    endsInTime: boolean,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#store = store;
    this.#due = new DueRows(due);
    this.#retentionMs = retentionMs;
    this.#stepMs = Math.ceil(retentionMs / STEPS);
    this.#endsInTime = endsInTime;
    this.#output = output;
  }

  push(key: string, next: unknown, previous: unknown, time: number): void {
    const streamTime = advanceStreamTime(this.#store, time);
    const due = this.#dueOf(key, time);
    // A row that is gone stays away.
    if (due > streamTime) {
      const store = this.#store;
      this.#context.running = this.#name;
      if (next === undefined) {
        store.delete(key);
        this.#due.forget(key, due);
      } else {
        store.put(key, next, time);
        if (previous === undefined) this.#due.note(key, due);
      }
      this.#context.running = '';
      this.#output.push(key, next, previous, time);
    }
    if (this.#due.isDue(streamTime)) this.#deletePast(streamTime);
  }

  #deletePast(streamTime: number): void {
    const store = this.#store;
    const keys = this.#due.take(streamTime);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const row = store.get(key);
      if (row === undefined) continue;
      const time = store.time;
      const due = this.#dueOf(key, time);
      if (due > streamTime) {
        this.#due.note(key, due);
        continue;
      }
      store.delete(key);
      this.#output.push(key, undefined, row, time);
    }
  }

  /** Rounded up, so that many rows go at once and time seldom comes to one that is due. */
  #dueOf(key: string, time: number): number {
    const due = (this.#endsInTime ? this.#endOf(key) : time) + this.#retentionMs;
    return Math.ceil(due / this.#stepMs) * this.#stepMs;
  }

  #endOf(key: string): number {
    if (!key.endsWith(this.#endText)) {
      this.#endText = key.slice(-TIME_LENGTH);
      this.#end = windowOfKey(key).end;
    }
    return this.#end;
  }
}

/** Times within a retention at which rows go. */
const STEPS = 100;
