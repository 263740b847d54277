/** Control frames a client may send at once after a pause; a keep-alive every second never gets near it. */
const BURST = 64;
/** What it may send for good, each second. */
const PER_SECOND = 16;

/**
 * Pings and pongs of one WebSocket. The server answers each ping by itself, and one that sends them as fast as it can
 * would keep the thread from everybody else: a token bucket says when it is too much.
 */
export class ControlBudget {
  #tokens = BURST;
  #filledAt: number;

  constructor(nowMs: number) {
    this.#filledAt = nowMs;
  }

  /** @returns false: the frame is one too many */
  take(nowMs: number): boolean {
    const refilled = this.#tokens + ((nowMs - this.#filledAt) * PER_SECOND) / 1000;
    this.#tokens = Math.min(BURST, refilled) - 1;
    this.#filledAt = nowMs;
    return this.#tokens >= 0;
  }
}
