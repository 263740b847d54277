import type { Answer, Question } from '../../operators/lookup.ts';
import type { Inquire, Outcome } from '../../worker/inquiry.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { asksOutside, BAD_ANSWER, nextAnswers, POISON_DELTA, type SimEvent } from './sim-topology.ts';
import type { Violations } from './violations.ts';

interface Out {
  readonly question: Question;
  readonly onEnd: (outcome: Outcome) => void;
}

/** What the lane asks: it answers late, out of order, now and then not at all, and holds the questions to what was promised. */
export class SimOutside {
  readonly #random: SeededRandom;
  readonly #violations: Violations;
  #out: Out[] = [];
  /** Of the log of the life at hand. */
  durableThrough: () => number = () => -1;

  constructor(random: SeededRandom, violations: Violations) {
    this.#random = random;
    this.#violations = violations;
  }

  readonly inquire: Inquire = (_rule, question, _about, onEnd) => {
    const { key, number, offset } = question;
    if (offset > this.durableThrough()) this.#violations.add('asked before the flush', `offset=${offset}`);
    if (this.#out.some((out) => out.question.key === key)) this.#violations.add('two questions of a key', `key=${key}`);
    const out = { question, onEnd };
    this.#out.push(out);
    return () => {
      this.#out = this.#out.filter((one) => one.question.number !== number);
    };
  };

  onCrash(): void {
    this.#out = [];
  }

  isAnswering(): boolean {
    return this.#random.chance(0.3);
  }

  answerOne(): void {
    const random = this.#random;
    if (this.#out.length === 0) return;
    const [out] = this.#out.splice(random.below(this.#out.length), 1) as [Out];
    const { id } = out.question.event as SimEvent;
    const failure = random.chance(0.1) ? { attempts: 1, isTimeout: false, errors: [id] } : null;
    out.onEnd({ result: random.chance(0.1) ? BAD_ANSWER : random.below(1000), failure, attempts: 1 });
  }
}

/** What must have become of the questions that a log makes and answers. */
export class ExpectedAnswers {
  readonly trails = new Map<string, string>();
  letterCount = 0;
  #questionCount = 0;
  readonly #pending = new Map<number, SimEvent>();
  readonly #violations: Violations;

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  event(event: SimEvent): void {
    if (event.delta !== POISON_DELTA && asksOutside(event)) this.#pending.set(this.#questionCount++, event);
  }

  answer([number, result, failure]: Answer): void {
    const event = this.#pending.get(number);
    if (event === undefined) {
      this.#violations.add('answer to nothing', `question=${number}`);
      return;
    }
    for (const [before, { key }] of this.#pending) {
      if (before < number && key === event.key) {
        this.#violations.add('answers of a key out of order', `question=${number} before=${before}`);
      }
    }
    this.#pending.delete(number);
    if (failure !== undefined || result === BAD_ANSWER) this.letterCount += 1;
    else this.trails.set(event.key, nextAnswers(this.trails.get(event.key) ?? null, `${event.id}=${result}`));
  }
}
