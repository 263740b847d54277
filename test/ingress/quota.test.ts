import { describe, expect, it } from 'vitest';
import { Quota } from '../../src/ingress/quota.ts';

describe('Quota', () => {
  it('lets a burst through and says how long until the next', () => {
    const quota = new Quota({ eventsPerSecond: 10, burst: 2 });
    expect([quota.take('a', 1, 0), quota.take('a', 1, 0), quota.take('a', 1, 0)]).toEqual([0, 0, 100]);
    expect(quota.take('a', 1, 50)).toBeLessThanOrEqual(51);
    expect(quota.take('a', 1, 101)).toBe(0);
  });

  it('counts every client for itself', () => {
    const quota = new Quota({ eventsPerSecond: 1, burst: 1 });
    expect([quota.take('a', 1, 0), quota.take('b', 1, 0), quota.take('a', 1, 0)]).toEqual([0, 0, 1000]);
  });

  it('lets a group larger than the burst through on a full bucket, and remembers the debt', () => {
    const quota = new Quota({ eventsPerSecond: 10, burst: 5 });
    expect(quota.take('a', 25, 0)).toBe(0);
    expect(quota.take('a', 1, 0)).toBe(2100);
    expect(quota.take('a', 1, 2100)).toBe(0);
  });

  it('forgets who was quiet longest', () => {
    const quota = new Quota({ eventsPerSecond: 0.001, burst: 1 });
    for (let n = 0; n < 10_001; n++) expect(quota.take(`c${n}`, 1, 0)).toBe(0);
    expect(quota.take('c0', 1, 0)).toBe(0);
    expect(quota.take('c10000', 1, 0)).toBeGreaterThan(0);
  });
});
