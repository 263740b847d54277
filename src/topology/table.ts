import { FilterOperator, type Predicate } from '../operators/filter.ts';
import type { LateEvent } from '../operators/late-events.ts';
import { MapOperator, type Mapper } from '../operators/map.ts';
import type { Operator } from '../operators/operator.ts';
import { ToStreamOperator } from '../operators/to-stream.ts';
import type { Evolution } from './evolution.ts';
import { asItComes } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { GroupedTable } from './grouped-table.ts';
import { addStateless, type MaybeNamed, type StatelessNode, type UserFunction } from './stateless.ts';
import { Stream } from './stream.ts';
import { addSuppress, type SuppressOptions, type WindowSuppressOptions } from './suppress-node.ts';
import { addTableJoin, type ForeignKeyOptions, type TableJoinKind } from './table-join-node.ts';
import { setForm } from './value-forms.ts';
import { addView, type ViewOptions } from './view-node.ts';
import type { KeyKind, KeyMark } from './window-keys.ts';
import type { WindowedRows } from './window-node.ts';
import { addWindowView, type WindowedViewOptions } from './window-view-node.ts';

/** Makes one row out of two, again and again as they change; it depends on them alone. */
type TableJoiner<Row, Other, Result> = (row: Row, other: Other) => Result;

/**
 * One row per key, as it changes. What follows is told of every change: the row from now on and the row until now.
 *
 * The functions given to its methods see a row again when it goes, and must say the same of it: they depend on the row
 * alone, so they are given no context.
 */
export class Table<Row, Keys extends KeyKind = KeyKind> {
  /** The type of its rows; there is no such member when the program runs. */
  declare readonly '~value': Row;
  /** What its rows stand under; no member either. */
  declare readonly '~keys': KeyMark<Keys>;
  readonly #graph: TopologyGraph;
  readonly #port: Port;

  constructor(graph: TopologyGraph, port: Port) {
    this.#graph = graph;
    this.#port = port;
  }

