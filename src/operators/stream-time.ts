// data plane
import type { OperatorStore } from './operator.ts';

/**
 * The greatest event time that an operator has seen, over all its inputs.
 *
 * @param register of the store that remembers it
 * @returns it, with this event's time counted
 */
export function advanceStreamTime(store: OperatorStore, time: number, register = STREAM_TIME): number {
  const seen = store.readRegister(register);
  if (time <= seen) return seen;
  store.writeRegister(register, time);
  return time;
}

/** Register of the store where no other is named. */
export const STREAM_TIME = 0;
