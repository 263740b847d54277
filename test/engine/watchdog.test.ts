import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Heartbeats, Watchdog } from '../../src/engine/watchdog.ts';
import { EXAMINED, Whereabouts } from '../../src/operators/whereabouts.ts';

const LIMIT_MS = 2_000;
let heartbeats: Heartbeats;
let lane: Whereabouts;
let stuck: [thread: number, silentMs: number][];
let watchdog: Watchdog;

beforeEach(() => {
  vi.useFakeTimers();
  heartbeats = new Heartbeats(Heartbeats.allocate(2));
  lane = new Whereabouts(Whereabouts.allocate());
  stuck = [];
  watchdog = new Watchdog(
    heartbeats,
    (thread) => (thread === 0 ? [lane] : []),
    LIMIT_MS,
    (threads) => stuck.push(...threads.map(({ thread, silentMs }): [number, number] => [thread, silentMs])),
  );
});

afterEach(() => {
  watchdog.stop();
  vi.useRealTimers();
});

describe('Watchdog', () => {
  it('accuses nobody who has not begun or is done', () => {
    heartbeats.beat(1, 5);
    vi.advanceTimersByTime(1_000);
    heartbeats.retire(1);
    vi.advanceTimersByTime(60_000);
    expect(stuck).toEqual([]);
  });

  it('says which thread does not come round', () => {
    heartbeats.beat(0, 5);
    for (let second = 0; second < 4; second++) {
      heartbeats.beat(1, 10 + second);
      vi.advanceTimersByTime(1_000);
    }
    expect(stuck).toEqual([[0, 3_000]]);
  });

  it('watches a thread that recovers while it runs events', () => {
    lane.beginEvent(0, 0, 0, 0, 0);
    vi.advanceTimersByTime(4_000);
    expect(stuck).toEqual([[0, 3_000]]);
  });

  it('watches a thread that recovers while it looks at events before they run', () => {
    lane.words[EXAMINED] = -1;
    vi.advanceTimersByTime(2_000);
    lane.words[EXAMINED] = -2;
    vi.advanceTimersByTime(4_000);
    expect(stuck).toEqual([[0, 3_000]]);
  });

  it('takes each new event for a sign of life', () => {
    heartbeats.beat(0, 5);
    for (let offset = 0; offset < 60; offset++) {
      lane.beginEvent(offset, 0, 0, 0, 0);
      vi.advanceTimersByTime(1_000);
    }
    expect(stuck).toEqual([]);
  });
});