  /** Where the table stands in a graph. @returns null after a complaint: it is of another topology */
  static portIn(graph: TopologyGraph, table: Table<unknown, KeyKind>, label: string): Port | null {
    if (table.#graph === graph) return table.#port;
    graph.complain(label, 'it is given a table of another topology', 'give it one of this one');
    return null;
  }

  /** The rows that the predicate holds for; a row that ceases to pass is deleted from what follows. */
  filter<Narrow extends Row>(...args: MaybeNamed<(row: Row) => row is Narrow>): Table<Narrow, Keys>;
  filter(...args: MaybeNamed<(row: Row) => boolean>): Table<Row, Keys>;
  filter(...args: MaybeNamed<UserFunction>): Table<Row, Keys> {
    return new Table(this.#graph, addStateless(this.#graph, this.#port, args, FILTER));
  }

  /** One row out of each. */
  map<Result>(...args: MaybeNamed<(row: Row) => Result>): Table<Result, Keys> {
    return new Table(this.#graph, addStateless(this.#graph, this.#port, args, MAP));
  }

  /**
   * A table with a row for every key that both tables have. With a foreign key: for every row of this table whose
   * `foreignKey` is a key of the other one; a change of the other's row changes all rows that refer to it.
   */
  join<Other, Result>(
    other: Table<Other, Keys>,
    name: string,
    joiner: TableJoiner<Row, Other, Result>,
  ): Table<Result, Keys>;
  join<Other, Result>(
    other: Table<Other, 'plain'>,
    name: string,
    options: ForeignKeyOptions<Row>,
    joiner: TableJoiner<Row, Other, Result>,
  ): Table<Result, Keys>;
  join<Result>(other: unknown, name: string, ...rest: readonly unknown[]): Table<Result, Keys> {
    return this.#joined('join', other, name, rest);
  }

  /** `join` with a row for every row of this table: the joiner is given `null` where the other table has none. */
  leftJoin<Other, Result>(
    other: Table<Other, Keys>,
    name: string,
    joiner: TableJoiner<Row, Other | null, Result>,
  ): Table<Result, Keys>;
  leftJoin<Other, Result>(
    other: Table<Other, 'plain'>,
    name: string,
    options: ForeignKeyOptions<Row>,
    joiner: TableJoiner<Row, Other | null, Result>,
  ): Table<Result, Keys>;
  leftJoin<Result>(other: unknown, name: string, ...rest: readonly unknown[]): Table<Result, Keys> {
    return this.#joined('leftJoin', other, name, rest);
  }

  /** `join` with a row for every key that either table has. */
  outerJoin<Other, Result>(
    other: Table<Other, Keys>,
    name: string,
    joiner: TableJoiner<Row | null, Other | null, Result>,
  ): Table<Result, Keys>;
  outerJoin<Result>(other: unknown, name: string, ...rest: readonly unknown[]): Table<Result, Keys> {
    return this.#joined('outerJoin', other, name, rest);
  }

  #joined<Result>(kind: TableJoinKind, other: unknown, name: string, rest: readonly unknown[]): Table<Result, Keys> {
    const graph = this.#graph;
    const label = labelOf({ kind, name });
    if (!(other instanceof Table)) graph.complain(label, 'it is given something that is no table', 'give it a table');
    const right = other instanceof Table ? Table.portIn(graph, other, label) : null;
    const options = rest.length > 1 ? rest[0] : null;
    const joiner = rest[rest.length - 1] as UserFunction;
    return new Table(graph, addTableJoin(graph, kind, this.#port, right ?? this.#port, name, options, joiner));
  }

  /** The rows by another key, to be folded: the group that a row belongs to and what it brings to it; `null`: none. */
  groupBy<Value>(
    group: (row: Row, key: string) => readonly [group: string | number | null, value: Value] | null,
  ): GroupedTable<Value> {
    return new GroupedTable(this.#graph, this.#port, group);
  }

  /** The table with fewer changes: a row that has changed waits for further changes, and only the last one is told. */
  suppress(name: string, options: SuppressOptions): Table<Row, Keys> {
    return new Table(this.#graph, addSuppress(this.#graph, this.#port, name, options, null));
  }

  /** The table's changes as events: the row from now on, `null` when it is deleted. */
  toStream(): Stream<Row | null, Keys> {
    const graph = this.#graph;
    const port = graph.add({
      kind: 'toStream',
      name: graph.unnamed('toStream'),
      inputs: [this.#port],
      leaves: asItComes,
      open: (site) => [new ToStreamOperator(site.context, site.outputs[0] as Operator)],
    });
    return new Stream(graph, port);
  }

  /**
   * Says that the form of its rows has changed, and how those that are kept, by it and behind it, become what they are now:
   * of a table that a function makes and that takes no `version` itself.
   */
  withEvolution(evolution: Evolution): this {
    setForm(this.#graph, this.#port, evolution);
    return this;
  }

  /** Lets the table be read from outside under this name. */
  toView(name: string, options: ViewOptions<Row> = {}): this {
    addView(this.#graph, this.#port, name, options);
    return this;
  }
}

/** A table with a row per key and window. It tells of a window until that has closed, and then forgets it. */
export class WindowedTable<Row, Event, Keys extends KeyKind = KeyKind> extends Table<Row, 'windowed'> {
  /** The events that came when every window they are in had closed. */
  readonly late: Stream<LateEvent<Event>, Keys>;
  readonly #graph: TopologyGraph;
  readonly #port: Port;
  readonly #windows: WindowedRows;

  constructor(graph: TopologyGraph, port: Port, windows: WindowedRows) {
    super(graph, port);
    this.late = new Stream(graph, windows.late);
    this.#graph = graph;
    this.#port = port;
    this.#windows = windows;
  }

  override filter<Narrow extends Row>(
    ...args: MaybeNamed<(row: Row) => row is Narrow>
  ): WindowedTable<Narrow, Event, Keys>;
  override filter(...args: MaybeNamed<(row: Row) => boolean>): WindowedTable<Row, Event, Keys>;
  override filter(...args: MaybeNamed<UserFunction>): WindowedTable<Row, Event, Keys> {
    return this.#behind(addStateless(this.#graph, this.#port, args, FILTER));
  }

  override map<Result>(...args: MaybeNamed<(row: Row) => Result>): WindowedTable<Result, Event, Keys> {
    // What comes out has versions of its own.
    return this.#behind(addStateless(this.#graph, this.#port, args, MAP), { ...this.#windows, evolution: null });
  }

  /** As with any table; or each row when its window ends and at late events, or once, when it has closed. */
  override suppress(name: string, options: WindowSuppressOptions): WindowedTable<Row, Event, Keys> {
    return this.#behind(addSuppress(this.#graph, this.#port, name, options, this.#windows));
  }

  /** Lets the windows be read from outside under this name, for some time after they have closed. */
  override toView(name: string, options: WindowedViewOptions<Row> = {}): this {
    addWindowView(this.#graph, this.#port, name, options, this.#windows);
    return this;
  }

  #behind<Result>(port: Port, windows = this.#windows): WindowedTable<Result, Event, Keys> {
    return new WindowedTable(this.#graph, port, windows);
  }
}

const FILTER: StatelessNode = {
  kind: 'filter',
  leaves: asItComes,
  emits: 'table',
  form: '(row) => boolean',
  create: (name, context, call, output) => new FilterOperator(name, context, call as Predicate, output),
};

const MAP: StatelessNode = {
  kind: 'map',
  emits: 'table',
  form: '(row) => value',
  create: (name, context, call, output) => new MapOperator(name, context, call as Mapper, output, false),
};
