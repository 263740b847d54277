import type { Segment } from './segment.ts';

/**
 * What is kept for replay and look-ups beyond what recovery needs: so many bytes, but nothing older than so many ms.
 */
export interface RetentionPolicy {
  readonly bytes: number;
  /** Age in log time. */
  readonly ms: number;
}

/**
 * How many of the oldest segments may go: all their offsets lie below the floor, and they are beyond the bytes or the
 * age of the policy. The last segment never goes.
 */
export function expiredCount(
  segments: readonly Segment[],
  floorOffset: number,
  policy: RetentionPolicy,
  logTime: number,
): number {
  let bytesAfter = 0;
  for (const segment of segments) bytesAfter += segment.header.slotBytes;
  let count = 0;
  for (const segment of segments.slice(0, -1)) {
    bytesAfter -= segment.header.slotBytes;
    if (segment.endOffset > floorOffset) break;
    if (bytesAfter < policy.bytes && logTime - segment.lastLogTime <= policy.ms) break;
    count += 1;
  }
  return count;
}
