import { compareKeys } from '../../src/query/key-range.ts';
import type { Answer, GetQuestion, PageQuestion, Question, WatchQuestion } from '../../src/query/protocol.ts';
import type { QueryableLane, ViewStore } from '../../src/query/queryable-lane.ts';
import { ViewServer } from '../../src/query/view-server.ts';
import type { ScanCursor, ScanOptions } from '../../src/store/state-store.ts';

/**
 * A view in memory. Its cursor reads the rows as they are at each slice and knows that it is done only when a slice
 * comes back short; `moreCount` slices come back empty first.
 */
export class MemoryStore implements ViewStore {
  readonly rows = new Map<string, unknown>();
  moreCount = 0;

  get(key: string): unknown {
    return this.rows.get(key);
  }

  scan(options: ScanOptions): ScanCursor {
    let last = options.after ?? null;
    let taken = 0;
    let isDone = false;
    const following = (): string[] =>
      [...this.rows.keys()]
        .filter((key) => last === null || compareKeys(key, last) > 0)
        .filter((key) => options.from === undefined || compareKeys(key, options.from) >= 0)
        .filter((key) => options.to === undefined || compareKeys(key, options.to) < 0)
        .sort(compareKeys);
    return {
      get isDone(): boolean {
        return isDone;
      },
      next: (maxRows) => {
        if (this.moreCount > 0) {
          this.moreCount -= 1;
          return 'more';
        }
        const keys = following().slice(0, Math.min(maxRows, options.limit - taken));
        isDone = keys.length < maxRows;
        taken += keys.length;
        last = keys.at(-1) ?? last;
        return keys.map((key) => ({ key, value: this.rows.get(key) }));
      },
    };
  }
}

/** A row set, or taken away with `undefined`. */
export type FakeChange = readonly [key: string, value: unknown];

/** A partition whose processing and flushing the test does by hand. One event changes rows of one view. */
export class FakeLane implements QueryableLane {
  readonly partition: number;
  epoch = 1;
  processedOffset = -1;
  durableOffset = -1;
  readonly stores = [new MemoryStore(), new MemoryStore()];
  readonly server: ViewServer;
  readonly answers: Answer[] = [];
  readonly clock = { time: 0, now: () => this.clock.time };
  epochAt: (offset: number) => number = () => this.epoch;
  producerState?: (low: number, high: number) => { epoch: number; sequence: number };

  constructor(partition = 0, post?: (message: unknown) => void) {
    this.partition = partition;
    const collect = (message: unknown): void => {
      this.answers.push(...(message as Answer[]));
    };
    this.server = new ViewServer(this, post ?? collect, this.clock);
  }

  view(viewId: number): MemoryStore {
    return this.stores[viewId] as MemoryStore;
  }

  process(changes: readonly FakeChange[], viewId = 0): void {
    this.processedOffset += 1;
    const { rows } = this.view(viewId);
    for (const [key, value] of changes) {
      const previous = rows.get(key);
      if (value === undefined) rows.delete(key);
      else rows.set(key, value);
      if (this.server.isWatching(viewId)) {
        this.server.onChange(viewId, key, value, previous, this.processedOffset);
      }
    }
  }

  flush(): void {
    this.durableOffset = this.processedOffset;
    this.server.onDurable(this.durableOffset);
  }

  /** An event that is durable at once. */
  commit(changes: readonly FakeChange[], viewId = 0): void {
    this.process(changes, viewId);
    this.flush();
  }

  ask(...questions: Question[]): void {
    this.server.handle(questions);
  }

  /** The answers since the last call. */
  taken(): Answer[] {
    return this.answers.splice(0);
  }
}

/** Questions with nothing special about them. */
export const GET: GetQuestion = { kind: 'get', id: 1, viewId: 0, key: 'a', afterOffset: -1, afterEpoch: -1 };
export const PAGE: PageQuestion = {
  ...{ kind: 'page', id: 1, viewId: 0, from: null, to: null, past: null, limit: 100 },
  ...{ afterOffset: -1, afterEpoch: -1 },
};
export const WATCH: WatchQuestion = { kind: 'watch', id: 7, viewId: 0, from: null, to: null, resume: null };
