import { describe, expect, it } from 'vitest';
import { ToTableOperator, type UpdateRule } from '../../src/operators/to-table.ts';
import { MemoryStore } from '../../src/testing/memory-store.ts';
import { contextAt, Recorder } from './fixtures.ts';

function table(rule: UpdateRule | null): { store: MemoryStore; output: Recorder; operator: ToTableOperator } {
  const [store, output] = [new MemoryStore(), new Recorder()];
  return { store, output, operator: new ToTableOperator('table', contextAt(), store, rule, output) };
}

describe('ToTableOperator.push', () => {
  it('inserts, updates and deletes as the rule says', () => {
    const { store, output, operator } = table((_, event) => (event === 'gone' ? null : { was: event }));
    operator.push('a', 'x', undefined, 1);
    operator.push('b', 'x', undefined, 2);
    operator.push('a', 'y', undefined, 3);
    operator.push('a', 'gone', undefined, 4);
    expect(output.take()).toEqual([
      ['a', { was: 'x' }, undefined, 1],
      ['b', { was: 'x' }, undefined, 2],
      ['a', { was: 'y' }, { was: 'x' }, 3],
      ['a', undefined, { was: 'y' }, 4],
    ]);
    expect(store.rows()).toEqual([['b', { was: 'x' }]]);
  });

  it('gives the rule the row, or null when there is none', () => {
    const seen: unknown[] = [];
    const { operator } = table((current, event) => {
      seen.push(current);
      return event;
    });
    operator.push('a', 1, undefined, 1);
    operator.push('a', 2, undefined, 2);
    expect(seen).toEqual([null, 1]);
  });

  it('passes nothing on when the rule returns what it was given', () => {
    const { store, output, operator } = table((current) => current);
    operator.push('a', 1, undefined, 1);
    store.put('b', 'row');
    operator.push('b', 1, undefined, 2);
    expect(output.take()).toEqual([]);
    expect(store.rows()).toEqual([['b', 'row']]);
  });

  it('without a rule keeps the latest event, and takes one that says the same again for an update', () => {
    const { store, output, operator } = table(null);
    operator.push('a', 'x', undefined, 1);
    operator.push('a', 'x', undefined, 4);
    operator.push('a', 'y', undefined, 3);
    operator.push('b', null, undefined, 5);
    expect(output.take()).toEqual([
      ['a', 'x', undefined, 1],
      ['a', 'x', 'x', 4],
      ['a', 'y', 'x', 3],
    ]);
    expect([store.get('a'), store.time]).toEqual(['y', 3]);
    operator.push('a', null, undefined, 6);
    expect(output.take()).toEqual([['a', undefined, 'y', 6]]);
    expect(store.size).toBe(0);
  });

  it.each([
    [undefined, 'returned undefined; expected the next row, or null to delete it'],
    [Promise.resolve(null), 'returned a promise'],
  ])('refuses %s as a row', (row, reason) => {
    const { store, operator } = table(() => row);
    expect(() => operator.push('a', 1, undefined, 1)).toThrow(`operator=table reason=${reason}`);
    expect(store.size).toBe(0);
  });
});
