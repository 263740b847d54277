import { type Clock, systemClock } from '../base/clock.ts';
import { MokaError } from '../base/errors.ts';
import { LaneWatches } from './lane-watches.ts';
import { OutputGate } from './output-gate.ts';
import { PageScan } from './page-scan.ts';
import { ANY_EPOCH } from './position.ts';
import type {
  AfterCondition,
  GetQuestion,
  PageQuestion,
  ProducerQuestion,
  Question,
  ReachQuestion,
  SettleQuestion,
} from './protocol.ts';
import { MAX_PAGE_SCAN_MS } from './query-limits.ts';
import type { QueryableLane } from './queryable-lane.ts';
import { rowJson } from './row-json.ts';

/** Rows read at once where nobody gave a budget: most pages need no second slice. */
const FIRST_SLICE_ROWS = 256;

/** Questions with one answer. */
type PointQuestion = GetQuestion | PageQuestion | ReachQuestion | SettleQuestion;

/**
 * Answers questions about one partition's views, on the partition's own thread and between two events, so that every
 * answer shows the state at one offset. Nothing is posted before a flush covers that offset.
 *
 * Call order: `handle` for what comes from the main thread, `onChange` for every change of a committed event while
 * `isWatching`, `onDurable` after a flush; `turn` when the thread comes round after an event, and as long as one of them
 * says that there is more to do.
 */
export class ViewServer {
  readonly #lane: QueryableLane;
  readonly #clock: Clock;
  readonly #gate: OutputGate;
  readonly #watches: LaneWatches;
  /** Wait until the partition has processed the offset they name. */
  #waiting: PointQuestion[] = [];
  /** Pages begun and not complete. */
  #pages: PageScan[] = [];
  #hasWork = false;

  constructor(lane: QueryableLane, post: (message: unknown) => void, clock: Clock = systemClock) {
    this.#lane = lane;
    this.#clock = clock;
    this.#gate = new OutputGate(lane, post);
    this.#watches = new LaneWatches(lane, this.#gate, clock);
  }

  /** Whether `turn` has more to do at once. */
  get hasWork(): boolean {
    return this.#hasWork;
  }

  /** @returns whether `turn` has more to do at once */
  handle(message: unknown): boolean {
    for (const question of message as readonly Question[]) this.#take(question);
    return this.#goOn(FIRST_SLICE_ROWS, this.#lane.durableOffset);
  }

