/** What dead letters need of a state store. */
interface Rows {
  get(key: string): unknown;
  put(key: string, value: unknown): void;
  delete(key: string): boolean;
}

/** Kept per partition; the oldest leave first and stay in the log. */
export const MAX_DEAD_LETTERS = 10_000;

export const DEAD_LETTERS_VIEW = 'dead-letters';

/**
 * Row of the view `dead-letters`, keyed `<partition>/<offset>` with the offset padded to sort as a number; further ones of
 * the same offset, of what time or another event brought about there, have `.1`, `.2`, … behind it.
 */
export interface DeadLetter {
  stream: string;
  key: string;
  partition: number;
  offset: number;
  operator: string | null;
  code: string;
  /** The messages of the error and its causes, outermost first. */
  errors: string[];
  eventTime: number;
  codec: number;
  /** The value as it was received. */
  value: Uint8Array;
}

interface Bounds {
  first: number;
  next: number;
}

/**
 * Events whose processing failed, with their original bytes. A function of the log like every other state: the same
 * event fails again at a replay and lands in the same row.
 */
export class DeadLetters {
  readonly #rows: Rows;
  readonly #bounds: Rows;
  readonly #partition: number;

  constructor(partition: number, rows: Rows, bounds: Rows) {
    this.#partition = partition;
    this.#rows = rows;
    this.#bounds = bounds;
  }

  /** Key of the row that made room for the last one added; null when there was room. */
  droppedKey: string | null = null;

  /** @returns the key of the new row */
  add(letter: DeadLetter): string {
    const bounds = (this.#bounds.get('bounds') as Bounds | undefined) ?? { first: 0, next: 0 };
    const ownKey = deadLetterKey(this.#partition, letter.offset);
    let key = ownKey;
    for (let n = 1; this.#rows.get(key) !== undefined; n++) key = `${ownKey}.${n}`;
    this.#rows.put(key, letter);
    this.#bounds.put(`row/${bounds.next}`, key);
    let first = bounds.first;
    this.droppedKey = null;
    if (bounds.next - first >= MAX_DEAD_LETTERS) {
      const oldest = this.#bounds.get(`row/${first}`) as string;
      this.#rows.delete(oldest);
      this.droppedKey = oldest;
      this.#bounds.delete(`row/${first}`);
      first += 1;
    }
    this.#bounds.put('bounds', { first, next: bounds.next + 1 });
    return key;
  }
}

export function deadLetterKey(partition: number, offset: number): string {
  return `${partition}/${String(offset).padStart(16, '0')}`;
}

/** The messages of an error and its causes; never a stack. */
export function errorChain(error: unknown): string[] {
  const chain: string[] = [];
  let at: unknown = error;
  while (at instanceof Error && chain.length < 8) {
    chain.push(at.message.slice(0, 500));
    at = at.cause;
  }
  if (chain.length === 0) chain.push(String(error).slice(0, 500));
  return chain;
}
