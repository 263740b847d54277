import { type Adder, AggregateOperator, type Initializer } from '../operators/aggregate.ts';
import type { Operator } from '../operators/operator.ts';
import type { Context } from '../operators/operator-context.ts';
import { AggregateFold, type Merger } from '../operators/window-fold.ts';
import { checkFunction, checkName, checkOptions, kindOf } from './checks.ts';
import { EVOLUTION_OPTIONS, type Evolution, evolutionOf } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { GroupedStream } from './grouped-stream.ts';
import { Table, WindowedTable } from './table.ts';
import type { KeyKind } from './window-keys.ts';
import { addWindowFold, type WindowOptions } from './window-node.ts';
import { windowSpecOf } from './window-spec.ts';
import { checkMerge, hasPanes, type Merging, SOME_SPEC } from './windowed-stream.ts';
import type { WindowDefinition } from './windows.ts';

/** A grouped stream, and what an event of it does to the state that all of them share. */
export interface CogroupInput {
  readonly port: Port;
  readonly add: unknown;
}

/** Several streams by key, to be folded into one state per key. Events without a value are passed over. */
export class CogroupedStream<State, Event, Keys extends KeyKind = KeyKind> {
  readonly #graph: TopologyGraph;
  readonly #inputs: readonly CogroupInput[];

  constructor(graph: TopologyGraph, inputs: readonly CogroupInput[]) {
    this.#graph = graph;
    this.#inputs = inputs;
  }

  /** One stream more. */
  cogroup<Value>(
    grouped: GroupedStream<Value, Keys>,
    add: (state: State, event: Value, context: Context) => State,
  ): CogroupedStream<State, Event | Value, Keys> {
    const graph = this.#graph;
    const label = `cogroup ${this.#inputs.length + 1}`;
    if (!(grouped instanceof GroupedStream)) {
      graph.complain(label, `it is given ${kindOf(grouped)}`, 'give it a grouped stream: stream.groupByKey()');
      return new CogroupedStream(graph, this.#inputs);
    }
    const other = grouped.cogroup(add);
    if (other.#graph !== graph) {
      graph.complain(label, 'it is given a stream of another topology', 'give it streams of this one');
      return new CogroupedStream(graph, this.#inputs);
    }
    return new CogroupedStream(graph, [...this.#inputs, ...other.#inputs]);
  }

  /** The state of each key. */
  aggregate(name: string, options: { readonly initial: () => State } & Evolution): Table<State, Keys> {
    const graph = this.#graph;
    const inputs = this.#inputs;
    const label = labelOf({ kind: 'cogroup', name });
    checkName(graph, 'cogroup', name);
    checkOptions(graph, label, options, ['initial', ...EVOLUTION_OPTIONS]);
    const evolution = evolutionOf(graph, label, options);
    checkFunction(graph, label, 'initial', options?.initial, '() => state');
    checkAdders(graph, label, inputs);
    const initial = options?.initial as Initializer;
    const port = graph.add({
      kind: 'cogroup',
      name,
      inputs: inputs.map((input) => input.port),
      emits: 'table',
      stores: [name],
      timedStores: [name],
      rowForm: evolution,
      holds: { [name]: (forms) => forms.output(0) },
      settings: { initial, adders: inputs.map((input) => input.add) },
      // Nothing is remembered outside of the store, so that an operator for each input is as good as one for all.
      open: ({ name: operator, context, store, outputs }) =>
        inputs.map(({ add }) => {
          return new AggregateOperator(operator, context, store(0), initial, add as Adder, outputs[0] as Operator);
        }),
    });
    return new Table(graph, port);
  }

  /** The events by window too. */
  window<Definition extends WindowDefinition>(definition: Definition): WindowedCogroup<State, Event, Definition, Keys> {
    return new WindowedCogroup(this.#graph, this.#inputs, definition);
  }
}

/** Several streams by key and window, to be folded into one state per key and window. */
export class WindowedCogroup<State, Event, Definition extends WindowDefinition, Keys extends KeyKind = KeyKind> {
  readonly #graph: TopologyGraph;
  readonly #inputs: readonly CogroupInput[];
  readonly #definition: Definition;

  constructor(graph: TopologyGraph, inputs: readonly CogroupInput[], definition: Definition) {
    this.#graph = graph;
    this.#inputs = inputs;
    this.#definition = definition;
  }

  aggregate(
    name: string,
    aggregate: { readonly initial: () => State } & Merging<State, Definition> & Evolution,
    options: WindowOptions = {},
  ): WindowedTable<State, Event, Keys> {
    const graph = this.#graph;
    const inputs = this.#inputs;
    const label = labelOf({ kind: 'cogroup', name });
    checkOptions(graph, label, aggregate, ['initial', 'merge', 'panes', ...EVOLUTION_OPTIONS]);
    const { initial, merge } = aggregate ?? {};
    checkFunction(graph, label, 'initial', initial, '() => state');
    checkMerge(graph, label, this.#definition, merge);
    checkAdders(graph, label, inputs);
    const spec = windowSpecOf(graph, label, this.#definition) ?? SOME_SPEC;
    const { port, rows } = addWindowFold(graph, {
      kind: 'cogroup',
      name,
      inputs: inputs.map((input) => input.port),
      spec,
      options,
      evolution: evolutionOf(graph, label, aggregate),
      merges: hasPanes(graph, label, this.#definition, aggregate, options),
      settings: { initial, merge, adders: inputs.map((input) => input.add) },
      folds: (site) =>
        inputs.map(({ add }) => {
          const [start, combine] = [initial as Initializer, merge as Merger];
          return new AggregateFold(site.name, site.context, start, add as Adder, combine, false);
        }),
    });
    return new WindowedTable(graph, port, rows);
  }
}

function checkAdders(graph: TopologyGraph, label: string, inputs: readonly CogroupInput[]): void {
  inputs.forEach(({ add }, index) => {
    checkFunction(graph, label, `function ${index + 1}`, add, '(state, event, context) => state');
  });
}
