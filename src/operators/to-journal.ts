import type { Operator, OperatorHost, OperatorStore } from './operator.ts';
import type { OperatorContext } from './operator-context.ts';
import { isWindowKey, keyOfWindowKey, type WindowBounds, windowOfKey } from './window-key.ts';

/** A row of a journal. */
export interface JournalEntry<Value> {
  readonly key: string;
  /** Of a row of a windowed table. */
  readonly window?: WindowBounds;
  /** `null`: the event has no value, or the row was deleted. */
  readonly value: Value | null;
  /** Event time in ms. */
  readonly time: number;
  /** Offset of the event that brought it about. */
  readonly offset: number;
}

/** An entry with its value brought up to date. */
export function upcastEntry(entry: unknown, upcast: (value: unknown) => unknown): unknown {
  const { value } = entry as JournalEntry<unknown>;
  return value === null ? entry : { ...(entry as JournalEntry<unknown>), value: upcast(value) };
}

/** Keeps the last events of a stream, in the order in which its partition saw them, as rows of a view. */
export class ToJournalOperator implements Operator {
  readonly #context: OperatorContext;
  readonly #host: OperatorHost;
  readonly #viewId: number;
  readonly #store: OperatorStore;
  readonly #keep: number;

  constructor(context: OperatorContext, host: OperatorHost, viewId: number, store: OperatorStore, keep: number) {
    this.#context = context;
    this.#host = host;
    this.#viewId = viewId;
    this.#store = store;
    this.#keep = keep;
  }

  push(key: string, next: unknown, _previous: unknown, time: number): void {
    const store = this.#store;
    const number = Math.max(store.readRegister(NEXT_NUMBER), 0);
    store.writeRegister(NEXT_NUMBER, number + 1);
    const isWindowed = isWindowKey(key);
    const { offset } = this.#context;
    const value = next ?? null;
    const entry: JournalEntry<unknown> = isWindowed
      ? { key: keyOfWindowKey(key), window: windowOfKey(key), value, time, offset }
      : { key, value, time, offset };
    const rowKey = this.#keyOf(number);
    store.put(rowKey, entry);
    this.#host.viewChanged(this.#viewId, rowKey, entry, undefined);
    if (number < this.#keep) return;
    const oldest = this.#keyOf(number - this.#keep);
    const previous = store.get(oldest);
    store.delete(oldest);
    this.#host.viewChanged(this.#viewId, oldest, undefined, previous);
  }

  /** Of several partitions the rows stand one after the other, each in its own order. */
  #keyOf(number: number): string {
    return `${this.#context.partition}:${String(number).padStart(NUMBER_DIGITS, '0')}`;
  }
}

const NEXT_NUMBER = 0;
const NUMBER_DIGITS = 15;
