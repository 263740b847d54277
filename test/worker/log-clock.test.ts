import { describe, expect, it } from 'vitest';
import { JUMP_CONFIRM_MS, LogClock, MAX_FORWARD_JUMP_MS } from '../../src/worker/log-clock.ts';

const START = 1_763_600_000_000;

function clocks(last = 0): { wall: { at: number }; monotonic: { at: number }; log: LogClock } {
  const wall = { at: START };
  const monotonic = { at: 0 };
  return { wall, monotonic, log: new LogClock({ now: () => wall.at }, { now: () => monotonic.at }, last) };
}

describe('LogClock.now', () => {
  it('follows a wall clock that runs', () => {
    const { wall, monotonic, log } = clocks();
    wall.at += 1500;
    monotonic.at += 1500;
    expect(log.now()).toBe(START + 1500);
  });

  it('begins no earlier than the last block of the log', () => {
    expect(clocks(START + 5000).log.now()).toBe(START + 5000);
  });

  it('never goes backwards, and goes on at half speed while the wall clock is behind', () => {
    const { wall, monotonic, log } = clocks();
    wall.at -= 3_600_000;
    monotonic.at += 1000;
    wall.at += 1000;
    expect(log.now()).toBe(START + 500);
    monotonic.at += 1000;
    wall.at += 1000;
    expect(log.now()).toBe(START + 1000);
  });

  it('holds a leap forward back and goes on at its own pace', () => {
    const { wall, monotonic, log } = clocks();
    wall.at += MAX_FORWARD_JUMP_MS + 60_000;
    monotonic.at += 10;
    expect(log.now()).toBe(START + 10);
    expect(log.isHeldBack).toBe(true);
  });

  it('forgets a leap that is taken back', () => {
    const { wall, monotonic, log } = clocks();
    wall.at += MAX_FORWARD_JUMP_MS * 2;
    monotonic.at += 10;
    log.now();
    wall.at = START + 20;
    monotonic.at += 10;
    expect(log.now()).toBe(START + 20);
    expect(log.isHeldBack).toBe(false);
  });

  it('believes a leap that lasts', () => {
    const { wall, monotonic, log } = clocks();
    wall.at += MAX_FORWARD_JUMP_MS * 3;
    monotonic.at += 10;
    log.now();
    wall.at += JUMP_CONFIRM_MS;
    monotonic.at += JUMP_CONFIRM_MS;
    expect(log.now()).toBe(wall.at);
  });
});
