// data plane
import { deepFreeze } from './development.ts';
import type { Answer, AskingOperator, LookupFailure, LookupRule, Question } from './lookup.ts';
import type { EventOrigin, Operator, OperatorHost, OperatorStore } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { OperatorError } from './operator-error.ts';
import { isThenable, refuseResult } from './user-result.ts';
import type { WaitingClock } from './waiting-clock.ts';

export type Enricher = (event: unknown, result: unknown, context: Context) => unknown;
/** What takes the place of the result when there is no answer. */
export type Fallback = (event: unknown, failure: LookupFailure, context: Context) => unknown;

export interface EnrichParts {
  readonly name: string;
  readonly context: OperatorContext;
  readonly host: OperatorHost;
  /** Ordered. */
  readonly store: OperatorStore;
  readonly rule: LookupRule;
  /** null: nobody behind it asks for event time. */
  readonly clock: WaitingClock | null;
  /** null: an event without an answer is a dead letter. */
  readonly fallback: Fallback | null;
  readonly enricher: Enricher;
  readonly output: Operator;
}

/**
 * Has events wait for what the outside says about them. An event becomes a question, a row; the answer comes by the log, is
 * put together with the event, and the row goes.
 *
 * ```
 *   number ─► [key, time, event, offset, watermark, what the event came as]
 * ```
 */
export class EnrichOperator implements Operator, AskingOperator {
  readonly name: string;
  readonly rule: LookupRule;
  readonly #parts: EnrichParts;
  readonly #context: OperatorContext;
  readonly #store: OperatorStore;

  constructor(parts: EnrichParts) {
    this.name = parts.name;
    this.rule = parts.rule;
    this.#parts = parts;
    this.#context = parts.context;
    this.#store = parts.store;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    const context = this.#context;
    const store = this.#store;
    const number = this.nextNumber;
    const { clock, host } = this.#parts;
    const { stream, offset, codec, value } = host.origin?.() ?? NO_ORIGIN;
    const now = clock === null ? UNKNOWN : clock.now;
    const watermark = now === UNKNOWN ? null : now;
    context.running = this.name;
    store.put(rowKey(number), [key, time, event, context.offset, watermark, stream, offset, codec, value]);
    context.running = '';
    if (clock !== null && this.pendingCount === 0) {
      store.writeRegister(OLDEST, number);
      clock.hold(now);
    }
    store.writeRegister(NEXT_NUMBER, number + 1);
    store.writeRegister(PENDING, this.pendingCount + 1);
  }

  get nextNumber(): number {
    return Math.max(this.#store.readRegister(NEXT_NUMBER), 0);
  }

  get pendingCount(): number {
    return Math.max(this.#store.readRegister(PENDING), 0);
  }

  question(number: number): Question | null {
    const row = this.#store.get(rowKey(number));
    return row === undefined ? null : questionOf(number, row);
  }

  questionsFrom(number: number, limit: number): Question[] {
    const rows = this.#store.range(rowKey(number), undefined, limit);
    return rows.map(([row, value]) => questionOf(Number(row), value));
  }

  answer([number, result, failure]: Answer): void {
    const question = this.question(number);
    if (question === null) return;
    this.drop(number);
    const { key, event, time, unreadable } = question;
    const { enricher, host, output } = this.#parts;
    const context = this.#context;
    context.rowKey = key;
    context.enter(this.name, time);
    if (unreadable !== undefined) throw new OperatorError(this.name, unreadable);
    const known = failure === undefined ? result : this.#withoutAnswer(event, failure);
    if (host.isDevelopment === true) deepFreeze(known);
    const enriched = enricher(event, known, context);
    if (enriched === undefined || isThenable(enriched)) refuseResult(this.name, enriched, 'an event');
    context.running = '';
    output.push(key, enriched, undefined, time);
  }

  drop(number: number): void {
    const store = this.#store;
    if (!store.delete(rowKey(number))) return;
    store.writeRegister(PENDING, this.pendingCount - 1);
    if (this.#parts.clock !== null && store.readRegister(OLDEST) === number) this.#letTimeOn(this.#parts.clock);
  }

  /** The oldest of the events that waited is gone. */
  #letTimeOn(clock: WaitingClock): void {
    const store = this.#store;
    const [next] = store.range(rowKey(store.readRegister(OLDEST) + 1), undefined, 1);
    if (next === undefined) return clock.hold(null);
    const [row, [, , , , watermark]] = next as [string, QuestionRow];
    store.writeRegister(OLDEST, Number(row));
    clock.hold(watermark ?? UNKNOWN);
  }

  #withoutAnswer(event: unknown, failure: LookupFailure): unknown {
    const { fallback } = this.#parts;
    const { attempts, errors } = failure;
    if (fallback === null)
      throw new OperatorError(this.name, `has no answer, attempts=${attempts}: ${errors.join(': ')}`);
    const result = fallback(event, failure, this.#context);
    if (result === undefined || isThenable(result)) refuseResult(this.name, result, 'what stands for the answer');
    return result;
  }
}

/**
 * A question with its event brought up to date. Questions are looked for outside of events, where nothing may fail: of one
 * that cannot be read it is noted why, and its answer makes a dead letter of it.
 */
export function upcastQuestion(row: unknown, upcast: (event: unknown) => unknown): unknown {
  const question = (row as QuestionRow).slice() as QuestionRow;
  if (question[EVENT] === null || question.length > UNREADABLE) return question;
  try {
    question[EVENT] = upcast(question[EVENT]);
  } catch (error) {
    question[UNREADABLE] = `waited for an answer in an earlier version, and cannot be read: ${String(error)}`;
  }
  return question;
}

function rowKey(number: number): string {
  return String(number).padStart(NUMBER_DIGITS, '0');
}

function questionOf(number: number, row: unknown): Question {
  const [key, time, event, offset, , stream, originOffset, codec, value, unreadable] = row as QuestionRow;
  return { number, key, event, time, offset, origin: { stream, offset: originOffset, codec, value }, unreadable };
}

type QuestionRow = [
  key: string,
  time: number,
  event: unknown,
  offset: number,
  watermark: number | null,
  stream: number,
  originOffset: number,
  codec: number,
  value: Uint8Array,
  /** Never written. */
  unreadable?: string,
];

const EVENT = 2;
const UNREADABLE = 9;

/** Where nobody keeps the bytes of events, as in tests. */
const NO_ORIGIN: EventOrigin = { stream: -1, offset: -1, codec: 0, value: new Uint8Array(0) };
const NUMBER_DIGITS = 15;
/** Registers. */
const NEXT_NUMBER = 0;
const PENDING = 1;
const OLDEST = 2;
/** Nothing is known of event time yet; it is not kept in rows, which have finite numbers only. */
const UNKNOWN = Number.NEGATIVE_INFINITY;
