/** Exit codes of the process: one per way it can end, so that a supervisor and a person can tell them apart. */
export const EXIT_CODES = {
  ok: 0,
  runtime: 1,
  usage: 2,
  /** A flush of the log failed; what it covered was never acknowledged. Restart recovers from the disk. */
  flushFailed: 70,
  /** Acknowledged bytes of a log or checkpoint cannot be read back. */
  damaged: 71,
  /** A thread did not come round for longer than the watchdog allows. */
  stuck: 72,
  /** An assertion failed: a bug in moka. */
  bug: 73,
  /** Another process holds the data directory or the port. */
  occupied: 74,
  /** No native binary for this platform. */
  platform: 75,
  /** An environment that cannot be worked with (state store I/O error, read-only directory, …). */
  environment: 76,
  /** What is in the log does not return any more, and cannot be left out as a whole: a person has to decide. */
  undecided: 77,
} as const;

export type ExitReason = keyof typeof EXIT_CODES;
