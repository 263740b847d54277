import type { Answer, AskingOperator, LookupFailure, LookupRule, Question } from '../operators/lookup.ts';
import { NO_KEY } from '../operators/operator.ts';
import type { Whereabouts } from '../operators/whereabouts.ts';
import { recordLength } from '../record/layout.ts';
import { ValueCodec } from '../store/value-codec.ts';
import type { LookupSpec } from '../topology/compiled.ts';
import { aboutQuestion, type Inquire, type Outcome } from './inquiry.ts';
import type { StuckNotes } from './stuck-notes.ts';

/** An answer on its way into the log. */
export interface ReadyAnswer {
  /** Number of the operator among those that ask. */
  readonly lookup: number;
  readonly question: Question;
  /** The value of its record. */
  readonly bytes: Uint8Array;
}

export interface AskerOptions {
  readonly partition: number;
  /** By number of the look-up, as `asking`. */
  readonly lookups: readonly LookupSpec[];
  readonly asking: readonly AskingOperator[];
  readonly inquire: Inquire;
  /** A longer record has no place in the log. */
  readonly maxRecordBytes: number;
  readonly whereabouts: Whereabouts;
  readonly stuck: StuckNotes;
}

/**
 * Asks the outside what the events of a partition wait for. It begins where the log ends: it looks up in the state which
 * questions are pending, asks those whose events are durable, and hands the answers over to be logged. What becomes of
 * them there is not its business; a restart finds in the state what is still pending, and asks that again.
 *
 * ```
 *   event ─► log ─► question (state) ── flushed ──► asked ─► answer ─► log ─► goes on, and the question goes
 *                        ▲                            │
 *                        └──────── restart ───────────┘
 * ```
 * Of a key one question is out at a time, so that its events keep their order.
 */
export class Asker {
  readonly #lines: readonly LookupLine[];
  /** Where the next answer is looked for first. */
  #turnOf = 0;
  #isStopped = false;
  /** Called when an answer has come. */
  onAnswer: () => void = () => {};

  constructor(options: AskerOptions) {
    this.#lines = options.lookups.map((_, lookup) => new LookupLine(options, lookup, () => this.onAnswer()));
  }

