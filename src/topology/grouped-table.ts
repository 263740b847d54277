import type { Initializer } from '../operators/aggregate.ts';
import { type Grouping, GroupRowsOperator } from '../operators/group-rows.ts';
import { type GroupMeasure, measuredGroups, rankedGroups, upcastRankedRows } from '../operators/measured-groups.ts';
import { groupMean, type Mean } from '../operators/number-folds.ts';
import type { Operator } from '../operators/operator.ts';
import { type GroupAdder, type GroupSubtractor, TableAggregateOperator } from '../operators/table-aggregate.ts';
import { TableExtremeOperator } from '../operators/table-extreme.ts';
import { TableTopNOperator } from '../operators/table-top-n.ts';
import { MAX_TOP } from '../operators/top-n.ts';
import { checkFunction, checkName, checkOptions, checkWhole } from './checks.ts';
import { EVOLUTION_OPTIONS, type Evolution, evolutionOf, inside, type StoreEvolution } from './evolution.ts';
import { labelOf, type NodeDefinition, type OpenSite, type Port, type TopologyGraph } from './graph.ts';
import { addValuesOfRanked, listsOfEvents } from './ranked-events.ts';
import type { UserFunction } from './stateless.ts';
import { Table } from './table.ts';

export interface GroupReduceOptions<Value> {
  /** The group's value with one row more. */
  readonly add: (current: Value, value: Value) => Value;
  /** The group's value with one row less; `null`: the group is gone. */
  readonly subtract: (current: Value, value: Value) => Value | null;
}

export interface GroupAggregateOptions<Value, State> extends Evolution {
  /** The state of a group before its first row; called anew for every group. */
  readonly initial: () => State;
  /** The state with one row more. */
  readonly add: (state: State, value: Value) => State;
  /** The state with one row less: undoes what `add` did for it. `null`: the group is gone. */
  readonly subtract: (state: State, value: Value) => State | null;
}

/** A number of what a row brings to its group; it depends on that alone, for it is asked again when the row goes. */
export type RowMeasure<Value> = (value: Value) => number;

/**
 * The rows of a table by a group of their own, waiting to be folded in the partition of the group. A row that changes is
 * taken out of its group and put into its new one; the functions see the row alone.
 */
export class GroupedTable<Value> {
  declare readonly '~value': Value;
  readonly #graph: TopologyGraph;
  readonly #port: Port;
  readonly #grouping: UserFunction;
  readonly #values: StoreEvolution | null;

  /** @param values the versions of what the rows bring; null: nobody has said anything of them */
  constructor(graph: TopologyGraph, port: Port, grouping: UserFunction, values: StoreEvolution | null = null) {
    this.#graph = graph;
    this.#port = port;
    this.#grouping = grouping;
    this.#values = values;
  }

