import { describe, expect, it } from 'vitest';
import { ChangeHistory } from '../../src/query/change-history.ts';
import { MAX_HISTORY_BYTES, MAX_HISTORY_CHANGES } from '../../src/query/query-limits.ts';

describe('ChangeHistory', () => {
  it('begins behind what is processed', () => {
    const history = new ChangeHistory(41);
    expect(history.reachesBackTo(42, 0)).toBe(true);
    expect(history.reachesBackTo(41, 5)).toBe(false);
    expect(history.sequenceOf(42, 0)).toBe(0);
  });

  it('numbers the changes of one event', () => {
    const history = new ChangeHistory(-1);
    history.push(3, 'a', '1');
    history.push(3, 'b', null);
    history.push(5, 'a', '2');
    const all = [0, 1, 2].map((at) => [history.offsetAt(at), history.nAt(at), history.keyAt(at), history.valueAt(at)]);
    expect(all).toEqual([
      [3, 0, 'a', '1'],
      [3, 1, 'b', null],
      [5, 0, 'a', '2'],
    ]);
  });

  it('finds the first change at or behind a position', () => {
    const history = new ChangeHistory(-1);
    for (const offset of [3, 3, 5, 8]) history.push(offset, 'a', '1');
    const at = ([offset, n]: [number, number]): number => history.sequenceOf(offset, n);
    expect(
      (
        [
          [0, 0],
          [3, 0],
          [3, 1],
          [3, 2],
          [4, 0],
          [8, 0],
          [8, 1],
          [9, 0],
        ] as [number, number][]
      ).map(at),
    ).toEqual([0, 0, 1, 2, 2, 3, 4, 4]);
  });

  it('forgets the oldest when it is full, one lap and a change ahead', () => {
    const history = new ChangeHistory(-1);
    for (let i = 0; i < MAX_HISTORY_CHANGES; i++) history.push(i, `k${i}`, '1');
    expect([history.first, history.end]).toEqual([0, MAX_HISTORY_CHANGES]);
    expect(history.reachesBackTo(0, 0)).toBe(true);
    history.push(MAX_HISTORY_CHANGES, 'last', '2');
    expect([history.first, history.end]).toEqual([1, MAX_HISTORY_CHANGES + 1]);
    expect([history.reachesBackTo(0, 0), history.reachesBackTo(0, 1), history.reachesBackTo(1, 0)]).toEqual([
      false,
      true,
      true,
    ]);
    expect(history.keyAt(MAX_HISTORY_CHANGES)).toBe('last');
    expect(history.keyAt(1)).toBe('k1');
  });

  it('forgets the oldest when they take too many bytes, but never the newest', () => {
    const history = new ChangeHistory(-1);
    const quarter = 'x'.repeat(MAX_HISTORY_BYTES / 4);
    for (let i = 0; i < 6; i++) history.push(i, 'k', quarter);
    expect(history.end - history.first).toBe(3);
    history.push(6, 'k', 'x'.repeat(MAX_HISTORY_BYTES * 2));
    expect(history.end - history.first).toBe(1);
    expect(history.reachesBackTo(6, 0)).toBe(true);
    history.push(7, 'k', null);
    expect(history.end - history.first).toBe(1);
    expect(history.valueAt(7)).toBeNull();
  });
});
