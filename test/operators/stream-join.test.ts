import { describe, expect, it } from 'vitest';
import { NO_KEY } from '../../src/operators/operator.ts';
import { JoinBench } from './stream-join-fixtures.ts';

describe('StreamJoinOperator', () => {
  it('pairs what lies within both bounds, both included, whichever comes first', () => {
    const join = new JoinBench('inner', 10, 20, 100);
    expect(join.left('k', 'A', 100)).toEqual([]);
    expect(join.right('k', 'a', 89)).toEqual([]);
    expect(join.right('k', 'b', 90)).toEqual([['k', '[A,b]', 100]]);
    expect(join.right('k', 'c', 120)).toEqual([['k', '[A,c]', 120]]);
    expect(join.right('k', 'd', 121)).toEqual([]);
    expect(join.right('other', 'e', 100)).toEqual([]);
    expect(join.left('k', 'B', 110)).toEqual([
      ['k', '[B,c]', 120],
      ['k', '[B,d]', 121],
    ]);
  });

  it('finds a window that lies wholly on one side: a bound may be negative', () => {
    const join = new JoinBench('inner', -5, 10, 0);
    join.left('k', 'A', 100);
    expect(join.right('k', 'a', 104)).toEqual([]);
    expect(join.right('k', 'b', 105)).toEqual([['k', '[A,b]', 105]]);
    expect(join.right('k', 'c', 110)).toEqual([['k', '[A,c]', 110]]);
    expect(join.right('k', 'd', 111)).toEqual([]);
  });

  it('pairs events of the same moment when no distance is allowed at all', () => {
    const join = new JoinBench('inner', 0, 0, 0);
    join.left('k', 'A', 5);
    expect(join.right('k', 'a', 5)).toEqual([['k', '[A,a]', 5]]);
    expect(join.right('k', 'b', 6)).toEqual([]);
  });

  it('gives the matches of one event by time, then by arrival', () => {
    const join = new JoinBench('inner', 50, 50, 100);
    join.right('k', 'late', 30);
    join.right('k', 'early', 10);
    join.right('k', 'late too', 30);
    expect(join.left('k', 'A', 20).map(([, pair]) => pair)).toEqual(['[A,early]', '[A,late]', '[A,late too]']);
  });

  it('forgets what its own side has left behind by more than both bounds and the grace', () => {
    const join = new JoinBench('inner', 10, 10, 5);
    join.left('k', 'A', 100);
    join.left('x', 'B', 125);
    expect(join.right('k', 'a', 110)).toEqual([['k', '[A,a]', 110]]);
    join.left('x', 'C', 126);
    expect(join.right('k', 'b', 110)).toEqual([]);
    expect(join.left('k', 'D', 101)).toEqual([
      ['k', '[D,a]', 110],
      ['k', '[D,b]', 110],
    ]);
    join.left('k', 'E', 100);
    expect(join.right('k', 'c', 110)).toEqual([['k', '[D,c]', 110]]);
  });

  it('passes an event of a kept side on alone when the time is past its window and the grace, never twice', () => {
    const join = new JoinBench('left', 10, 10, 5);
    join.left('k', 'A', 100);
    join.left('k', 'B', 101);
    join.right('k', 'a', 111);
    expect(join.right('x', 'b', 115)).toEqual([]);
    expect(join.right('x', 'c', 116)).toEqual([['k', '[A,-]', 100]]);
    expect(join.right('x', 'd', 500)).toEqual([]);
    expect(join.stores.unmatched.size).toBe(0);
  });

  it('passes on by time, at the same time right before left, then by key, before the matches of the event', () => {
    const join = new JoinBench('outer', 10, 10, 0);
    join.left('b', 'B', 2);
    join.left('a', 'A', 2);
    join.left('c', 'C', 1);
    join.right('z', 'z', 2);
    join.left('a', 'A2', 2);
    join.right('m', 'm', 12);
    expect(join.left('m', 'M', 13).map(([, pair]) => pair)).toEqual(['[-,z]', '[A,-]', '[A2,-]', '[B,-]', '[M,m]']);
  });

  it('passes on an event that comes after its window at once, unless something matches it', () => {
    const join = new JoinBench('left', 10, 10, 0);
    join.right('k', 'a', 95);
    join.left('x', 'X', 100);
    expect(join.left('k', 'A', 84)).toEqual([['k', '[A,-]', 84]]);
    expect(join.left('k', 'B', 85)).toEqual([['k', '[B,a]', 95]]);
    expect(join.left('k', 'C', 89)).toEqual([['k', '[C,a]', 95]]);
  });

  it('looks for what is unmatched only when an event comes that is not behind', () => {
    const join = new JoinBench('left', 10, 10, 0);
    join.left('k', 'A', 0);
    expect(join.right('k', null, 50)).toEqual([]);
    expect(join.right('x', 'a', 49)).toEqual([]);
    expect(join.right('x', 'b', 50)).toEqual([['k', '[A,-]', 0]]);
  });

  it('takes no event without a key into a join; of a kept side it is passed on alone', () => {
    const inner = new JoinBench('inner', 10, 10, 0);
    expect(inner.left(NO_KEY, 'A', 1)).toEqual([]);
    expect(inner.right(NO_KEY, 'a', 1)).toEqual([]);
    expect(inner.rows).toBe(0);
    const left = new JoinBench('left', 10, 10, 0);
    expect(left.left(NO_KEY, 'A', 1)).toEqual([[NO_KEY, '[A,-]', 1]]);
    expect(left.right(NO_KEY, 'a', 1)).toEqual([]);
    const outer = new JoinBench('outer', 10, 10, 0);
    expect(outer.right(NO_KEY, 'a', 1)).toEqual([[NO_KEY, '[-,a]', 1]]);
    expect(outer.right(NO_KEY, null, 2)).toEqual([]);
    expect(outer.rows).toBe(0);
  });

  it('keeps its stores bounded: what is forgotten goes', () => {
    const join = new JoinBench('outer', 50, 50, 100);
    let most = 0;
    for (let time = 0; time < 20_000; time += 5) {
      join.left(`l${time % 77}`, 'A', time);
      join.right(`r${time % 91}`, 'a', time);
      most = Math.max(most, join.rows);
    }
    // 200 ms of events, what lies in the same spans, and as much again until the next sweep.
    expect(most).toBeLessThan(400);
  });

  it('writes as much for an event of a key that has thousands as for one that has few', () => {
    const join = new JoinBench('outer', 1000, 1000, 0);
    const written: number[] = [];
    for (const store of Object.values(join.stores)) {
      const put = store.put.bind(store);
      store.put = (key, value, time) => {
        written.push((value as unknown[]).length);
        put(key, value, time);
      };
    }
    for (let i = 0; i < 3000; i++) {
      written.length = 0;
      join.left('hot', `e${i}`, 5000);
      expect(written.length).toBeLessThanOrEqual(4);
      expect(Math.max(...written)).toBeLessThanOrEqual(33);
    }
    expect(join.right('hot', 'a', 5000).map(([, pair]) => pair)).toEqual(
      Array.from({ length: 3000 }, (_, i) => `[e${i},a]`),
    );
    expect(join.stores.unmatched.size).toBe(0);
  });

  it('begins a row with a large event, so that no row holds two', () => {
    const join = new JoinBench('inner', 10, 10, 0);
    const large = 'x'.repeat(5000);
    for (const event of ['a', large, 'b', large]) join.left('k', event, 1);
    const sizes = join.stores.left.rows().map(([, row]) => JSON.stringify(row).length);
    expect(Math.max(...sizes)).toBeLessThan(6000);
    expect(join.right('k', 'z', 1).map(([, pair]) => pair.length)).toEqual([5, 5004, 5, 5004]);
  });
});
