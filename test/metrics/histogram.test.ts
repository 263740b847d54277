import { describe, expect, it } from 'vitest';
import { HISTOGRAM_WORDS, Histogram } from '../../src/metrics/histogram.ts';

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('Histogram', () => {
  it('is empty at first', () => {
    const histogram = new Histogram();
    expect([histogram.count, histogram.sum, histogram.max, histogram.percentile(0.99)]).toEqual([0, 0, 0, 0]);
  });

  it('keeps values below 64 exactly', () => {
    for (let value = 0; value < 64; value++) expect(histogramOf([value, 1000]).percentile(0.5)).toBe(value);
  });

  it('keeps every value to within 1/32, never less than it was', () => {
    for (let value = 1; value < 2 ** 32; value = Math.ceil(value * 1.013)) {
      const kept = histogramOf([value, 2 ** 32 - 1]).percentile(0.5);
      expect(kept).toBeGreaterThanOrEqual(value);
      expect(kept).toBeLessThanOrEqual(value * (1 + 1 / 32));
    }
  });

  it('cuts fractions, lifts negatives to 0 and lowers what is too large', () => {
    expect(histogramOf([5.9]).percentile(1)).toBe(5);
    expect(histogramOf([-3]).percentile(1)).toBe(0);
    expect(histogramOf([2 ** 40]).max).toBe(2 ** 32 - 1);
  });

  it('percentile finds the value that the share does not exceed', () => {
    const histogram = histogramOf(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(histogram.percentile(0)).toBe(1);
    expect(histogram.percentile(0.5)).toBe(25);
    expect(histogram.percentile(0.98)).toBe(49);
    expect(histogram.percentile(1)).toBe(50);
  });

  it('countBelow counts up to a power of two and not beyond', () => {
    const histogram = histogramOf([0, 63, 64, 127, 128, 2 ** 32 - 1]);
    expect([1, 64, 128, 256, 2 ** 32].map((bound) => histogram.countBelow(bound))).toEqual([1, 2, 4, 5, 6]);
  });

  it('merge adds counts and sums and keeps the larger maximum', () => {
    const histogram = histogramOf([1, 2, 300]);
    histogram.merge(histogramOf([4, 100]));
    expect([histogram.count, histogram.sum, histogram.max]).toEqual([5, 407, 300]);
    expect(histogram.percentile(0.6)).toBe(4);
  });

  it('records into the memory it is given', () => {
    const memory = new SharedArrayBuffer(HISTOGRAM_WORDS * 8);
    new Histogram(new Float64Array(memory)).record(7);
    expect(new Histogram(new Float64Array(memory)).percentile(1)).toBe(7);
  });
});
