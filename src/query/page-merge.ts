import { compareKeys } from './key-range.ts';
import type { PageAnswer } from './protocol.ts';
import { MAX_PAGE_BYTES } from './query-limits.ts';

export interface MergedPage {
  readonly keys: string[];
  readonly values: string[];
  /** The page is complete through this key; `null`: there is nothing behind it. */
  readonly through: string | null;
}

/**
 * Merges one page of every partition into one in key order, of at most `limit` rows and about as many bytes as one
 * partition may send. Each is complete only through its own `through`: the merge ends at the least of them, for what
 * that partition has behind it is not known. Of rows with the same key in several partitions the lowest partition's counts.
 *
 * @param pages in the order of their partitions
 */
export function mergePages(pages: readonly PageAnswer[], limit: number): MergedPage {
  const frontier = leastThrough(pages);
  const heads = pages.map(() => 0);
  const keys: string[] = [];
  const values: string[] = [];
  let size = 0;
  for (;;) {
    const source = leastHead(pages, heads);
    const key = source < 0 ? undefined : keyOf(pages, heads, source);
    if (key === undefined || (frontier !== null && compareKeys(key, frontier) > 0))
      return { keys, values, through: frontier };
    if (keys.length === limit || size >= MAX_PAGE_BYTES) return { keys, values, through: keys.at(-1) as string };
    const value = (pages[source] as PageAnswer).values[heads[source] as number] as string;
    keys.push(key);
    values.push(value);
    size += key.length + value.length;
    for (let i = source; i < pages.length; i++) if (keyOf(pages, heads, i) === key) heads[i] = (heads[i] as number) + 1;
  }
}

/** Index of the page whose next row comes first, the lowest of several; -1 if all are used up. */
function leastHead(pages: readonly PageAnswer[], heads: readonly number[]): number {
  let least = -1;
  let leastKey: string | undefined;
  for (let i = 0; i < pages.length; i++) {
    const key = keyOf(pages, heads, i);
    if (key === undefined || (leastKey !== undefined && compareKeys(key, leastKey) >= 0)) continue;
    least = i;
    leastKey = key;
  }
  return least;
}

function keyOf(pages: readonly PageAnswer[], heads: readonly number[], index: number): string | undefined {
  return (pages[index] as PageAnswer).keys[heads[index] as number];
}

function leastThrough(pages: readonly PageAnswer[]): string | null {
  let least: string | null = null;
  for (const { through } of pages) {
    if (through !== null && (least === null || compareKeys(through, least) < 0)) least = through;
  }
  return least;
}