  /** Says that the form of what the rows bring to their groups has changed, and how what is kept becomes what it is now. */
  withEvolution(evolution: Evolution): GroupedTable<Value> {
    const graph = this.#graph;
    const label = `groupBy of ${labelOf(graph.node(this.#port))}`;
    checkOptions(graph, label, evolution, EVOLUTION_OPTIONS);
    if (this.#values !== null) {
      graph.complain(label, 'withEvolution says again what form its values have', 'leave one of both out');
    }
    return new GroupedTable(graph, this.#port, this.#grouping, evolutionOf(graph, label, evolution));
  }

  /** How many rows each group has; 0 for one that has lost all of them. */
  count(name: string): Table<number, 'plain'> {
    return this.#fold('count', name, {
      initial: () => 0,
      add: (count: number) => count + 1,
      subtract: (count: number) => count - 1,
    });
  }

  /** One value of the rows' own kind per group; the first stands as it is. */
  reduce(name: string, options: GroupReduceOptions<Value>): Table<Value, 'plain'> {
    checkOptions(this.#graph, labelOf({ kind: 'reduce', name }), options, ['add', 'subtract']);
    return this.#fold('reduce', name, { ...options, initial: null }, this.#values);
  }

  /** A state of any type per group. */
  aggregate<State>(name: string, options: GroupAggregateOptions<Value, State>): Table<State, 'plain'> {
    const label = labelOf({ kind: 'aggregate', name });
    checkOptions(this.#graph, label, options, ['initial', 'add', 'subtract', ...EVOLUTION_OPTIONS]);
    checkFunction(this.#graph, label, 'initial', options?.initial, '() => state');
    return this.#fold('aggregate', name, { ...options }, evolutionOf(this.#graph, label, options));
  }

  /**
   * The sum of a number of each row of a group; a group that has lost all rows is gone. Whole numbers are exact up to 2^53;
   * what fractions were rounded to when they came stays when they go, until the group is gone.
   */
  sum(name: string, measure: RowMeasure<Value>): Table<number, 'plain'> {
    return this.#mean('sum', name, measure).map(({ sum }) => sum);
  }

  /** The least number of the rows of a group as they are. */
  min(name: string, measure: RowMeasure<Value>): Table<number, 'plain'> {
    return this.#extreme('min', name, measure, 1);
  }

  /** The greatest number of the rows of a group as they are. */
  max(name: string, measure: RowMeasure<Value>): Table<number, 'plain'> {
    return this.#extreme('max', name, measure, -1);
  }

  /** The mean of a number of each row of a group; the same holds as for `sum`. */
  avg(name: string, measure: RowMeasure<Value>): Table<number, 'plain'> {
    return this.#mean('avg', name, measure).map(({ sum, count }) => sum / count);
  }

  /**
   * The values with the greatest numbers among the rows of a group, at most `n` (1 to 100), the greatest first; of equals,
   * that of the row with the least key.
   */
  topN(name: string, n: number, measure: RowMeasure<Value>): Table<readonly Value[], 'plain'> {
    checkWhole(this.#graph, labelOf({ kind: 'topN', name }), 'n', n, 1, MAX_TOP);
    const values = this.#values;
    const rows = `${name}:rows`;
    const forms: FoldForms = {
      rowForm: listsOfEvents(values),
      layout: { rows: 'topN of groups' },
      holds: { [name]: () => inside(values, upcastRankedRows), [rows]: () => values },
    };
    const port = this.#measured('topN', name, measure, { n }, rows, forms, (site, output) => ({
      groups: (grouping) => rankedGroups(site.name, grouping, measure as GroupMeasure),
      fold: new TableTopNOperator(site.name, site.context, site.store(0), site.store(1), n, output),
    }));
    return new Table(this.#graph, addValuesOfRanked(this.#graph, port));
  }

  #extreme(kind: string, name: string, measure: RowMeasure<Value>, sign: 1 | -1): Table<number, 'plain'> {
    const forms = { holds: ownRows(name), layout: { rows: `${kind} of groups` } };
    const port = this.#measured(kind, name, measure, {}, `${name}:numbers`, forms, (site, output) => ({
      groups: (grouping) => measuredGroups(site.name, grouping, measure as GroupMeasure),
      fold: new TableExtremeOperator(site.name, site.context, site.store(0), site.store(1), sign, output),
    }));
    return new Table(this.#graph, port);
  }

  #mean(kind: string, name: string, measure: RowMeasure<Value>): Table<Mean, 'plain'> {
    const forms = { holds: ownRows(name), layout: { rows: 'sum and count' } };
    const port = this.#measured(kind, name, measure, {}, null, forms, (site, output) => {
      const { initial, add, subtract } = groupMean(site.name);
      return {
        groups: (grouping) => measuredGroups(site.name, grouping, measure as GroupMeasure),
        fold: new TableAggregateOperator(site.name, site.context, site.store(0), initial, add, subtract, output),
      };
    });
    return new Table(this.#graph, port);
  }

  /** @param entries name of the store of what the rows bring; null if the group's row says enough */
  #measured(
    kind: string,
    name: string,
    measure: RowMeasure<Value>,
    settings: NodeDefinition['settings'] & object,
    entries: string | null,
    forms: FoldForms,
    create: (site: OpenSite, output: Operator) => GroupFold,
  ): Port {
    checkFunction(this.#graph, labelOf({ kind, name }), 'measure', measure, '(value) => number');
    return this.#add(kind, name, { ...settings, measure }, entries, forms, create);
  }

  #fold<Row>(
    kind: string,
    name: string,
    { initial, add, subtract }: { initial?: unknown; add?: unknown; subtract?: unknown },
    rowForm: StoreEvolution | null = null,
  ): Table<Row, 'plain'> {
    const label = labelOf({ kind, name });
    checkFunction(this.#graph, label, 'add', add, '(state, value) => state');
    checkFunction(this.#graph, label, 'subtract', subtract, '(state, value) => state | null');
    const forms: FoldForms = { rowForm, holds: ownRows(name) };
    const port = this.#add(kind, name, { initial, add, subtract }, null, forms, (site, output) => ({
      groups: (grouping) => grouping,
      fold: new TableAggregateOperator(
        site.name,
        site.context,
        site.store(0),
        initial as Initializer | null,
        add as GroupAdder,
        subtract as GroupSubtractor,
        output,
      ),
    }));
    return new Table(this.#graph, port);
  }

  #add(
    kind: string,
    name: string,
    settings: NodeDefinition['settings'] & object,
    entries: string | null,
    forms: FoldForms,
    create: (site: OpenSite, output: Operator) => GroupFold,
  ): Port {
    const graph = this.#graph;
    const grouping = this.#grouping;
    checkName(graph, kind, name);
    checkFunction(graph, labelOf({ kind, name }), 'group', grouping, '(row, key) => [group, value] | null');
    return graph.add({
      kind,
      name,
      inputs: [this.#port],
      emits: 'table',
      stores: entries === null ? [name] : [name, entries],
      orderedStores: entries === null ? [] : [entries],
      timedStores: [name],
      givesKeys: true,
      ...forms,
      hops: 1,
      settings: { grouping, ...settings },
      open: (site) => {
        const { groups, fold } = create(site, site.outputs[0] as Operator);
        const placing = groups(grouping as Grouping);
        return [new GroupRowsOperator(site.name, site.context, placing, site.moved(0, fold))];
      },
    });
  }
}

/** The versions of what a fold keeps, and of its rows, and how it lays them out. */
type FoldForms = Pick<NodeDefinition, 'rowForm' | 'holds' | 'layout'>;

function ownRows(name: string): NonNullable<FoldForms['holds']> {
  return { [name]: (forms) => forms.output(0) };
}

/** Both sides of the hop to the partition of the group. */
interface GroupFold {
  /** What a row brings to its group, out of what the grouping says. */
  groups(grouping: Grouping): Grouping;
  readonly fold: Operator;
}
