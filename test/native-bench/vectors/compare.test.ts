import { describe, expect, it } from 'vitest';
import { compare, type Difference } from '../../../native-bench/vectors/compare.ts';
import type { Row } from '../../../native-bench/vectors/row.ts';
import { expectedRow } from '../../../native-bench/vectors/row.ts';
import type { ExpectedRow, Order, Vector } from '../../../native-bench/vectors/vector.ts';

/** Rows that come out of three inputs; the second brings two about. */
const ROWS: readonly Row[] = [row('a', 1, 10, 0), row('b', 2, 20, 1), row('a', 3, 21, 1), row('b', 4, 30, 2)];
const WINDOWED: readonly Row[] = [
  { ...row('a', 1, 10, 0), window: { start: 0, end: 20 } },
  { ...row('a', 1, 15, 1), window: { start: 10, end: 30 } },
  { ...row('a', 2, 15, 1), window: { start: 0, end: 20 } },
];

function row(key: string | null, value: unknown, ts: number, afterInput: number, output = 'out'): Row {
  return { output, key, value, ts, afterInput };
}

function differ(
  order: Order,
  expected: readonly ExpectedRow[],
  observed: readonly Row[],
  rest: Partial<Vector> = {},
): Difference | null {
  const vector: Vector = {
    id: 'x',
    family: 'f',
    title: '',
    semantics: '',
    operator: { kind: 'k' },
    inputs: [],
    expected,
    order,
    ...rest,
  };
  return compare(vector, expected.map(expectedRow), observed);
}

function changed(rows: readonly Row[], index: number, change: Partial<Row>): Row[] {
  return rows.map((one, at) => (at === index ? { ...one, ...change } : one));
}

function swapped(rows: readonly Row[], a: number, b: number): Row[] {
  return rows.map((one, at) => rows[at === a ? b : at === b ? a : at] ?? one);
}

const WHOLE_ORDERS = ['total', 'perInput', 'perWindow', 'multiset', 'set'] as const;

describe.each(WHOLE_ORDERS)('compare by %s', (order) => {
  it('finds equal rows equal', () => {
    expect(differ(order, ROWS, ROWS)).toBeNull();
    expect(differ(order, WINDOWED, WINDOWED)).toBeNull();
    expect(differ(order, [], [])).toBeNull();
  });

  it('notices another value, key, window, output, and a number for text', () => {
    for (const change of [{ value: 9 }, { value: '3' }, { value: null }, { key: 'c' }, { key: null }, { output: 'o' }])
      expect(differ(order, ROWS, changed(ROWS, 2, change)), JSON.stringify(change)).not.toBeNull();
    expect(differ(order, WINDOWED, changed(WINDOWED, 1, { window: { start: 10, end: 29 } }))).not.toBeNull();
    expect(differ(order, ROWS, changed(ROWS, 2, { window: { start: 0, end: 1 } }))).not.toBeNull();
  });

  it('notices a missing row, one too many, and rows where none should be', () => {
    expect(differ(order, ROWS, ROWS.slice(0, 3))).toMatchObject({ expected: { key: 'b', value: 4 }, observed: null });
    const more = row('c', 5, 30, 2);
    expect(differ(order, ROWS, [...ROWS, more])).toMatchObject({ expected: null, observed: more });
    expect(differ(order, [], [more])).toMatchObject({ expected: null, observed: more });
  });

  it('notices another time, unless the row leaves it open', () => {
    const late = changed(ROWS, 2, { ts: 22 });
    expect(differ(order, ROWS, late)).not.toBeNull();
    const open = ROWS.map(({ ts: _, ...rest }) => rest);
    expect(differ(order, open, late)).toBeNull();
  });
});

