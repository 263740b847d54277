import type { Initializer } from '../operators/aggregate.ts';
import { type Grouping, GroupRowsOperator } from '../operators/group-rows.ts';
import type { Operator } from '../operators/operator.ts';
import { type GroupAdder, type GroupSubtractor, TableAggregateOperator } from '../operators/table-aggregate.ts';
import { checkFunction, checkName, checkOptions } from './checks.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import type { UserFunction } from './stateless.ts';
import { Table } from './table.ts';

export interface GroupReduceOptions<Value> {
  /** The group's value with one row more. */
  readonly add: (current: Value, value: Value) => Value;
  /** The group's value with one row less; `null`: the group is gone. */
  readonly subtract: (current: Value, value: Value) => Value | null;
}

export interface GroupAggregateOptions<Value, State> {
  /** The state of a group before its first row; called anew for every group. */
  readonly initial: () => State;
  /** The state with one row more. */
  readonly add: (state: State, value: Value) => State;
  /** The state with one row less: undoes what `add` did for it. `null`: the group is gone. */
  readonly subtract: (state: State, value: Value) => State | null;
}

/**
 * The rows of a table by a group of their own, waiting to be folded in the partition of the group. A row that changes is
 * taken out of its group and put into its new one; the functions see the row alone.
 */
export class GroupedTable<Value> {
  declare readonly '~value': Value;
  readonly #graph: TopologyGraph;
  readonly #port: Port;
  readonly #grouping: UserFunction;

  constructor(graph: TopologyGraph, port: Port, grouping: UserFunction) {
    this.#graph = graph;
    this.#port = port;
    this.#grouping = grouping;
  }

  /** How many rows each group has; 0 for one that has lost all of them. */
  count(name: string): Table<number> {
    return this.#fold('count', name, {
      initial: () => 0,
      add: (count: number) => count + 1,
      subtract: (count: number) => count - 1,
    });
  }

  /** One value of the rows' own kind per group; the first stands as it is. */
  reduce(name: string, options: GroupReduceOptions<Value>): Table<Value> {
    checkOptions(this.#graph, labelOf({ kind: 'reduce', name }), options, ['add', 'subtract']);
    return this.#fold('reduce', name, { ...options, initial: null });
  }

  /** A state of any type per group. */
  aggregate<State>(name: string, options: GroupAggregateOptions<Value, State>): Table<State> {
    const label = labelOf({ kind: 'aggregate', name });
    checkOptions(this.#graph, label, options, ['initial', 'add', 'subtract']);
    checkFunction(this.#graph, label, 'initial', options?.initial, '() => state');
    return this.#fold('aggregate', name, { ...options });
  }

  #fold<Row>(
    kind: string,
    name: string,
    { initial, add, subtract }: { initial?: unknown; add?: unknown; subtract?: unknown },
  ): Table<Row> {
    const graph = this.#graph;
    const grouping = this.#grouping;
    const label = labelOf({ kind, name });
    checkName(graph, kind, name);
    checkFunction(graph, label, 'group', grouping, '(row, key) => [group, value] | null');
    checkFunction(graph, label, 'add', add, '(state, value) => state');
    checkFunction(graph, label, 'subtract', subtract, '(state, value) => state | null');
    const port = graph.add({
      kind,
      name,
      inputs: [this.#port],
      emits: 'table',
      stores: [name],
      timedStores: [name],
      hops: 1,
      settings: { grouping, initial, add, subtract },
      open: ({ name: operator, context, store, outputs, moved }) => {
        const fold = new TableAggregateOperator(
          operator,
          context,
          store(0),
          initial as Initializer | null,
          add as GroupAdder,
          subtract as GroupSubtractor,
          outputs[0] as Operator,
        );
        return [new GroupRowsOperator(operator, context, grouping as Grouping, moved(0, fold))];
      },
    });
    return new Table(graph, port);
  }
}
