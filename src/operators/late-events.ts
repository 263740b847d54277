// data plane
import type { Operator, OperatorStore } from './operator.ts';
import type { WindowBounds } from './window-key.ts';

/** An event that no window took any more. */
export interface LateEvent<Value> {
  readonly event: Value;
  /** The window it would have been in; of several, the one that closed last. */
  readonly window: WindowBounds;
  /** How long that window had been closed, in ms of event time. 0: the stream had just reached its close. */
  readonly lateBy: number;
}

/** A late event brought up to date. */
export function upcastLate(late: unknown, upcast: (event: unknown) => unknown): unknown {
  const { event } = late as LateEvent<unknown>;
  return event === null ? late : { ...(late as LateEvent<unknown>), event: upcast(event) };
}

/** Where an operator sends its late events. It counts them, whether or not anybody follows. */
export class LateEvents {
  readonly #store: OperatorStore;
  readonly #output: Operator;

  /** @param store the operator's; its register LATE_COUNT is for this */
  constructor(store: OperatorStore, output: Operator) {
    this.#store = store;
    this.#output = output;
  }

  tell(key: string, event: unknown, start: number, end: number, lateBy: number, time: number): void {
    countLate(this.#store);
    const late: LateEvent<unknown> = { event, window: { start, end }, lateBy };
    this.#output.push(key, late, undefined, time);
  }
}

/** One more event came too late. */
export function countLate(store: OperatorStore): void {
  store.writeRegister(LATE_COUNT, Math.max(store.readRegister(LATE_COUNT), 0) + 1);
}

/** Register of the store of a node: how many events came too late. */
export const LATE_COUNT = 3;
