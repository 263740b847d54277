import { describe, expect, it } from 'vitest';
import { expiredCount } from '../../src/log/retention.ts';
import { Segment } from '../../src/log/segment.ts';

const SLOT = 1000;

/** Segments of 10 offsets each, the last block of segment n at log time 100 n. */
const SEGMENTS = Array.from({ length: 6 }, (_, index) => {
  const header = {
    partition: 0,
    sequence: index + 1,
    epoch: 1,
    prevCrc: 0,
    slotBytes: SLOT,
    firstOffset: index * 10,
    logTime: 0,
  };
  const segment = new Segment(`slot-${index}`, header);
  segment.endOffset = index * 10 + 10;
  segment.lastLogTime = index * 100;
  return segment;
});

describe('expiredCount', () => {
  const count = (floor: number, bytes: number, ms: number, logTime = 600): number =>
    expiredCount(SEGMENTS, floor, { bytes, ms }, logTime);

  it('lets go of nothing above the floor', () => {
    expect([0, 9, 10, 35, 60, 999].map((floor) => count(floor, 0, 0))).toEqual([0, 0, 1, 3, 5, 5]);
  });

  it('keeps as many bytes as the policy says, and no more', () => {
    expect([0, SLOT, 2 * SLOT, 5 * SLOT, 9 * SLOT].map((bytes) => count(60, bytes, 1e9))).toEqual([5, 5, 4, 1, 0]);
  });

  it('lets go of what is older than the policy says', () => {
    expect([600, 599, 400, 0].map((ms) => count(60, 1e9, ms))).toEqual([0, 1, 2, 5]);
  });

  it('is 0 for a log of one segment or none', () => {
    expect(expiredCount(SEGMENTS.slice(0, 1), 99, { bytes: 0, ms: 0 }, 1e9)).toBe(0);
    expect(expiredCount([], 99, { bytes: 0, ms: 0 }, 1e9)).toBe(0);
  });
});
