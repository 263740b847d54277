// data plane
import { MAX_EVENT_TIME_MS, MAX_KEY_BYTES } from '../base/limits.ts';

/** What an event must be besides what its schema says: said once for the door and for tests that have none. */
export const KEY_RULE = `key empty, over ${MAX_KEY_BYTES} bytes or with control characters`;

export function isKey(key: string): boolean {
  const length = key.length;
  if (length === 0 || length > MAX_KEY_BYTES) return false;
  let isAscii = true;
  for (let i = 0; i < length; i++) {
    const code = key.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return false;
    if (code > 0x7f) isAscii = false;
  }
  return isAscii || (key.isWellFormed() && Buffer.byteLength(key) <= MAX_KEY_BYTES);
}

/** @param leastMs the earliest time that is taken */
export function isEventTime(time: number, leastMs: number, now: number, maxFutureSkewMs: number): boolean {
  return time >= leastMs && time <= Math.min(MAX_EVENT_TIME_MS, now + maxFutureSkewMs);
}

/** @param field as it came */
export function eventTimeProblem(
  name: string | null,
  field: unknown,
  leastMs: number,
  maxFutureSkewMs: number,
): string {
  return `event time ${name}=${String(field)} allowed=${leastMs}..now+${maxFutureSkewMs}`;
}
