// data plane
import type { EventContext } from './operator.ts';
import { NO_OPERATOR, OPERATOR, WATERMARK_FUNCTION, Whereabouts } from './whereabouts.ts';
import { isWindowKey, plainKeyOf, type WindowBounds, windowOfKey } from './window-key.ts';

/**
 * What a function of a topology may know besides its arguments. All of it comes from the log, so that the same event gets
 * the same answers at every replay; a clock or a dice of its own would not.
 */
export interface Context {
  /** Key of the event; of one that is a row of a windowed table, the key without the window. */
  readonly key: string;
  /** Of an event that is a row of a windowed table; else `null`. */
  readonly window: WindowBounds | null;
  readonly partition: number;
  readonly offset: number;
  /** When the event or row at hand happened, in ms: its own time, whatever brought it about. */
  readonly eventTime: number;
  /** When the log took the event, in ms; never runs backwards within a partition. */
  readonly logTime: number;
  /** `logTime`. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  /** An identifier that no other call has. */
  id(): string;
}

/** Whose turn it is in a pipeline; its contexts share it. */
interface Turn {
  rowKey: string;
  running: string;
  eventTime: number;
}

/**
 * The `Context` of a pipeline, as each of its operators is given it. It also notes whose code is running, so that a failure
 * can name its operator, and one that never comes, too.
 */
export class OperatorContext implements Context {
  readonly #event: EventContext;
  readonly #turn: Turn;
  readonly #whereabouts: Whereabouts;
  readonly #words: Int32Array;
  readonly #number: number;

  constructor(event: EventContext, whereabouts = new Whereabouts(), number = WATERMARK_FUNCTION, turn?: Turn) {
    this.#event = event;
    this.#turn = turn ?? { rowKey: '', running: '', eventTime: 0 };
    this.#whereabouts = whereabouts;
    this.#words = whereabouts.words;
    this.#number = number;
  }

  /** @param number of the operator, from 1 */
  of(number: number): OperatorContext {
    return new OperatorContext(this.#event, this.#whereabouts, number, this.#turn);
  }

  /** Key of what is at hand as operators pass it on: with its window, if it has one. */
  get rowKey(): string {
    return this.#turn.rowKey;
  }

  set rowKey(key: string) {
    this.#turn.rowKey = key;
    this.#whereabouts.take(key);
  }

  /** Name of the operator whose user code is running; empty outside of user code. */
  get running(): string {
    return this.#turn.running;
  }

  set running(name: string) {
    this.#turn.running = name;
    this.#words[OPERATOR] = name === '' ? NO_OPERATOR : this.#number;
  }

  /** Time moves the operator of this number now. */
  drive(number: number): void {
    this.#whereabouts.drive(number);
  }

  /** User code of this operator runs next, on an event or row of this time. */
  enter(operator: string, time: number): void {
    this.running = operator;
    this.#turn.eventTime = time;
  }

  get eventTime(): number {
    return this.#turn.eventTime;
  }

  set eventTime(time: number) {
    this.#turn.eventTime = time;
  }

  get key(): string {
    return plainKeyOf(this.rowKey);
  }

  get window(): WindowBounds | null {
    return isWindowKey(this.rowKey) ? windowOfKey(this.rowKey) : null;
  }

  get partition(): number {
    return this.#event.partition;
  }

  get offset(): number {
    return this.#event.offset;
  }

  get logTime(): number {
    return this.#event.logTime;
  }

  now(): number {
    return this.#event.logTime;
  }

  random(): number {
    return this.#event.random();
  }

  id(): string {
    return this.#event.id();
  }
}
