import type { Position } from './position.ts';
import type { ChangesAnswer, LostReason, RowsAnswer } from './protocol.ts';
import { type ChangePosition, formatToken } from './resume-token.ts';
import { rowWindowOf } from './window-query.ts';

/** Why a watcher must forget what it has: it is new, what it needs is not kept, or the partitions are others now. */
export type ResetReason = 'new' | 'partitions' | LostReason;

/**
 * What a watcher is told, the same over SSE, WebSocket and in process. A watcher keeps a map of rows:
 *
 * | type      | members                                                       | what to do                        |
 * |-----------|---------------------------------------------------------------|-----------------------------------|
 * | `reset`   | `reason`                                                      | forget all rows; a snapshot comes |
 * | `rows`    | `rows: [{key, value}]`                                        | set them                          |
 * | `changes` | `partition, changes: [{offset, n, key, value} or {offset, n, key, deleted: true}], id` | set or delete, in order |
 * | `ready`   | `positions: [{partition, offset, epoch}], id`                 | from here on the map is the view  |
 *
 * `id` says how far the watcher has got in every partition; whoever comes back with it goes on from there. It is `null`
 * in changes that come before `ready`, since a snapshot cannot be resumed in the middle.
 */
export interface FeedMessage {
  readonly type: 'reset' | 'rows' | 'changes' | 'ready';
  /** The message as JSON, `type` and `id` included. */
  readonly json: string;
  /** Where to resume from now on; `''`: nowhere; `null`: as before. */
  readonly id: string | null;
}

export function resetMessage(reason: ResetReason): FeedMessage {
  return { type: 'reset', json: `{"type":"reset","reason":"${reason}"}`, id: '' };
}

export function rowsMessage({ keys, values }: RowsAnswer): FeedMessage {
  return { type: 'rows', json: `{"type":"rows","rows":[${rowsJson(keys, values)}]}`, id: null };
}

export function changesMessage(partition: number, answer: ChangesAnswer, id: string | null): FeedMessage {
  const changes = answer.keys.map((key, i) => {
    const value = answer.values[i] as string | null;
    const rest = value === null ? '"deleted":true' : `"value":${value}`;
    return `{"offset":${answer.offsets[i]},"n":${answer.ns[i]},${keyJson(key)},${rest}}`;
  });
  const json = `{"type":"changes","partition":${partition},"changes":[${changes.join(',')}],"id":${JSON.stringify(id)}}`;
  return { type: 'changes', json, id };
}

export function readyMessage(reached: readonly ChangePosition[]): FeedMessage {
  const id = formatToken(reached);
  const positions: Position[] = reached.map(({ offset, epoch }, partition) => ({
    partition,
    offset: offset - 1,
    epoch,
  }));
  return { type: 'ready', json: JSON.stringify({ type: 'ready', positions, id }), id };
}

/** The inside of an array of rows; the values are JSON already. */
export function rowsJson(keys: readonly string[], values: readonly string[]): string {
  return keys.map((key, i) => `{${keyJson(key)},"value":${values[i]}}`).join(',');
}

/** The key of a row, and what it says of a window if it is of one. */
export function keyJson(key: string): string {
  const window = rowWindowOf(key);
  return `"key":${JSON.stringify(key)}${window === null ? '' : `,"window":${JSON.stringify(window)}`}`;
}