  /** Takes up what is pending. Everything in the state is durable: the partition has just been opened. */
  open(): void {
    for (const line of this.#lines) line.open();
  }

  /** Asks what is durable, as far as it may. @returns whether a next turn would find more at once */
  turn(durableThrough: number): boolean {
    if (this.#isStopped) return false;
    let hasMore = false;
    for (const line of this.#lines) if (line.turn(durableThrough)) hasMore = true;
    return hasMore;
  }

  /**
   * Whether what comes in at a level may be taken: whatever it may bring about has room to wait. What comes at the end,
   * when nothing is asked any more, is taken.
   */
  hasRoom(level: number): boolean {
    if (this.#isStopped) return true;
    for (const line of this.#lines) if (line.spec.level >= level && line.isFull) return false;
    return true;
  }

  /**
   * The next answer that may be logged: none while what it may bring about has no room. So the last look-up has nothing to
   * wait for, and those before it only for later ones.
   *
   * @param hasRoom whether what goes out to other partitions at this level, or a later one, has room
   */
  next(hasRoom: (level: number) => boolean): ReadyAnswer | null {
    if (this.#isStopped) return null;
    const count = this.#lines.length;
    for (let i = 0; i < count; i++) {
      const line = this.#lines[(this.#turnOf + i) % count] as LookupLine;
      const answer = line.ready;
      if (answer !== null && this.#hasRoomBehind(line) && hasRoom(line.spec.level + 1)) return answer;
    }
    return null;
  }

  /** The answer is in the log and was applied. */
  logged({ lookup, question }: ReadyAnswer): void {
    (this.#lines[lookup] as LookupLine).logged(question);
    this.#turnOf = lookup + 1;
  }

  /** Nothing is asked any more, and no answer heard. What is pending stays so. */
  stop(): void {
    this.#isStopped = true;
    for (const line of this.#lines) line.stop();
  }

  #hasRoomBehind({ spec: { level, depth } }: LookupLine): boolean {
    for (const { spec, isFull } of this.#lines) {
      if (isFull && spec.level >= level && spec.depth > depth) return false;
    }
    return true;
  }
}

/** Questions that a turn looks at for the first time. */
const FOUND_PER_TURN = 256;

/** The questions of one operator. */
class LookupLine {
  readonly spec: LookupSpec;
  readonly #lookup: number;
  readonly #operator: AskingOperator;
  readonly #options: AskerOptions;
  readonly #onAnswer: () => void;
  readonly #codec = ValueCodec.selfDescribing();
  /** Questions of a lower number are known here, or answered. */
  #next = 0;
  /** By key: the numbers of its questions, the one that is asked first. */
  readonly #waiting = new Map<string, number[]>();
  /** First ones of a key that are not asked yet; those before the index have been. */
  #askable: number[] = [];
  #askableIndex = 0;
  /** What is out: how to let go of it. */
  readonly #out = new Map<number, () => void>();
  readonly #answers: ReadyAnswer[] = [];

  constructor(options: AskerOptions, lookup: number, onAnswer: () => void) {
    this.#options = options;
    this.#lookup = lookup;
    this.spec = options.lookups[lookup] as LookupSpec;
    this.#operator = options.asking[lookup] as AskingOperator;
    this.#onAnswer = onAnswer;
  }

  get isFull(): boolean {
    return this.#operator.pendingCount >= this.#operator.rule.maxPending;
  }

  get ready(): ReadyAnswer | null {
    return this.#answers[0] ?? null;
  }

  turn(durableThrough: number): boolean {
    const hasMore = this.#find(durableThrough);
    const { concurrency } = this.#operator.rule;
    // An answer that waits to be logged counts: so there are never more of them.
    while (this.#out.size + this.#answers.length < concurrency && this.#askableIndex < this.#askable.length) {
      this.#ask(this.#askable[this.#askableIndex++] as number);
    }
    if (this.#askableIndex === this.#askable.length || this.#askableIndex > FOUND_PER_TURN) {
      this.#askable = this.#askable.slice(this.#askableIndex);
      this.#askableIndex = 0;
    }
    return hasMore;
  }

  open(): void {
    for (;;) {
      const questions = this.#operator.questionsFrom(this.#next, FOUND_PER_TURN);
      for (const question of questions) {
        this.#add(question);
        this.#next = question.number + 1;
      }
      if (questions.length < FOUND_PER_TURN) break;
    }
    this.#next = this.#operator.nextNumber;
  }

  logged({ key, number }: Question): void {
    this.#answers.shift();
    const lane = laneOf(key, number);
    const numbers = this.#waiting.get(lane) as number[];
    numbers.shift();
    if (numbers.length === 0) this.#waiting.delete(lane);
    else this.#askable.push(numbers[0] as number);
  }

  stop(): void {
    for (const letGo of this.#out.values()) letGo();
    this.#out.clear();
  }

  /** @returns whether there are more than a turn looks at */
  #find(durableThrough: number): boolean {
    const operator = this.#operator;
    const end = operator.nextNumber;
    const until = Math.min(end, this.#next + FOUND_PER_TURN);
    while (this.#next < until) {
      const question = operator.question(this.#next);
      if (question !== null) {
        if (question.offset > durableThrough) return false;
        this.#add(question);
      }
      this.#next += 1;
    }
    return until < end;
  }

  #add({ key, number }: Question): void {
    const lane = laneOf(key, number);
    const numbers = this.#waiting.get(lane);
    if (numbers !== undefined) {
      numbers.push(number);
      return;
    }
    this.#waiting.set(lane, [number]);
    this.#askable.push(number);
  }

  #ask(number: number): void {
    const { inquire, partition } = this.#options;
    const { name, rule } = this.#operator;
    const question = this.#operator.question(number) as Question;
    const answered = (outcome: Outcome): void => {
      this.#answers.push({ lookup: this.#lookup, question, bytes: this.#encoded(number, outcome) });
      this.#onAnswer();
    };
    if (this.#options.stuck.answer(Number.POSITIVE_INFINITY, this.#lookup, number) !== null) {
      return answered(failureOf(0, 'the look-up did not return'));
    }
    const letGo = inquire(
      this.#watched(rule, question),
      question,
      aboutQuestion(partition, name, number),
      (outcome) => {
        this.#out.delete(number);
        answered(outcome);
      },
    );
    this.#out.set(number, letGo);
  }

  /** The rule, with whoever looks on told while its functions run. They run between the units of the partition. */
  #watched(rule: LookupRule, { number, offset, key }: Question): LookupRule {
    const { whereabouts } = this.#options;
    const watched = <Result>(run: () => Result): Result => {
      whereabouts.beginQuestion(offset, this.#lookup, number, key);
      try {
        return run();
      } finally {
        whereabouts.end();
      }
    };
    return {
      ...rule,
      lookup: (event, context) => watched(() => rule.lookup(event, context)),
      complaintAbout: (result) => watched(() => rule.complaintAbout(result)),
    };
  }

  /** What cannot be kept, or is too long, is no answer. */
  #encoded(number: number, { result, failure, attempts }: Outcome): Uint8Array {
    const { maxRecordBytes } = this.#options;
    let reason: string;
    try {
      const bytes = this.#bytesOf(failure === null ? [number, result] : [number, null, failure]);
      if (recordLength(bytes.length, 0) <= maxRecordBytes) return bytes;
      reason = `the answer is too long, bytes=${bytes.length} max=${maxRecordBytes}`;
    } catch (error) {
      reason = `the answer cannot be kept: ${(error as Error).message}`;
    }
    return this.#bytesOf([number, null, failureOf(attempts, reason).failure as LookupFailure]);
  }

  #bytesOf(answer: Answer): Uint8Array {
    const { written } = this.#codec;
    this.#codec.encode(answer);
    return new Uint8Array(written.bytes.subarray(0, written.length));
  }
}

function failureOf(attempts: number, reason: string): Outcome {
  return { result: null, failure: { attempts, isTimeout: false, errors: [reason] }, attempts };
}

/** Events of a key wait for each other; one without a key for none. */
function laneOf(key: string, number: number): string {
  return key === NO_KEY ? `\u0000${number}` : key;
}
