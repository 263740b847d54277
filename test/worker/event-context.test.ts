import { describe, expect, it } from 'vitest';
import { LaneContext } from '../../src/worker/event-context.ts';

function draws(context: LaneContext, offset: number): number[] {
  context.moveTo(offset, 1, 2);
  return [context.random(), context.random(), context.random()];
}

describe('LaneContext', () => {
  it('draws the same numbers at a replay of the same offset', () => {
    expect(draws(new LaneContext(3), 1_000_000_007)).toEqual(draws(new LaneContext(3), 1_000_000_007));
  });

  it('draws other numbers at another offset, partition or draw', () => {
    const all = [...draws(new LaneContext(0), 5), ...draws(new LaneContext(0), 6), ...draws(new LaneContext(1), 5)];
    expect(new Set(all).size).toBe(all.length);
  });

  it('draws evenly from [0, 1)', () => {
    const context = new LaneContext(0);
    let sum = 0;
    for (let offset = 0; offset < 10_000; offset++) {
      context.moveTo(offset, 0, 0);
      const drawn = context.random();
      expect(drawn).toBeGreaterThanOrEqual(0);
      expect(drawn).toBeLessThan(1);
      sum += drawn;
    }
    expect(Math.abs(sum / 10_000 - 0.5)).toBeLessThan(0.02);
  });

  it('tells log time and makes identifiers of partition, offset and draw', () => {
    const context = new LaneContext(2);
    context.moveTo(9, 100, 200);
    expect([context.now(), context.id(), context.id()]).toEqual([200, '2:9:1', '2:9:2']);
  });
});
