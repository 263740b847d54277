// data plane
import { type Measure, measureOf } from './number-folds.ts';
import type { OperatorContext } from './operator-context.ts';
import type { WindowFold } from './window-fold.ts';

/** An event among the first of its window. */
export interface RankedArrival {
  readonly measure: number;
  /** Of the log, so that of two states it can be told which event came first. */
  readonly offset: number;
  readonly event: unknown;
}

/** The events of a window with the greatest measures, the greatest first; of equal ones, those that came first. */
export class TopNFold implements WindowFold {
  readonly takesNull = false;
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #n: number;
  readonly #measure: Measure;

  constructor(name: string, context: OperatorContext, n: number, measure: Measure) {
    this.#name = name;
    this.#context = context;
    this.#n = n;
    this.#measure = measure;
  }

  empty(): unknown {
    return NONE;
  }

  add(state: unknown, event: unknown): unknown {
    const first = state as readonly RankedArrival[];
    const measure = measureOf(this.#name, this.#measure, event, this.#context);
    let at = first.length;
    while (at > 0 && (first[at - 1] as RankedArrival).measure < measure) at--;
    if (at === this.#n) return first;
    const next = first.slice();
    next.splice(at, 0, { measure, offset: this.#context.offset, event });
    if (next.length > this.#n) next.pop();
    return next;
  }

  merge(earlier: unknown, later: unknown): unknown {
    const one = earlier as readonly RankedArrival[];
    const other = later as readonly RankedArrival[];
    const merged: RankedArrival[] = [];
    let at = 0;
    let otherAt = 0;
    while (merged.length < this.#n && (at < one.length || otherAt < other.length)) {
      const [a, b] = [one[at], other[otherAt]];
      if (b === undefined || (a !== undefined && isAhead(a, b))) {
        merged.push(a as RankedArrival);
        at++;
      } else {
        merged.push(b);
        otherAt++;
      }
    }
    return merged;
  }
}

function isAhead(a: RankedArrival, b: RankedArrival): boolean {
  return a.measure !== b.measure ? a.measure > b.measure : a.offset <= b.offset;
}

const NONE: readonly RankedArrival[] = [];
