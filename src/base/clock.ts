/** Where the time comes from. A test moves its own clock; a replay reads the log's. */
export interface Clock {
  /** Wall clock, in ms since the epoch. May jump either way: whoever needs monotonic time takes a maximum. */
  now(): number;
}

export const systemClock: Clock = {
  now: Date.now,
};
