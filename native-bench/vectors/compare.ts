import { expectedRow, keyAndWindow, lastRows, matches, type Row, rowText, withoutInput, withoutTime } from './row.ts';
import type { Vector } from './vector.ts';

/** The first row that is not as it must be. */
export interface Difference {
  /** Which row: of which output, input, window. */
  readonly where: string;
  /** null: there should be none */
  readonly expected: Row | null;
  /** null: it did not come */
  readonly observed: Row | null;
}

/**
 * Holds what came out against what must, by the vector's `order`.
 *
 * | order | what must be equal |
 * |---|---|
 * | `total` | the sequence of rows |
 * | `perInput` | for each input, its rows in any order |
 * | `perWindow` | for each key and window, its sequence of rows |
 * | `multiset` | all rows in any order, whichever input brought them about |
 * | `set` | for each input, the different rows in any order |
 * | `final` | `expectedState` alone |
 * | `lastPerKeyWindow` | value and time of the last row of every key and window that is listed |
 * | `lastPerKeyAtCheckpoint` | between two checkpoints, the last value of every key |
 *
 * With `perOutput`, for each output by itself. `expectedState`, where it is given, must be what all changes add up to.
 *
 * @param expected the vector's rows, or what is left of them
 * @param observed in the order in which they came out, each with `ts` and `afterInput`
 */
export function compare(vector: Vector, expected: readonly Row[], observed: readonly Row[]): Difference | null {
  const { order, perOutput, expectedState } = vector;
  if (order !== 'final') {
    const rule = RULES[order];
    const difference =
      perOutput === true
        ? byGroup(
            'output',
            expected,
            observed,
            (row) => row.output,
            (a, b) => rule(a, b, vector),
          )
        : rule(expected, observed, vector);
    if (difference !== null) return difference;
  } else if (expectedState === undefined) {
    throw new Error(`id=${vector.id} order=final needs an expectedState`);
  }
  return expectedState === undefined ? null : compareState(expectedState.map(expectedRow), observed);
}

type Rule = (expected: readonly Row[], observed: readonly Row[], vector: Vector) => Difference | null;

const RULES: Record<Exclude<Vector['order'], 'final'>, Rule> = {
  total: sequence,
  perInput: (expected, observed) => byGroup('input', expected, observed, inputOf, multiset),
  perWindow: (expected, observed) => byGroup('window', expected, observed, keyAndWindow, sequence),
  multiset: (expected, observed) => multiset(expected.map(withoutInput), observed),
  set: (expected, observed) =>
    byGroup('input', expected, observed, inputOf, (a, b) => multiset(distinct(a), distinct(b))),
  lastPerKeyWindow: (expected, observed) => {
    const last = new Map(lastRows(observed).map((row) => [keyAndWindow(row), row]));
    for (const row of expected) {
      const found = last.get(keyAndWindow(row)) ?? null;
      if (found === null || !matches(withoutInput(row), found))
        return { where: 'last row of its window', expected: row, observed: found };
    }
    return null;
  },
  lastPerKeyAtCheckpoint: (expected, observed, { checkpoints = [] }) => {
    const interval = ({ afterInput = 0 }: Row): string => {
      const index = checkpoints.findIndex((checkpoint) => afterInput <= checkpoint);
      return index === -1 ? 'after the last' : String(checkpoints[index]);
    };
    return byGroup('checkpoint', expected, observed, interval, (a, b) =>
      multiset(lastRows(a).map(withoutInput).map(withoutTime), lastRows(b)),
    );
  },
};

function compareState(expected: readonly Row[], observed: readonly Row[]): Difference | null {
  const state = lastRows(observed).filter((row) => row.value !== null);
  const difference = multiset(expected.map(withoutInput), state);
  return difference === null ? null : { ...difference, where: `final state, ${difference.where}` };
}

function sequence(expected: readonly Row[], observed: readonly Row[]): Difference | null {
  for (let index = 0; index < Math.max(expected.length, observed.length); index++) {
    const [left = null, right = null] = [expected[index], observed[index]];
    if (left === null || right === null || !matches(left, right))
      return { where: `row ${index}`, expected: left, observed: right };
  }
  return null;
}

function multiset(expected: readonly Row[], observed: readonly Row[]): Difference | null {
  const left = [...observed];
  const missing: Row[] = [];
  // Those that say more first, so that one that says less does not take what only they fit.
  for (const row of [...expected].sort((a, b) => pinned(b) - pinned(a))) {
    const index = left.findIndex((candidate) => matches(row, candidate));
    if (index === -1) missing.push(row);
    else left.splice(index, 1);
  }
  if (missing.length === 0 && left.length === 0) return null;
  return { where: `one of ${expected.length} rows`, expected: missing[0] ?? null, observed: left[0] ?? null };
}

function pinned(row: Row): number {
  return (row.ts === undefined ? 0 : 1) + (row.afterInput === undefined ? 0 : 1);
}

function distinct(rows: readonly Row[]): Row[] {
  return rows.filter((row, index) => rows.findIndex((other) => rowText(other) === rowText(row)) === index);
}

function inputOf(row: Row): string {
  if (row.afterInput === undefined) throw new Error(`row=${rowText(row)} does not say after which input it comes`);
  return String(row.afterInput);
}

/** Compares the groups of both sides one by one: first those that are expected, then those that are not. */
function byGroup(
  name: string,
  expected: readonly Row[],
  observed: readonly Row[],
  groupOf: (row: Row) => string,
  rule: (expected: readonly Row[], observed: readonly Row[]) => Difference | null,
): Difference | null {
  const groups = new Set([...expected, ...observed].map(groupOf));
  for (const group of groups) {
    const inGroup = (row: Row): boolean => groupOf(row) === group;
    const difference = rule(expected.filter(inGroup), observed.filter(inGroup));
    if (difference !== null) return { ...difference, where: `${name} ${group}, ${difference.where}` };
  }
  return null;
}