  /** Asked for every change of every event. */
  isWatching(viewId: number): boolean {
    if (this.#watches.isWatching(viewId)) return true;
    return this.#pages.length > 0 && this.#pages.some((page) => page.question.viewId === viewId);
  }

  /** `undefined` for "no row". */
  onChange(viewId: number, key: string, next: unknown, _previous: unknown, offset: number): void {
    this.#watches.note(viewId, offset, key, next);
    for (const page of this.#pages) if (page.question.viewId === viewId) page.change(key, next);
  }

  /** @returns whether `turn` has more to do at once */
  onDurable(throughOffset: number): boolean {
    return this.#goOn(FIRST_SLICE_ROWS, throughOffset);
  }

  /**
   * Goes on with what takes several turns.
   * @param budget rows to read at most
   * @returns whether there is more to do at once
   */
  turn(budget: number): boolean {
    return this.#goOn(budget, this.#lane.durableOffset);
  }

  #goOn(budget: number, durableOffset: number): boolean {
    this.#gate.release(durableOffset);
    if (this.#waiting.length > 0) this.#answerWaiting();
    this.#continuePages(budget);
    const hasMore = this.#watches.serve(durableOffset);
    this.#gate.flush();
    this.#hasWork = hasMore || this.#pages.length > 0;
    return this.#hasWork;
  }

  #take(question: Question): void {
    switch (question.kind) {
      case 'get':
      case 'page':
      case 'reach':
        if (this.#isLost(question)) this.#refuseLost(question);
        else if (this.#isReached(question)) this.#answer(question);
        else this.#waiting.push(question);
        break;
      case 'settle':
        this.#takeSettle(question);
        break;
      case 'producer':
        this.#answerProducer(question);
        break;
      case 'watch':
        this.#watches.open(question);
        break;
      case 'credit':
        this.#watches.addCredit(question.id, question.batches);
        break;
      case 'cancel':
        this.#cancel(question.id);
        break;
    }
  }

  #answerWaiting(): void {
    const reached = this.#waiting.filter((question) => this.#isReached(question));
    if (reached.length === 0) return;
    this.#waiting = this.#waiting.filter((question) => !reached.includes(question));
    for (const question of reached) {
      // An offset that was not there at first may since have been given to another event than the one meant.
      if (this.#isLost(question)) this.#refuseLost(question);
      else this.#answer(question);
    }
  }

  #takeSettle(question: SettleQuestion): void {
    if (this.#isLost(question)) return this.#refuseLost(question);
    const { processedOffset } = this.#lane;
    const asked = question.afterOffset < 0 ? { ...question, afterOffset: processedOffset } : question;
    if (this.#isReached(asked)) this.#answer(asked);
    else this.#waiting.push(asked);
  }

  #isReached({ kind, afterOffset }: PointQuestion): boolean {
    if (afterOffset > this.#lane.processedOffset) return false;
    return kind !== 'settle' || this.#lane.isTakenThrough?.(afterOffset) !== false;
  }

  #answer(question: PointQuestion): void {
    const { processedOffset: offset, epoch } = this.#lane;
    if (question.kind === 'page') {
      this.#pages.push(new PageScan(this.#lane, question, this.#clock.now()));
    } else if (question.kind === 'get') {
      this.#answerRow(question, offset, epoch);
    } else {
      this.#gate.send({ kind: 'reached', id: question.id, offset, epoch });
    }
  }

  #answerRow({ id, viewId, key }: GetQuestion, offset: number, epoch: number): void {
    try {
      const value = this.#lane.view(viewId).get(key);
      this.#gate.send({ kind: 'row', id, value: value === undefined ? null : rowJson(value), offset, epoch });
    } catch (error) {
      this.#refuseUnreadable(id, error);
    }
  }

  /** A row that cannot be read is the fault of whoever wrote its upcaster: its readers are told, nobody else is held up. */
  #refuseUnreadable(id: number, error: unknown): void {
    if (!(error instanceof MokaError) || error.code !== 'ERR_OPERATOR_FAILED') throw error;
    this.#gate.sendDurable({ kind: 'refused', id, code: 'ERR_OPERATOR_FAILED', detail: error.message });
  }

  #answerProducer(question: ProducerQuestion): void {
    const { processedOffset: offset, epoch } = this.#lane;
    const state = this.#lane.producerState?.(question.low, question.high);
    const { epoch: producerEpoch = -1, sequence = -1 } = state ?? {};
    this.#gate.send({ kind: 'producer', id: question.id, producerEpoch, sequence, offset, epoch });
  }

  /** Every page gets a share of the budget, so that a long one does not hold up the short ones. */
  #continuePages(budget: number): void {
    if (this.#pages.length === 0) return;
    const share = Math.max(1, Math.floor(budget / this.#pages.length));
    const now = this.#clock.now();
    let rowsLeft = budget;
    const open: PageScan[] = [];
    for (const page of this.#pages) {
      try {
        if (rowsLeft > 0) rowsLeft -= page.step(Math.min(share, rowsLeft));
      } catch (error) {
        this.#refuseUnreadable(page.question.id, error);
        continue;
      }
      const isOverdue = page.rowCount > 0 && now - page.startedAt > MAX_PAGE_SCAN_MS;
      if (page.isComplete || isOverdue) this.#gate.send(page.answer(this.#lane));
      else open.push(page);
    }
    this.#pages = open;
  }

  #cancel(id: number): void {
    this.#waiting = this.#waiting.filter((question) => question.id !== id);
    this.#pages = this.#pages.filter((page) => page.question.id !== id);
    this.#watches.cancel(id);
  }

  /** The crash between that epoch and a later one took the position back: the log has another event there, or none. */
  #isLost({ afterOffset, afterEpoch }: AfterCondition): boolean {
    if (afterEpoch === ANY_EPOCH || afterOffset < 0) return false;
    return afterEpoch > this.#lane.epoch || afterEpoch < this.#lane.epochAt(afterOffset);
  }

  #refuseLost({ id, afterOffset, afterEpoch }: PointQuestion): void {
    const { partition, epoch } = this.#lane;
    const detail = `position lost: partition=${partition} offset=${afterOffset} epoch=${afterEpoch} epochNow=${epoch}`;
    this.#gate.sendDurable({ kind: 'refused', id, code: 'ERR_VIEW_POSITION_LOST', detail });
  }
}
