import { Discard, FanOut } from '../operators/fan-out.ts';
import { KeepRowsOperator } from '../operators/keep-rows.ts';
import type { Operator } from '../operators/operator.ts';
import { ToTableOperator, type UpdateRule } from '../operators/to-table.ts';
import { checkFunction } from './checks.ts';
import type { Evolution } from './evolution.ts';
import { asItComes } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { setForm } from './value-forms.ts';
import { addView, type ViewOptions } from './view-node.ts';

/** One row per key, all of them in every partition: what any event may be joined with, whatever its own key. */
export class GlobalTable<Row> {
  /** The type of its rows; there is no such member when the program runs. */
  declare readonly '~value': Row;
  readonly #graph: TopologyGraph;
  readonly #port: Port;

  constructor(graph: TopologyGraph, port: Port) {
    this.#graph = graph;
    this.#port = port;
  }

  /** Where the table stands in a graph. @returns null after a complaint: it is of another topology */
  static portIn(graph: TopologyGraph, table: GlobalTable<unknown>, label: string): Port | null {
    if (table.#graph === graph) return table.#port;
    graph.complain(label, 'it is given a table of another topology', 'give it one of this one');
    return null;
  }

  /** Says that the form of its rows, which a rule makes, has changed, and how those that are kept become what they are now. */
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

/**
 * Adds a global table of the stream at `input`. `rule` null: the latest event of each key. The rule decides once, in the
 * partition of the key; the others are sent what came of it, so that their copies cannot differ. They keep them apart, so
 * that a view, which reads all partitions, shows each row once.
 */
export function addGlobalTable(graph: TopologyGraph, input: Port, name: string, rule: unknown): Port {
  const kind = 'globalTable';
  const label = labelOf({ kind, name });
  if (rule !== null) checkFunction(graph, label, 'rule', rule, '(current, event, context) => row | null');
  return graph.add({
    kind,
    name,
    inputs: [input],
    emits: 'table',
    stores: [name, `${name}:copies`],
    timedStores: [name, `${name}:copies`],
    leaves: rule === null ? asItComes : null,
    holds: { [name]: (forms) => forms.output(0), [`${name}:copies`]: (forms) => forms.output(0) },
    hops: 1,
    settings: { rule },
    open: ({ name: operator, context, store, outputs, broadcast }) => {
      const copies = new KeepRowsOperator(operator, context, store(1), new Discard());
      const output = new FanOut([outputs[0] as Operator, broadcast(0, copies)]);
      return [new ToTableOperator(operator, context, store(0), rule as UpdateRule | null, output)];
    },
  });
}

/** Names of the stores that a reader of the global table at `table` borrows, for an `EverywhereReader`. */
export function globalRowsOf(graph: TopologyGraph, table: Port): readonly string[] {
  return graph.node(table).stores;
}
