// data plane
import type { Adder, Initializer } from './aggregate.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import type { Reducer } from './reduce.ts';
import { isThenable, refuseResult } from './user-result.ts';

/** How the events of a window become its row. The caller sets `context.running`: these run what the user wrote. */
export interface WindowFold {
  /** Whether an event without a value is folded; if not, it is passed over. */
  readonly takesNull: boolean;
  /** The state of a window that has no event yet; `undefined` if there can be none. */
  empty(): unknown;
  add(state: unknown, event: unknown): unknown;
  /** The state of two sessions that have become one; `earlier` may be what `empty` said. */
  merge(earlier: unknown, later: unknown): unknown;
}

/** How many events. */
export class CountFold implements WindowFold {
  readonly takesNull = true;

  empty(): unknown {
    return 0;
  }

  add(state: unknown): unknown {
    return (state as number) + 1;
  }

  merge(earlier: unknown, later: unknown): unknown {
    return (earlier as number) + (later as number);
  }
}

/** A value of the events' own type. */
export class ReduceFold implements WindowFold {
  readonly takesNull = false;
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #reducer: Reducer;

  constructor(name: string, context: OperatorContext, reducer: Reducer) {
    this.#name = name;
    this.#context = context;
    this.#reducer = reducer;
  }

  empty(): unknown {
    return undefined;
  }

  add(state: unknown, event: unknown): unknown {
    if (state === undefined) return event;
    const next = this.#reducer(state, event, this.#context);
    if (next === undefined || next === null || isThenable(next)) refuseResult(this.#name, next, 'the reduced value');
    return next;
  }

  merge(earlier: unknown, later: unknown): unknown {
    return this.add(earlier, later);
  }
}

export type Merger = (earlier: unknown, later: unknown, context: Context) => unknown;

/** A state of any type. */
export class AggregateFold implements WindowFold {
  readonly takesNull: boolean;
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #initial: Initializer;
  readonly #add: Adder;
  readonly #merge: Merger | undefined;

  /** @param merge for windows that merge; no other asks for it */
  constructor(
    name: string,
    context: OperatorContext,
    initial: Initializer,
    add: Adder,
    merge: Merger | undefined,
    takesNull: boolean,
  ) {
    this.#name = name;
    this.#context = context;
    this.#initial = initial;
    this.#add = add;
    this.#merge = merge;
    this.takesNull = takesNull;
  }

  empty(): unknown {
    return this.#initial();
  }

  add(state: unknown, event: unknown): unknown {
    return this.#checked(this.#add(state, event, this.#context), 'the next state');
  }

  merge(earlier: unknown, later: unknown): unknown {
    return this.#checked((this.#merge as Merger)(earlier, later, this.#context), 'the merged state');
  }

  #checked(state: unknown, expected: string): unknown {
    if (state === undefined || state === null || isThenable(state)) refuseResult(this.#name, state, expected);
    return state;
  }
}
