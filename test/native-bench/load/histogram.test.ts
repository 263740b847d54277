import { describe, expect, it } from 'vitest';
import { Histogram } from '../../../native-bench/load/histogram.ts';

describe('Histogram', () => {
  it('knows percentiles to two percent', () => {
    const histogram = new Histogram();
    for (let us = 1; us <= 100_000; us++) histogram.record(us, 1);
    const summary = histogram.summary();
    expect(summary.count).toBe(100_000);
    expect(summary.p50Ms).toBeGreaterThanOrEqual(50);
    expect(summary.p50Ms).toBeLessThan(51);
    expect(summary.p99Ms).toBeGreaterThanOrEqual(99);
    expect(summary.p999Ms).toBeLessThanOrEqual(100);
    expect(summary.maxMs).toBe(100);
  });

  it('counts a value as often as it is told', () => {
    const histogram = new Histogram();
    histogram.record(10, 99);
    histogram.record(1000, 1);
    expect(histogram.percentileMs(0.99)).toBe(0.01);
    expect(histogram.percentileMs(1)).toBe(1);
  });

  it('is empty at first, and after reset', () => {
    const histogram = new Histogram();
    expect(histogram.summary()).toEqual({ count: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 });
    histogram.record(5, 1);
    histogram.reset();
    expect(histogram.summary().count).toBe(0);
  });
});
