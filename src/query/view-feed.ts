import type { ErrorCode } from '../base/error-catalogue.ts';
import {
  changesMessage,
  type FeedMessage,
  type ResetReason,
  readyMessage,
  resetMessage,
  rowsMessage,
} from './feed-message.ts';
import type { KeyRange } from './key-range.ts';
import type { LaneQuestions } from './lane-questions.ts';
import type { WatchAnswer } from './protocol.ts';
import { CREDIT_DELAY_MS, MAX_STALL_MS, RESTART_DELAY_MS } from './query-limits.ts';
import { type ChangePosition, formatToken } from './resume-token.ts';

/** Whoever reads a feed. */
export interface FeedSink {
  /** @returns false: the reader is behind; nothing more than what is on its way comes before `ViewFeed.resume()` */
  send(message: FeedMessage): boolean;
  /** The engine ends the feed. Not called after `ViewFeed.close()`. */
  end(code: ErrorCode, detail: string): void;
}

export interface ViewFeedOptions {
  readonly questions: LaneQuestions;
  readonly viewId: number;
  readonly range: KeyRange;
  readonly sink: FeedSink;
  /** A new id, under which the lanes' answers will find this feed from now on. */
  readonly renewId: (feed: ViewFeed) => number;
  readonly onClosed: (feed: ViewFeed) => void;
}

/**
 * One watcher of one view over all partitions: brings their watches together into one feed. When one partition cannot
 * go on, all begin anew: a watcher that forgets everything at a `reset` needs no other rule.
 */
export class ViewFeed {
  /** Of the watches that run now; answers to earlier ones are late and passed over. */
  id = 0;
  readonly #options: ViewFeedOptions;
  readonly #partitionCount: number;
  #reached: (ChangePosition | null)[] = [];
  #isReady = false;
  #isClosed = false;
  #isHeld = false;
  /** Batches taken whose credit has not gone back, by partition. */
  #owed: number[] = [];
  #creditTimer: NodeJS.Timeout | undefined;
  #stallTimer: NodeJS.Timeout | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #lostReason: ResetReason | null = null;

  constructor(options: ViewFeedOptions) {
    this.#options = options;
    this.#partitionCount = options.questions.partitionCount;
  }

  /** Called once. @param resume what `ready` and `changes` gave as their `id`; `null` for a snapshot */
  start(resume: readonly ChangePosition[] | null): void {
    if (resume === null) this.#reset('new');
    else if (resume.length !== this.#partitionCount) this.#reset('partitions');
    else this.#watchAll(resume);
  }

  receive(partition: number, answer: WatchAnswer): void {
    if (this.#lostReason !== null) return;
    switch (answer.kind) {
      case 'rows':
        this.#owe(partition);
        this.#send(rowsMessage(answer));
        this.#payCredit();
        break;
      case 'changes':
        this.#owe(partition);
        // Before `ready` a position says nothing: rows behind it may be missing.
        if (this.#reached[partition] !== null) this.#reached[partition] = answer.position;
        this.#send(changesMessage(partition, answer, this.#isReady ? this.#token() : null));
        this.#creditTimer ??= setTimeout(() => this.#payCredit(), CREDIT_DELAY_MS);
        break;
      case 'ready':
        this.#reached[partition] = answer.position;
        this.#becomeReadyIfAllAre();
        break;
      case 'lost':
        this.#lose(answer.reason);
        break;
    }
  }

  /** The reader has caught up. */
  resume(): void {
    if (!this.#isHeld || this.#isClosed) return;
    this.#isHeld = false;
    clearTimeout(this.#stallTimer);
    if (this.#lostReason !== null && this.#restartTimer === undefined) this.#reset(this.#lostReason);
    else this.#payCredit();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#creditTimer);
    clearTimeout(this.#stallTimer);
    clearTimeout(this.#restartTimer);
    this.#cancelAll();
    this.#options.onClosed(this);
  }

  end(code: ErrorCode, detail: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#options.sink.end(code, detail);
  }

  #reset(reason: ResetReason): void {
    this.#lostReason = null;
    this.#send(resetMessage(reason));
    this.#watchAll(null);
  }

  #watchAll(resume: readonly ChangePosition[] | null): void {
    if (this.#isClosed) return;
    const { questions, viewId, range, renewId } = this.#options;
    this.id = renewId(this);
    this.#isReady = false;
    this.#reached = new Array<null>(this.#partitionCount).fill(null);
    this.#owed = new Array<number>(this.#partitionCount).fill(0);
    for (let partition = 0; partition < this.#partitionCount; partition++) {
      const position = resume === null ? null : (resume[partition] as ChangePosition);
      questions.tell(partition, {
        kind: 'watch',
        id: this.id,
        viewId,
        from: range.from,
        to: range.to,
        resume: position,
      });
    }
  }

  /** Begins anew as soon as the reader can take it, and not over and over for a reader that is always too slow. */
  #lose(reason: ResetReason): void {
    if (this.#lostReason !== null) return;
    this.#lostReason = reason;
    this.#cancelAll();
    this.#restartTimer = setTimeout(
      () => {
        this.#restartTimer = undefined;
        if (!this.#isHeld) this.#reset(reason);
      },
      reason === 'slow' ? RESTART_DELAY_MS : 0,
    );
  }

  #send(message: FeedMessage): void {
    if (this.#isClosed) return;
    const isTaken = this.#options.sink.send(message);
    if (isTaken || this.#isHeld || this.#isClosed) return;
    this.#isHeld = true;
    const detail = `reader took nothing: ms=${MAX_STALL_MS}`;
    this.#stallTimer = setTimeout(() => this.end('ERR_OVERLOAD_QUOTA', detail), MAX_STALL_MS);
  }

  #becomeReadyIfAllAre(): void {
    if (this.#isReady || this.#reached.some((position) => position === null)) return;
    this.#isReady = true;
    this.#send(readyMessage(this.#reached as ChangePosition[]));
  }

  #token(): string {
    return formatToken(this.#reached as ChangePosition[]);
  }

  #owe(partition: number): void {
    this.#owed[partition] = (this.#owed[partition] as number) + 1;
  }

  #payCredit(): void {
    clearTimeout(this.#creditTimer);
    this.#creditTimer = undefined;
    if (this.#isHeld || this.#isClosed || this.#lostReason !== null) return;
    this.#owed.forEach((batches, partition) => {
      if (batches > 0) this.#options.questions.tell(partition, { kind: 'credit', id: this.id, batches });
      this.#owed[partition] = 0;
    });
  }

  #cancelAll(): void {
    for (let partition = 0; partition < this.#partitionCount; partition++) {
      this.#options.questions.tell(partition, { kind: 'cancel', id: this.id });
    }
  }
}
