import { describe, expect, it } from 'vitest';
import { goalLines, median, type Runs } from '../../../native-bench/canonical/goals.ts';
import type { Result } from '../../../native-bench/canonical/measure.ts';
import type { MeasurementName } from '../../../native-bench/canonical/plan.ts';
import { figure, table } from '../../../native-bench/canonical/print.ts';

function result(ordersPerSecond: number): Result {
  return { load: { ordersPerSecond, latency: { p99Ms: 0.4 } }, writtenPerPayload: 1.5 } as unknown as Result;
}

describe('median', () => {
  it('takes the middle, or the mean of both middles', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe('goalLines', () => {
  it('divides medians of the same run', () => {
    const results = new Map<MeasurementName, Result[]>([
      ['floor-http', [result(100), result(120), result(110)]],
      ['http', [result(99), result(10), result(300)]],
    ]);
    const disk = [{ p99Us: 200 } as never];
    const runs: Runs = { disk, results, halfLoad: [result(1)], overload: [result(1)], recovery: [], idle: [] };
    const lines = goalLines(runs);
    expect(lines[0]?.value).toBe(0.9);
    expect(lines[1]?.value).toBeNaN();
    expect(lines.find((line) => line.what.startsWith('p99 ack'))?.value).toBe(2);
  });
});

describe('table', () => {
  it('aligns the first column left and the others right', () => {
    expect(
      table([
        ['a', '1'],
        ['bb', '10'],
      ]),
    ).toBe('a    1\nbb  10');
    expect(figure(1_234_567.8)).toBe('1 234 568');
    expect(figure(Number.NaN)).toBe('–');
  });
});
