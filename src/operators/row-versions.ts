// data plane
import { upToDate } from './earlier-row.ts';
import type { OperatorStore } from './operator.ts';
import type { TableReader } from './table-reader.ts';
import { TIME_LENGTH, timeText } from './window-key.ts';

/**
 * What a versioned table keeps of a key, in two stores:
 *
 * | store   | key                                  | value                                           |
 * |---------|--------------------------------------|-------------------------------------------------|
 * | latest  | the key                              | the row, with the time since which it is        |
 * | history | the key                              | since when there is no row, if there is none    |
 * | history | 00, length of the key, the key, -time | an earlier row, from that time on; `null`: none |
 *
 * No key begins with a zero character, and with its length before it none is the beginning of another. A version lasts until the next one begins. Later versions stand first, so that the one of a time is the first that a
 * range finds. In the registers of the history is the greatest time that the table has seen.
 */
export const GREATEST_TIME = 0;

export function versionKey(key: string, time: number): string {
  return `\u0000${key.length}:${key}${timeText(-time)}`;
}

/** Whether a row of the past stands there, and not when a row was deleted. */
export function isVersionKey(key: string): boolean {
  return key.charCodeAt(0) === 0;
}

/** Reads the rows of a versioned table as they were at a time. */
export class RowVersions implements TableReader {
  readonly #latest: OperatorStore;
  readonly #history: OperatorStore;
  readonly #historyMs: number;

  constructor(latest: OperatorStore, history: OperatorStore, historyMs: number) {
    this.#latest = latest;
    this.#history = history;
    this.#historyMs = historyMs;
  }

  /** @returns `undefined` too for a time that lies further back than the history, unless the latest row is older still */
  get(key: string, time: number): unknown {
    const latest = this.#latest;
    const row = latest.get(key);
    if (row !== undefined && latest.time <= time) return row;
    const history = this.#history;
    if (row === undefined) {
      const deletedAt = upToDate(key, history.get(key)) as number | undefined;
      if (deletedAt === undefined || deletedAt <= time) return undefined;
    }
    if (time < history.readRegister(GREATEST_TIME) - this.#historyMs) return undefined;
    const from = versionKey(key, time);
    // The character after the digits.
    const to = `${from.slice(0, from.length - TIME_LENGTH)}:`;
    const version = history.range(from, to, 1)[0];
    return version === undefined ? undefined : (upToDate(version[0], version[1]) ?? undefined);
  }
}
