import { describe, expect, it } from 'vitest';
import { AggregateOperator } from '../../src/operators/aggregate.ts';
import { CountOperator } from '../../src/operators/count.ts';
import { ReduceOperator } from '../../src/operators/reduce.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';
import { contextAt, Recorder } from './fixtures.ts';

describe('CountOperator.push', () => {
  it('counts the events of each key', () => {
    const [store, output] = [new MemoryStore(), new Recorder()];
    const count = new CountOperator(store, output);
    count.push('a', 'x', undefined, 1);
    count.push('b', 'x', undefined, 2);
    count.push('a', 'x', undefined, 3);
    expect(output.take()).toEqual([
      ['a', 1, undefined, 1],
      ['b', 1, undefined, 2],
      ['a', 2, 1, 3],
    ]);
    expect(store.rows()).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });
});

describe('ReduceOperator.push', () => {
  it('keeps the first event as it is and folds the later ones into it', () => {
    const [store, output] = [new MemoryStore(), new Recorder()];
    const reduce = new ReduceOperator('max', contextAt(), store, (a, b) => Math.max(a as number, b as number), output);
    for (const [time, value] of [3, 7, 5].entries()) reduce.push('a', value, undefined, time);
    expect(output.take()).toEqual([
      ['a', 3, undefined, 0],
      ['a', 7, 3, 1],
      ['a', 7, 7, 2],
    ]);
    expect(store.rows()).toEqual([['a', 7]]);
  });

  it('refuses nothing as a result and stores nothing', () => {
    const [store, output] = [new MemoryStore(), new Recorder()];
    const reduce = new ReduceOperator('odd', contextAt(), store, () => null, output);
    reduce.push('a', 1, undefined, 1);
    output.take();
    expect(() => reduce.push('a', 2, undefined, 2)).toThrow(
      'operator=odd reason=returned null; expected the reduced value',
    );
    expect(store.rows()).toEqual([['a', 1]]);
    expect(output.take()).toEqual([]);
  });
});

describe('AggregateOperator.push', () => {
  const add = (state: unknown, event: unknown): number[] => [...(state as number[]), event as number];

  it('folds from the initial state on, made anew for each key', () => {
    const [store, output] = [new MemoryStore(), new Recorder()];
    let made = 0;
    const initial = (): number[] => {
      made += 1;
      return [];
    };
    const aggregate = new AggregateOperator('all', contextAt(), store, initial, add, output);
    aggregate.push('a', 1, undefined, 1);
    aggregate.push('a', 2, undefined, 2);
    aggregate.push('b', 3, undefined, 3);
    expect(made).toBe(2);
    expect(output.take()).toEqual([
      ['a', [1], undefined, 1],
      ['a', [1, 2], [1], 2],
      ['b', [3], undefined, 3],
    ]);
    expect(store.rows()).toEqual([
      ['a', [1, 2]],
      ['b', [3]],
    ]);
  });

  it.each([[undefined], [null], [Promise.resolve([])]])('refuses %s as a state', (state) => {
    const store = new MemoryStore();
    const aggregate = new AggregateOperator(
      'odd',
      contextAt(),
      store,
      () => 0,
      () => state,
      new Recorder(),
    );
    expect(() => aggregate.push('a', 1, undefined, 1)).toThrow('operator=odd reason=returned');
    expect(store.size).toBe(0);
  });
});
