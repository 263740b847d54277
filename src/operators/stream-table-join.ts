// data plane
import { NO_KEY, type Operator } from './operator.ts';
import type { Context, OperatorContext } from './operator-context.ts';
import type { TableReader } from './table-reader.ts';
import { isThenable, refuseResult } from './user-result.ts';

/** `row` is null when a left join found none. */
export type EventJoiner = (event: unknown, row: unknown, context: Context) => unknown;

/**
 * Joins each event with the row that the table has under its key at that moment; of a versioned table, with the row of
 * the event's time. Changes of the table bring nothing about by themselves. Events without a value are passed over.
 */
export class StreamTableJoinOperator implements Operator {
  readonly #name: string;
  readonly #context: OperatorContext;
  readonly #table: TableReader;
  readonly #joiner: EventJoiner;
  readonly #isLeft: boolean;
  readonly #output: Operator;

  constructor(
    name: string,
    context: OperatorContext,
    table: TableReader,
    joiner: EventJoiner,
    isLeft: boolean,
    output: Operator,
  ) {
    this.#name = name;
    this.#context = context;
    this.#table = table;
    this.#joiner = joiner;
    this.#isLeft = isLeft;
    this.#output = output;
  }

  push(key: string, event: unknown, _previous: unknown, time: number): void {
    if (event === null) return;
    const row = key === NO_KEY ? undefined : this.#table.get(key, time);
    if (row === undefined && !this.#isLeft) return;
    const context = this.#context;
    context.enter(this.#name, time);
    const joined = this.#joiner(event, row === undefined ? null : row, context);
    if (joined === undefined || isThenable(joined)) refuseResult(this.#name, joined, 'the joined value');
    context.running = '';
    this.#output.push(key, joined, undefined, time);
  }
}
