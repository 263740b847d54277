import { MokaError } from '../base/errors.ts';
import type { KeyRange } from './key-range.ts';
import type { LaneQuestions } from './lane-questions.ts';
import type { WatchAnswer } from './protocol.ts';
import { MAX_WATCHES } from './query-limits.ts';
import type { ChangePosition } from './resume-token.ts';
import { type FeedSink, ViewFeed } from './view-feed.ts';

/** A subscription that has been looked at and found sound. */
export interface WatchPlan {
  readonly viewId: number;
  readonly range: KeyRange;
  /** `null`: with a snapshot. */
  readonly resume: readonly ChangePosition[] | null;
}

/** All feeds of the process, found by the id their lanes answer to. */
export class ViewFeeds {
  readonly #questions: LaneQuestions;
  readonly #feeds = new Map<number, ViewFeed>();
  #isClosed = false;

  constructor(questions: LaneQuestions) {
    this.#questions = questions;
  }

  get count(): number {
    return this.#feeds.size;
  }

  /** @throws MokaError ERR_OVERLOAD_BOX, ERR_ENGINE_CLOSED */
  checkRoom(): void {
    if (this.#isClosed) throw new MokaError('ERR_ENGINE_CLOSED', 'engine is closed');
    if (this.#feeds.size < MAX_WATCHES) return;
    throw new MokaError('ERR_OVERLOAD_BOX', `too many subscriptions: subscriptions=${this.#feeds.size}`);
  }

  /** @throws MokaError as `checkRoom` */
  open(plan: WatchPlan, sink: FeedSink): ViewFeed {
    this.checkRoom();
    const feed = new ViewFeed({
      questions: this.#questions,
      viewId: plan.viewId,
      range: plan.range,
      sink,
      renewId: (renewed) => this.#renewId(renewed),
      onClosed: (closed) => this.#feeds.delete(closed.id),
    });
    feed.start(plan.resume);
    return feed;
  }

  receive(partition: number, answer: WatchAnswer): void {
    this.#feeds.get(answer.id)?.receive(partition, answer);
  }

  close(): void {
    this.#isClosed = true;
    for (const feed of [...this.#feeds.values()]) feed.end('ERR_DRAINING', 'engine is shutting down');
  }

  #renewId(feed: ViewFeed): number {
    this.#feeds.delete(feed.id);
    const id = this.#questions.nextId();
    this.#feeds.set(id, feed);
    return id;
  }
}
