import type { Clock } from '../base/clock.ts';
import { ChangeHistory } from './change-history.ts';
import { LaneWatch } from './lane-watch.ts';
import type { OutputGate } from './output-gate.ts';
import type { LostReason, WatchQuestion } from './protocol.ts';
import { HISTORY_IDLE_MS, MAX_BATCHES_PER_TURN } from './query-limits.ts';
import type { QueryableLane } from './queryable-lane.ts';
import type { ChangePosition } from './resume-token.ts';
import { rowJson } from './row-json.ts';

interface WatchedView {
  readonly history: ChangeHistory;
  watcherCount: number;
  /** When the last watcher left; meaningful while there is none. */
  idleSince: number;
}

/** Everybody who watches a view in this partition, and the changes kept for them. */
export class LaneWatches {
  readonly #lane: QueryableLane;
  readonly #gate: OutputGate;
  readonly #clock: Clock;
  /** By view id. */
  readonly #views: (WatchedView | undefined)[] = [];
  /** By the watch's id; whoever was served goes to the end. */
  readonly #watches = new Map<number, LaneWatch>();

  constructor(lane: QueryableLane, gate: OutputGate, clock: Clock) {
    this.#lane = lane;
    this.#gate = gate;
    this.#clock = clock;
  }

  isWatching(viewId: number): boolean {
    return this.#views[viewId] !== undefined;
  }

  open(question: WatchQuestion): void {
    const view = this.#watchedView(question.viewId);
    const { resume } = question;
    const lost = resume === null ? null : this.#whyLost(resume, view.history);
    if (lost !== null) {
      this.#gate.sendDurable({ kind: 'lost', id: question.id, reason: lost });
      return;
    }
    view.watcherCount += 1;
    this.#watches.set(question.id, new LaneWatch(this.#lane, question, view.history));
  }

  addCredit(id: number, batches: number): void {
    const watch = this.#watches.get(id);
    if (watch !== undefined) watch.credit += batches;
  }

  cancel(id: number): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    this.#watches.delete(id);
    const view = this.#views[watch.viewId] as WatchedView;
    view.watcherCount -= 1;
    view.idleSince = this.#clock.now();
  }

  note(viewId: number, offset: number, key: string, next: unknown): void {
    const view = this.#views[viewId];
    if (view === undefined) return;
    if (view.watcherCount === 0 && this.#clock.now() - view.idleSince > HISTORY_IDLE_MS) {
      this.#views[viewId] = undefined;
      return;
    }
    view.history.push(offset, key, next === undefined ? null : rowJson(next));
  }

  /**
   * Gives every watcher its next batches, within a bound for all of them.
   * @returns whether there was more to give
   */
  serve(durableOffset: number): boolean {
    let batchesLeft = MAX_BATCHES_PER_TURN;
    let hasMore = false;
    const served: LaneWatch[] = [];
    for (const watch of this.#watches.values()) {
      if (batchesLeft <= 0) {
        hasMore = true;
        break;
      }
      const count = this.#serveOne(watch, durableOffset);
      if (count > 0) served.push(watch);
      batchesLeft -= count;
      hasMore ||= watch.canScan;
    }
    for (const watch of served) if (this.#watches.delete(watch.id)) this.#watches.set(watch.id, watch);
    return hasMore;
  }

  /** @returns how many messages were made: one of rows, and of changes as many as there is credit for */
  #serveOne(watch: LaneWatch, durableOffset: number): number {
    if (watch.isOverrun) {
      this.cancel(watch.id);
      this.#gate.sendDurable({ kind: 'lost', id: watch.id, reason: 'slow' });
      return 0;
    }
    let count = 0;
    const rows = watch.canScan ? watch.scan() : null;
    if (rows !== null) {
      this.#gate.send(rows);
      count += 1;
    }
    for (let next = watch.advance(durableOffset); next !== null; next = watch.advance(durableOffset)) {
      this.#gate.sendDurable(next);
      count += 1;
    }
    return count;
  }

  #whyLost(resume: ChangePosition, history: ChangeHistory): LostReason | null {
    const { epoch, processedOffset } = this.#lane;
    if (resume.epoch > epoch || resume.offset > processedOffset + 1) return 'epoch';
    return history.reachesBackTo(resume.offset, resume.n) ? null : 'history';
  }

  #watchedView(viewId: number): WatchedView {
    const known = this.#views[viewId];
    if (known !== undefined) return known;
    const view = {
      history: new ChangeHistory(this.#lane.processedOffset),
      watcherCount: 0,
      idleSince: this.#clock.now(),
    };
    this.#views[viewId] = view;
    return view;
  }
}
