import { assert } from '../base/assert.ts';
import { MokaError } from '../base/errors.ts';
import type {
  Answer,
  GetQuestion,
  PageAnswer,
  PageQuestion,
  PointAnswer,
  ProducerAnswer,
  ProducerQuestion,
  QueryPort,
  Question,
  ReachedAnswer,
  ReachQuestion,
  RowAnswer,
  SettleQuestion,
  WatchAnswer,
} from './protocol.ts';
import { MAX_PENDING_QUESTIONS } from './query-limits.ts';

interface Pending {
  readonly resolve: (answer: PointAnswer) => void;
  readonly reject: (error: MokaError) => void;
  readonly timer: NodeJS.Timeout;
}

export interface LaneQuestionsOptions {
  /** One per partition, in order. */
  readonly ports: readonly QueryPort[];
  readonly onWatchAnswer: (partition: number, answer: WatchAnswer) => void;
}

/**
 * The main thread's side of the ports: gives questions their ids, posts those of one event-loop turn together, and
 * brings answers back to whoever asked, or an error when the deadline has passed.
 */
export class LaneQuestions {
  readonly #ports: readonly QueryPort[];
  readonly #onWatchAnswer: (partition: number, answer: WatchAnswer) => void;
  readonly #pending = new Map<number, Pending>();
  readonly #outboxes: Question[][];
  #isFlushScheduled = false;
  #isClosed = false;
  #lastId = 0;

  constructor(options: LaneQuestionsOptions) {
    this.#ports = options.ports;
    this.#onWatchAnswer = options.onWatchAnswer;
    this.#outboxes = options.ports.map(() => []);
    options.ports.forEach((port, partition) => {
      port.onMessage = (message) => this.#receive(partition, message as readonly Answer[]);
    });
  }

  get partitionCount(): number {
    return this.#ports.length;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /**
   * @throws MokaError ERR_OVERLOAD_BOX too many questions are open, ERR_HTTP_TIMEOUT no answer by the deadline,
   * ERR_VIEW_POSITION_TIMEOUT the same with a position asked for, ERR_ENGINE_CLOSED, and what the lane refuses with
   */
  ask(partition: number, question: GetQuestion, timeoutMs: number): Promise<RowAnswer>;
  ask(partition: number, question: PageQuestion, timeoutMs: number): Promise<PageAnswer>;
  ask(partition: number, question: ReachQuestion | SettleQuestion, timeoutMs: number): Promise<ReachedAnswer>;
  ask(partition: number, question: ProducerQuestion, timeoutMs: number): Promise<ProducerAnswer>;
  ask(partition: number, question: Question & { readonly id: number }, timeoutMs: number): Promise<PointAnswer> {
    if (this.#isClosed) return Promise.reject(closedError());
    if (this.#pending.size >= MAX_PENDING_QUESTIONS) {
      return Promise.reject(
        new MokaError('ERR_OVERLOAD_BOX', `too many reads are waiting: reads=${this.#pending.size}`),
      );
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#expire(partition, question, timeoutMs), timeoutMs);
      this.#pending.set(question.id, { resolve, reject, timer });
      this.tell(partition, question);
    });
  }

  tell(partition: number, message: Question): void {
    const outbox = this.#outboxes[partition];
    assert(outbox !== undefined, `query port of partition=${partition} missing`);
    outbox.push(message);
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => this.#flush());
  }

  /** Everybody who still waits gets ERR_ENGINE_CLOSED. */
  close(): void {
    this.#isClosed = true;
    for (const pending of this.#pending.values()) {
      clearTimeout(pending.timer);
      pending.reject(closedError());
    }
    this.#pending.clear();
  }

  #flush(): void {
    this.#isFlushScheduled = false;
    this.#outboxes.forEach((outbox, partition) => {
      if (outbox.length === 0) return;
      this.#outboxes[partition] = [];
      (this.#ports[partition] as QueryPort).post(outbox);
    });
  }

  #receive(partition: number, answers: readonly Answer[]): void {
    for (const answer of answers) {
      if (isWatchAnswer(answer)) this.#onWatchAnswer(partition, answer);
      else this.#settle(partition, answer);
    }
  }

  #settle(partition: number, answer: PointAnswer): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return; // the deadline was faster
    this.#pending.delete(answer.id);
    clearTimeout(pending.timer);
    if (answer.kind === 'refused') pending.reject(new MokaError(answer.code, answer.detail, { partition }));
    else pending.resolve(answer);
  }

  #expire(partition: number, question: Question, timeoutMs: number): void {
    const pending = this.#pending.get(question.id);
    if (pending === undefined) return;
    this.#pending.delete(question.id);
    this.tell(partition, { kind: 'cancel', id: question.id });
    pending.reject(timeoutError(partition, question, timeoutMs));
  }
}

function isWatchAnswer(answer: Answer): answer is WatchAnswer {
  return answer.kind === 'rows' || answer.kind === 'changes' || answer.kind === 'ready' || answer.kind === 'lost';
}

function timeoutError(partition: number, question: Question, timeoutMs: number): MokaError {
  if (question.kind === 'settle') {
    const through = question.afterOffset < 0 ? '' : ` through offset=${question.afterOffset}`;
    const detail = `not yet in other partitions: what partition=${partition} sent${through} timeoutMs=${timeoutMs}`;
    return new MokaError('ERR_VIEW_POSITION_TIMEOUT', detail, { partition });
  }
  if ('afterOffset' in question && question.afterOffset >= 0) {
    const detail = `position not reached: partition=${partition} offset=${question.afterOffset} timeoutMs=${timeoutMs}`;
    return new MokaError('ERR_VIEW_POSITION_TIMEOUT', detail, { partition });
  }
  return new MokaError('ERR_HTTP_TIMEOUT', `partition did not answer: partition=${partition} timeoutMs=${timeoutMs}`, {
    partition,
  });
}

function closedError(): MokaError {
  return new MokaError('ERR_ENGINE_CLOSED', 'engine is closed');
}
