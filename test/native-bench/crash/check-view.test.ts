import { describe, expect, it } from 'vitest';
import { checkView } from '../../../native-bench/crash/check-view.ts';

const EXPECTED = new Map([
  ['a', { orders: 2 }],
  ['b', { orders: 1 }],
]);
const ROWS = [
  { key: 'a', value: { orders: 2 } },
  { key: 'b', value: { orders: 1 } },
];

describe('checkView', () => {
  it('accepts the rows of the fold', () => {
    expect(checkView('v', EXPECTED, ROWS)).toEqual([]);
  });

  it.each([
    ['a wrong value', [ROWS[0], { key: 'b', value: { orders: 2 } }]],
    ['a missing row', [ROWS[0]]],
    ['a row too many', [...ROWS, { key: 'c', value: { orders: 1 } }]],
    ['a row listed twice', [...ROWS, ROWS[0]]],
  ])('reports %s', (_, rows) => {
    expect(checkView('v', EXPECTED, rows as typeof ROWS).map((violation) => violation.kind)).toEqual(['view']);
  });

  it('compares only what is picked of a row', () => {
    const rows = ROWS.map(({ key, value }) => ({ key, value: { ...value, lastAt: 5 } }));
    const pick = (value: unknown): unknown => ({ orders: (value as { orders: number }).orders });
    expect(checkView('v', EXPECTED, rows, pick)).toEqual([]);
    expect(checkView('v', EXPECTED, rows)).toHaveLength(2);
  });
});
