import { FilterOperator, type Predicate } from '../operators/filter.ts';
import { MapOperator, type Mapper } from '../operators/map.ts';
import type { Operator } from '../operators/operator.ts';
import { ToStreamOperator } from '../operators/to-stream.ts';
import type { Port, TopologyGraph } from './graph.ts';
import { addStateless, type MaybeNamed, type StatelessNode, type UserFunction } from './stateless.ts';
import { Stream } from './stream.ts';
import { addView, type ViewOptions } from './view-node.ts';

/**
 * One row per key, as it changes. What follows is told of every change: the row from now on and the row until now.
 *
 * The functions given to its methods see a row again when it goes, and must say the same of it: they depend on the row
 * alone, so they are given no context.
 */
export class Table<Row> {
  /** The type of its rows; there is no such member when the program runs. */
  declare readonly '~value': Row;
  readonly #graph: TopologyGraph;
  readonly #port: Port;

  constructor(graph: TopologyGraph, port: Port) {
    this.#graph = graph;
    this.#port = port;
  }

  /** The rows that the predicate holds for; a row that ceases to pass is deleted from what follows. */
  filter<Narrow extends Row>(...args: MaybeNamed<(row: Row) => row is Narrow>): Table<Narrow>;
  filter(...args: MaybeNamed<(row: Row) => boolean>): Table<Row>;
  filter(...args: MaybeNamed<UserFunction>): Table<Row> {
    return new Table(this.#graph, addStateless(this.#graph, this.#port, args, FILTER));
  }

  /** One row out of each. */
  map<Result>(...args: MaybeNamed<(row: Row) => Result>): Table<Result> {
    return new Table(this.#graph, addStateless(this.#graph, this.#port, args, MAP));
  }

  /** The table's changes as events: the row from now on, `null` when it is deleted. */
  toStream(): Stream<Row | null> {
    const graph = this.#graph;
    const port = graph.add({
      kind: 'toStream',
      name: graph.unnamed('toStream'),
      inputs: [this.#port],
      open: (site) => [new ToStreamOperator(site.outputs[0] as Operator)],
    });
    return new Stream(graph, port);
  }

  /** Lets the table be read from outside under this name. */
  toView(name: string, options: ViewOptions<Row> = {}): this {
    addView(this.#graph, this.#port, name, options);
    return this;
  }
}

const FILTER: StatelessNode = {
  kind: 'filter',
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
