// data plane
import type { Adder, Initializer } from './aggregate.ts';
import type { Context } from './operator-context.ts';
import { OperatorError } from './operator-error.ts';
import type { GroupAdder, GroupSubtractor } from './table-aggregate.ts';
import { refuseResult } from './user-result.ts';
import type { Merger } from './window-fold.ts';

/** What of an event is added up, compared, averaged: a finite number. */
export type Measure = (event: unknown, context: Context) => unknown;

export interface NumberFold {
  readonly initial: Initializer;
  readonly add: Adder;
  /** For sessions that become one. */
  readonly merge: Merger;
}

/** What an average is kept as, so that the next event can be taken in. */
export interface Mean {
  readonly sum: number;
  readonly count: number;
}

/** @throws OperatorError for what is no finite number */
export function measureOf(operator: string, measure: Measure, event: unknown, context: Context): number {
  return finiteNumber(operator, measure(event, context));
}

/** @throws OperatorError for what is no finite number */
export function finiteNumber(operator: string, number: unknown): number {
  if (typeof number !== 'number') refuseResult(operator, number, 'a number');
  if (!Number.isFinite(number)) throw new OperatorError(operator, `returned ${number}; expected a finite number`);
  return number;
}

export function sumFold(operator: string, measure: Measure): NumberFold {
  return {
    initial: () => 0,
    add: (sum, event, context) => finite(operator, (sum as number) + measureOf(operator, measure, event, context)),
    merge: (earlier, later) => finite(operator, (earlier as number) + (later as number)),
  };
}

export function minFold(operator: string, measure: Measure): NumberFold {
  return {
    initial: () => Number.POSITIVE_INFINITY,
    add: (least, event, context) => Math.min(least as number, measureOf(operator, measure, event, context)),
    merge: (earlier, later) => Math.min(earlier as number, later as number),
  };
}

export function maxFold(operator: string, measure: Measure): NumberFold {
  return {
    initial: () => Number.NEGATIVE_INFINITY,
    add: (greatest, event, context) => Math.max(greatest as number, measureOf(operator, measure, event, context)),
    merge: (earlier, later) => Math.max(earlier as number, later as number),
  };
}

export function meanFold(operator: string, measure: Measure): NumberFold {
  return {
    initial: (): Mean => ({ sum: 0, count: 0 }),
    add: (mean, event, context): Mean => {
      const { sum, count } = mean as Mean;
      return { sum: finite(operator, sum + measureOf(operator, measure, event, context)), count: count + 1 };
    },
    merge: (earlier, later): Mean => {
      const [a, b] = [earlier as Mean, later as Mean];
      return { sum: finite(operator, a.sum + b.sum), count: a.count + b.count };
    },
  };
}

/** Sum and count of the numbers of a group, as rows bring them and take them away again. */
export function groupMean(operator: string): { initial: Initializer; add: GroupAdder; subtract: GroupSubtractor } {
  return {
    initial: (): Mean => ({ sum: 0, count: 0 }),
    add: (state, number): Mean => {
      const { sum, count } = state as Mean;
      return { sum: finite(operator, sum + (number as number)), count: count + 1 };
    },
    // A group that has lost all rows begins anew: what adding up fractions has rounded goes with them.
    subtract: (state, number): Mean | null => {
      const { sum, count } = state as Mean;
      return count === 1 ? null : { sum: finite(operator, sum - (number as number)), count: count - 1 };
    },
  };
}

function finite(operator: string, sum: number): number {
  if (Number.isFinite(sum)) return sum;
  throw new OperatorError(operator, `its sum is ${sum}, beyond what a number holds`);
}
