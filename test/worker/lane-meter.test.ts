import { describe, expect, it } from 'vitest';
import { LaneMeter, NO_METRICS } from '../../src/worker/lane-meter.ts';

/** A meter whose clock is moved by hand. */
class Lane {
  now = 1000;
  readonly meter = new LaneMeter({ now: () => this.now }, NO_METRICS);

  turn(events: number, spentMs: number, isDrained: boolean): void {
    const start = this.meter.begin();
    this.now += spentMs;
    this.meter.end(start, events, isDrained);
  }
}

describe('LaneMeter.drainPerSecond', () => {
  it('is 0 until enough was measured', () => {
    const lane = new Lane();
    lane.turn(100, 49, true);
    expect(lane.meter.drainPerSecond).toBe(0);
    lane.turn(100, 1, true);
    expect(lane.meter.drainPerSecond).toBe(4000);
  });

  it('leaves out the time in which nothing waited', () => {
    const lane = new Lane();
    for (let turn = 0; turn < 50; turn++) {
      lane.now += 10_000;
      lane.turn(1, 1, true);
    }
    expect(lane.meter.drainPerSecond).toBe(1000);
  });

  it('counts the time in which something waited, for a flush or for others', () => {
    const lane = new Lane();
    lane.turn(100, 10, false);
    lane.now += 80;
    lane.turn(100, 10, true);
    expect(lane.meter.drainPerSecond).toBe(2000);
  });

  it('follows the lane as it gets slower', () => {
    const lane = new Lane();
    lane.turn(5000, 50, false);
    expect(lane.meter.drainPerSecond).toBe(100_000);
    lane.turn(50, 50, false);
    expect(lane.meter.drainPerSecond).toBe(1000);
  });
});

describe('LaneMeter.eventsPerMs', () => {
  it('moves towards what was measured, over as many turns as it takes to know', () => {
    const lane = new Lane();
    const before = lane.meter.eventsPerMs;
    for (let turn = 0; turn < 16; turn++) lane.turn(63, 0.25, true);
    expect(lane.meter.eventsPerMs).toBe(before);
    lane.turn(992, 1, true);
    expect(lane.meter.eventsPerMs).toBeCloseTo(before + 0.1 * (400 - before));
  });
});