describe('compare', () => {
  it('by total takes rows in one order only, each after its input', () => {
    expect(differ('total', ROWS, swapped(ROWS, 1, 2))).toMatchObject({ where: 'row 1' });
    expect(differ('total', ROWS, changed(ROWS, 2, { afterInput: 2 }))).not.toBeNull();
    const open = ROWS.map(({ afterInput: _, ...rest }) => rest);
    expect(differ('total', open, changed(ROWS, 2, { afterInput: 2 }))).toBeNull();
  });

  it('takes numbers for keys as text', () => {
    expect(differ('total', [{ key: 7, value: 1 }], [row('7', 1, 0, 0)])).toBeNull();
    expect(differ('total', [{ key: null, value: 1 }], [row('null', 1, 0, 0)])).not.toBeNull();
    expect(differ('total', [{ key: null, value: 1 }], [row(null, 1, 0, 0)])).toBeNull();
  });

  it('per output keeps the order of each output alone', () => {
    const rows = [row('a', 1, 0, 0, 'x'), row('a', 2, 0, 0, 'y'), row('a', 3, 0, 0, 'x')];
    expect(differ('total', rows, swapped(rows, 0, 1))).not.toBeNull();
    expect(differ('total', rows, swapped(rows, 0, 1), { perOutput: true })).toBeNull();
    expect(differ('total', rows, swapped(rows, 0, 2), { perOutput: true })).not.toBeNull();
    expect(differ('total', rows, [...rows, row('a', 1, 0, 0, 'z')], { perOutput: true })).not.toBeNull();
  });

  it('by perInput takes any order within an input, and none across', () => {
    expect(differ('perInput', ROWS, swapped(ROWS, 1, 2))).toBeNull();
    expect(differ('perInput', ROWS, changed(ROWS, 2, { afterInput: 2 }))).not.toBeNull();
    const twice = [...ROWS, ROWS[3] as Row];
    expect(differ('perInput', ROWS, twice)).not.toBeNull();
    expect(differ('perInput', twice, twice)).toBeNull();
  });

  it('by perWindow keeps the sequence of a key and window alone', () => {
    expect(differ('perWindow', WINDOWED, swapped(WINDOWED, 1, 2))).toBeNull();
    expect(differ('perWindow', WINDOWED, swapped(WINDOWED, 0, 2))).not.toBeNull();
    expect(differ('perWindow', ROWS, swapped(ROWS, 1, 3))).not.toBeNull();
  });

  it('by multiset takes any order after any input, and counts', () => {
    const rows = changed(swapped(ROWS, 0, 3), 1, { afterInput: 0 });
    expect(differ('multiset', ROWS, rows)).toBeNull();
    expect(differ('multiset', ROWS, [...rows, rows[0] as Row])).not.toBeNull();
  });

  it('by multiset gives a row that says less what no other needs', () => {
    const open: ExpectedRow = { key: 'a', value: 1 };
    const closed: ExpectedRow = { key: 'a', value: 1, ts: 10 };
    expect(differ('multiset', [open, closed], [row('a', 1, 10, 0), row('a', 1, 11, 0)])).toBeNull();
    expect(differ('multiset', [closed, closed], [row('a', 1, 10, 0), row('a', 1, 11, 0)])).not.toBeNull();
  });

  it('by set takes a row of an input once or often', () => {
    expect(differ('set', ROWS, [...swapped(ROWS, 1, 2), ROWS[3] as Row])).toBeNull();
    expect(differ('set', ROWS, changed(ROWS, 2, { afterInput: 0 }))).not.toBeNull();
  });

  it('by lastPerKeyWindow looks at the last row of what is listed alone', () => {
    const listed = [{ key: 'a', value: 2, ts: 15, window: { start: 0, end: 20 }, afterInput: 9 }];
    const other = { ...row('z', 1, 1, 2), window: { start: 0, end: 20 } };
    expect(differ('lastPerKeyWindow', listed, [...WINDOWED, other])).toBeNull();
    expect(differ('lastPerKeyWindow', listed, swapped(WINDOWED, 0, 2))).not.toBeNull();
    expect(differ('lastPerKeyWindow', listed, changed(WINDOWED, 2, { ts: 16 }))).not.toBeNull();
    expect(differ('lastPerKeyWindow', listed, [other])).toMatchObject({ observed: null });
  });

  it('by lastPerKeyAtCheckpoint looks at the last value of each key between two checkpoints', () => {
    const order = 'lastPerKeyAtCheckpoint';
    const rest = { checkpoints: [0, 2] };
    // Between 0 and 2, key a ends with 3 and key b with 4.
    const last = [ROWS[0], ROWS[2], ROWS[3]] as Row[];
    expect(differ(order, last, changed(ROWS, 1, { value: 'other', ts: 99 }), rest)).toBeNull();
    expect(differ(order, last, changed(ROWS, 3, { value: 5 }), rest)).not.toBeNull();
    expect(differ(order, last, swapped(ROWS, 1, 3), rest)).not.toBeNull();
    expect(differ(order, last, changed(ROWS, 3, { ts: 99 }), rest)).toBeNull();
    expect(differ(order, last, ROWS.slice(0, 3), rest)).not.toBeNull();
    expect(differ(order, last, [...ROWS, row('c', 1, 1, 2)], rest)).not.toBeNull();
    expect(differ(order, last, [...ROWS, row('c', 1, 1, 3)], rest)).not.toBeNull();
    // What belongs to the first interval must not come in the second.
    expect(differ(order, last, changed(ROWS, 0, { afterInput: 1 }), rest)).not.toBeNull();
  });

  it('holds the final state against what all changes add up to', () => {
    const state = [
      { key: 'a', value: 3, ts: 21 },
      { key: 'b', value: 4 },
    ];
    for (const order of ['final', 'total'] as const) {
      expect(differ(order, ROWS, ROWS, { expectedState: state })).toBeNull();
      expect(differ(order, ROWS, ROWS, { expectedState: state.slice(1) })).not.toBeNull();
      expect(differ(order, ROWS, ROWS, { expectedState: [...state, { key: 'c', value: 1 }] })).not.toBeNull();
      expect(differ(order, ROWS, ROWS, { expectedState: [{ key: 'a', value: 3, ts: 20 }] })).not.toBeNull();
    }
    expect(differ('final', ROWS.slice(2), ROWS, { expectedState: state })).toBeNull();
    const gone = [...ROWS, row('b', null, 40, 2)];
    expect(differ('final', [], gone, { expectedState: state.slice(0, 1) })).toBeNull();
    expect(differ('final', [], gone, { expectedState: state })).not.toBeNull();
    expect(() => differ('final', ROWS, ROWS)).toThrow('needs an expectedState');
  });
});
