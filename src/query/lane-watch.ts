import type { ChangeHistory } from './change-history.ts';
import { isInRange } from './key-range.ts';
import type { ChangesAnswer, ReadyAnswer, RowsAnswer, WatchQuestion } from './protocol.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_ROWS, MAX_HISTORY_CHANGES, WATCH_CREDIT } from './query-limits.ts';
import type { QueryableLane } from './queryable-lane.ts';
import { lotRows, RangeScan } from './range-scan.ts';
import type { ChangePosition } from './resume-token.ts';
import { rowJson } from './row-json.ts';

/**
 * One watcher of one view in one partition.
 *
 * ```
 *   snapshot ───────────────────────► catching up ────────────► ready
 *   rows as the scan comes by, and     changes through the       changes as they
 *   meanwhile all changes in order     offset where the scan     become durable
 *                                      ended; then `ready`
 * ```
 * A row is as it was when the scan came by, which may be newer than changes that are sent behind it. That is put right
 * by the time of `ready`: whatever changed since the watch began has then been sent in order, and ends as it is.
 * Whatever is sent takes credit, so that a watcher that does not read holds nothing but its place in the history; when
 * the history moves past that place, the watch is overrun.
 */
export class LaneWatch {
  readonly id: number;
  readonly viewId: number;
  readonly history: ChangeHistory;
  credit = WATCH_CREDIT;
  readonly #lane: QueryableLane;
  readonly #question: WatchQuestion;
  /** Sequence of the first change not looked at yet. */
  #next: number;
  #told: number;
  #snapshot: RangeScan | null = null;
  /** State through this offset makes the watch ready; -1 from an empty log, `NOT_SCANNED` while the scan goes on. */
  #readyOffset: number;
  #position: ChangePosition;
  #isReady = false;

  /** @param question its `resume`, if any, must be a position that the history still reaches back to */
  constructor(lane: QueryableLane, question: WatchQuestion, history: ChangeHistory) {
    this.id = question.id;
    this.viewId = question.viewId;
    this.history = history;
    this.#lane = lane;
    this.#question = question;
    const { resume } = question;
    if (resume === null) {
      this.#snapshot = new RangeScan(lane.view(question.viewId), question, null);
      this.#next = history.end;
      this.#readyOffset = NOT_SCANNED;
      this.#position = { offset: lane.processedOffset + 1, n: 0, epoch: lane.epoch };
    } else {
      this.#next = history.sequenceOf(resume.offset, resume.n);
      this.#readyOffset = resume.offset - 1;
      this.#position = { offset: resume.offset, n: resume.n, epoch: lane.epoch };
    }
    this.#told = this.#next;
  }

  get isOverrun(): boolean {
    return this.#next < this.history.first;
  }

  get canScan(): boolean {
    return this.#snapshot !== null && this.credit > 0;
  }

  /** The next rows of the snapshot as the view is now; `null` when the scan needs another turn or has come to its end. */
  scan(): RowsAnswer | null {
    const snapshot = this.#snapshot;
    if (snapshot === null) return null;
    const keys: string[] = [];
    const values: string[] = [];
    let size = 0;
    while (keys.length < MAX_BATCH_ROWS && size < MAX_BATCH_BYTES) {
      const lot = lotRows(keys.length, size, MAX_BATCH_BYTES);
      const rows = snapshot.next(Math.min(lot, MAX_BATCH_ROWS - keys.length));
      if (rows.length === 0) break;
      for (const row of rows) {
        const value = rowJson(row.value);
        keys.push(row.key);
        values.push(value);
        size += row.key.length + value.length;
        if (size >= MAX_BATCH_BYTES) {
          snapshot.giveBackBehind(row.key);
          break;
        }
      }
    }
    if (snapshot.isEnd) {
      this.#snapshot = null;
      this.#readyOffset = this.#lane.processedOffset;
    }
    if (keys.length === 0) return null;
    this.credit -= 1;
    return { kind: 'rows', id: this.id, keys, values };
  }

  /** What the watcher may be told next, given that the log is durable through this offset; `null`: nothing, for now. */
  advance(durableOffset: number): ChangesAnswer | ReadyAnswer | null {
    if (!this.#isReady && this.#isCaughtUp(durableOffset)) return this.#becomeReady();
    if (this.credit === 0) return null;
    const last =
      this.#isReady || this.#readyOffset === NOT_SCANNED ? durableOffset : Math.min(durableOffset, this.#readyOffset);
    const changes = this.#collect(last);
    if (changes === null) return !this.#isReady && this.#isCaughtUp(durableOffset) ? this.#becomeReady() : null;
    this.credit -= 1;
    this.#told = this.#next;
    return changes;
  }

  /** Takes up to one batch of the changes through an offset; `null` if none of them is the watcher's. */
  #collect(lastOffset: number): ChangesAnswer | null {
    const history = this.history;
    const keys: string[] = [];
    const values: (string | null)[] = [];
    const offsets: number[] = [];
    const ns: number[] = [];
    let size = 0;
    for (; this.#next < history.end && keys.length < MAX_BATCH_ROWS && size < MAX_BATCH_BYTES; this.#next++) {
      const offset = history.offsetAt(this.#next);
      if (offset > lastOffset) break;
      const n = history.nAt(this.#next);
      const key = history.keyAt(this.#next);
      this.#position = { offset, n: n + 1, epoch: this.#lane.epoch };
      if (!isInRange(key, this.#question)) continue;
      const value = history.valueAt(this.#next);
      keys.push(key);
      values.push(value);
      offsets.push(offset);
      ns.push(n);
      size += key.length + (value?.length ?? 0);
    }
    // Without a word now and then, a watcher of a quiet range could not resume from where it really is.
    const isSilent = keys.length === 0 && this.#next - this.#told < MAX_HISTORY_CHANGES / 2;
    if (isSilent || (keys.length === 0 && !this.#isReady)) return null;
    return { kind: 'changes', id: this.id, keys, values, offsets, ns, position: this.#position };
  }

  #isCaughtUp(durableOffset: number): boolean {
    if (this.#readyOffset === NOT_SCANNED || durableOffset < this.#readyOffset) return false;
    return this.#next === this.history.end || this.history.offsetAt(this.#next) > this.#readyOffset;
  }

  #becomeReady(): ReadyAnswer {
    this.#isReady = true;
    const { resume } = this.#question;
    if (resume === null) this.#position = { offset: this.#readyOffset + 1, n: 0, epoch: this.#lane.epoch };
    return { kind: 'ready', id: this.id, position: this.#position };
  }
}

const NOT_SCANNED = -2;
