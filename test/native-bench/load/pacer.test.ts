import { describe, expect, it } from 'vitest';
import { Schedule } from '../../../native-bench/load/pacer.ts';

describe('Schedule', () => {
  it('keeps to its rate, however late it is asked', () => {
    const schedule = new Schedule(1000, 50);
    expect(schedule.due(49.9)).toBe(0);
    expect(schedule.due(50)).toBe(1);
    expect(schedule.nextAt()).toBe(50);
    schedule.take();
    expect(schedule.due(50.5)).toBe(0);
    expect(schedule.due(60)).toBe(10);
    expect(schedule.nextAt()).toBe(51);
  });
});
