// data plane
import type { OperatorStore } from './operator.ts';

/**
 * The greatest event time that an operator has seen, over all its inputs.
 *
 * @returns it, with this event's time counted
 */
export function advanceStreamTime(store: OperatorStore, time: number): number {
  const seen = store.readRegister(STREAM_TIME);
  if (time <= seen) return seen;
  store.writeRegister(STREAM_TIME, time);
  return time;
}

/** Register of the store. */
export const STREAM_TIME = 0;
