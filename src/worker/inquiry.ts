import type { LookupContext, LookupFailure, LookupRule, Question } from '../operators/lookup.ts';
import { errorChain } from './dead-letters.ts';

/** What came of a question; a result is of no account if there is a failure. */
export interface Outcome {
  readonly result: unknown;
  readonly failure: LookupFailure | null;
  readonly attempts: number;
}

export type About = Pick<LookupContext, 'partition' | 'id'>;

export function aboutQuestion(partition: number, operator: string, number: number): About {
  return { partition, id: `${partition}:${operator}:${number}` };
}

/**
 * Asks the outside about one event, as often as the rule has it.
 * @param onEnd called once, after this has returned; not if the question was let go of
 * @returns lets go of the question: what is still answered is not heard
 */
export type Inquire = (
  rule: LookupRule,
  question: Question,
  about: About,
  onEnd: (outcome: Outcome) => void,
) => () => void;

export const inquire: Inquire = (rule, question, about, onEnd) => {
  const inquiry = new Inquiry(rule, question, about, onEnd);
  inquiry.ask();
  return () => inquiry.stop();
};

/** A question that is out: one attempt after the other, each with a time of its own. */
class Inquiry {
  readonly #rule: LookupRule;
  readonly #question: Question;
  readonly #about: About;
  readonly #onEnd: (outcome: Outcome) => void;
  #attempts = 0;
  /** The attempt that is waited for; null between two, and at the end. What comes of another one is not heard. */
  #awaited: AbortController | null = null;
  /** Until an attempt is given up, or the next one begins. */
  #timer: NodeJS.Timeout | undefined;

  constructor(rule: LookupRule, question: Question, about: About, onEnd: (outcome: Outcome) => void) {
    this.#rule = rule;
    this.#question = question;
    this.#about = about;
    this.#onEnd = onEnd;
  }

  ask(): void {
    const { lookup, timeoutMs } = this.#rule;
    const { key, event, time } = this.#question;
    const attempt = ++this.#attempts;
    const controller = new AbortController();
    this.#awaited = controller;
    this.#timer = setTimeout(() => this.#giveUp(controller), timeoutMs);
    const context = { ...this.#about, key, eventTime: time, attempt, signal: controller.signal };
    new Promise((resolve) => resolve(lookup(event, context))).then(
      (result) => this.#answered(controller, result),
      (error: unknown) => this.#failed(controller, errorChain(error), false),
    );
  }

  stop(): void {
    const awaited = this.#awaited;
    this.#awaited = null;
    clearTimeout(this.#timer);
    awaited?.abort(new Error('the engine ends'));
  }

  #giveUp(controller: AbortController): void {
    const reason = `no answer within ms=${this.#rule.timeoutMs}`;
    this.#failed(controller, [reason], true);
    controller.abort(new Error(reason));
  }

  #answered(controller: AbortController, result: unknown): void {
    const complaint = result === undefined ? 'the answer is undefined' : this.#rule.complaintAbout(result);
    if (complaint !== null) return this.#failed(controller, [complaint], false);
    if (this.#isOver(controller)) return;
    this.#onEnd({ result, failure: null, attempts: this.#attempts });
  }

  #failed(controller: AbortController, errors: readonly string[], isTimeout: boolean): void {
    if (this.#isOver(controller)) return;
    const attempts = this.#attempts;
    if (attempts < this.#rule.attempts) {
      this.#timer = setTimeout(() => this.ask(), pauseMs(this.#rule.backoffMs, attempts));
      return;
    }
    this.#onEnd({ result: null, failure: { attempts, isTimeout, errors }, attempts });
  }

  /** @returns whether nobody waits for this attempt any more; if somebody did, nobody does now */
  #isOver(controller: AbortController): boolean {
    if (controller !== this.#awaited) return true;
    this.#awaited = null;
    clearTimeout(this.#timer);
    return false;
  }
}

/** Twice as long each time; a part of it by chance, so that those who failed together do not come together again. */
function pauseMs(backoffMs: number, attempts: number): number {
  const longest = Math.min(backoffMs * 2 ** (attempts - 1), Math.max(backoffMs, MAX_PAUSE_MS));
  return longest * (0.5 + Math.random() / 2);
}

const MAX_PAUSE_MS = 30_000;
