// data plane
import type { EventContext } from './operator.ts';
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

/** The one `Context` of a pipeline. It also notes whose code is running, so that a failure can name its operator. */
export class OperatorContext implements Context {
  /** Key of what is at hand as operators pass it on: with its window, if it has one. */
  rowKey = '';
  /** Name of the operator whose user code is running; empty outside of user code. */
  running = '';
  eventTime = 0;
  readonly #event: EventContext;

  constructor(event: EventContext) {
    this.#event = event;
  }

  /** User code of this operator runs next, on an event or row of this time. */
  enter(operator: string, time: number): void {
    this.running = operator;
    this.eventTime = time;
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
