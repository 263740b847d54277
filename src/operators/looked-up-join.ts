// data plane
import { NO_KEY, type Operator } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import { selectedKey } from './selected-key.ts';
import type { EventJoiner } from './stream-table-join.ts';
import type { TableReader } from './table-reader.ts';
import { isThenable, refuseResult } from './user-result.ts';

/** Key of the row that goes with an event; `null`: none does. */
export type LookupKey = (event: unknown, context: Context) => unknown;

/** Joins each event with a row of a table that is there in every partition, under a key that the event names. */
export class LookedUpJoinOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #table: TableReader;
  readonly #lookupKey: LookupKey;
  readonly #joiner: EventJoiner;
  readonly #isLeft: boolean;
  readonly #output: Operator;

  constructor(
    name: string,
    context: OperatorContext,
    table: TableReader,
    lookupKey: LookupKey,
    joiner: EventJoiner,
    isLeft: boolean,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#table = table;
    this.#lookupKey = lookupKey;
    this.#joiner = joiner;
    this.#isLeft = isLeft;
    this.#output = output;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    if (event === null) return;
    const context = this.#context;
    context.enter(this.#name, time);
    const rowKey = selectedKey(this.#name, this.#lookupKey(event, context));
    context.running = '';
    const row = rowKey === NO_KEY ? undefined : this.#table.get(rowKey, time);
    if (row === undefined && !this.#isLeft) return;
    context.enter(this.#name, time);
    const joined = this.#joiner(event, row === undefined ? null : row, context);
    if (joined === undefined || isThenable(joined)) refuseResult(this.#name, joined, 'the joined value');
    context.running = '';
    this.#output.push(key, joined, undefined, time);
  }
}
