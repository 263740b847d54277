import type { Adder, Initializer } from '../operators/aggregate.ts';
import {
  type Mean,
  type Measure,
  maxFold,
  meanFold,
  minFold,
  type NumberFold,
  sumFold,
} from '../operators/number-folds.ts';
import type { Context } from '../operators/operator-context.ts';
import type { Reducer } from '../operators/reduce.ts';
import { MAX_TOP } from '../operators/top-n.ts';
import { AggregateFold, CountFold, type Merger, ReduceFold } from '../operators/window-fold.ts';
import { TopNFold } from '../operators/window-top-n.ts';
import { checkFunction, checkOptions, checkWhole, kindOf } from './checks.ts';
import { EVOLUTION_OPTIONS, type Evolution, evolutionOf, type StoreEvolution } from './evolution.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import type { MeasureOf } from './grouped-stream.ts';
import { addEventsOfRanked } from './ranked-events.ts';
import { WindowedTable } from './table.ts';
import type { KeyKind } from './window-keys.ts';
import { addWindowFold, type WindowFoldNode, type WindowOptions } from './window-node.ts';
import { type WindowSpec, windowSpecOf } from './window-spec.ts';
import type { WindowDefinition } from './windows.ts';

/** How two states become one; windows that merge (sessions with a gap) need it, of others only those with `panes`. */
export type Merging<State, Definition> =
  Definition extends WindowDefinition<'session'>
    ? { readonly merge: (earlier: State, later: State, context: Context) => State }
    : {
        readonly merge?: (earlier: State, later: State, context: Context) => State;
        /**
         * Of hopping windows with `emit: 'final'`: each event is folded once, into a pane of time, and not once per window; a
         * window is put together by `merge` when it closes. So it must come to the same however the events are split up and
         * in whatever order they came, and `initial` must change nothing that is merged with it. Default: false.
         */
        readonly panes?: boolean;
      };

/** `initial` is the state of a window before its first event, called anew for each; `add` the state after one more event. */
export type WindowAggregateOptions<Value, State, Definition> = Evolution & {
  readonly initial: () => State;
  readonly add: (state: State, event: Value, context: Context) => State;
} & Merging<State, Definition>;

/** The events of a stream by key and window, waiting to be folded. */
export class WindowedStream<Value, Definition extends WindowDefinition, Keys extends KeyKind = KeyKind> {
  declare readonly '~value': Value;
  readonly #graph: TopologyGraph;
  readonly #port: Port;
  readonly #definition: Definition;

  constructor(graph: TopologyGraph, port: Port, definition: Definition) {
    this.#graph = graph;
    this.#port = port;
    this.#definition = definition;
  }

  /** How many events each key has had in each window. */
  count(name: string, options: WindowOptions = {}): WindowedTable<number, Value, Keys> {
    return this.#fold('count', name, options, {}, true, () => [new CountFold()]);
  }

  /** One value of the events' own type per key and window; the first event stands as it is. */
  reduce(
    name: string,
    reducer: (current: Value, event: Value, context: Context) => Value,
    options: WindowOptions = {},
  ): WindowedTable<Value, Value, Keys> {
    const label = labelOf({ kind: 'reduce', name });
    checkFunction(this.#graph, label, 'reducer', reducer, '(current, event, context) => value');
    return this.#fold('reduce', name, options, { reducer }, false, (site) => [
      new ReduceFold(site.name, site.context, reducer as Reducer),
    ]);
  }

  /** A state of any type per key and window. */
  aggregate<State>(
    name: string,
    aggregate: WindowAggregateOptions<Value, State, Definition>,
    options: WindowOptions = {},
  ): WindowedTable<State, Value, Keys> {
    const label = labelOf({ kind: 'aggregate', name });
    checkOptions(this.#graph, label, aggregate, ['initial', 'add', 'merge', 'panes', ...EVOLUTION_OPTIONS]);
    const { initial, add, merge } = aggregate ?? {};
    const evolution = evolutionOf(this.#graph, label, aggregate);
    checkFunction(this.#graph, label, 'initial', initial, '() => state');
    checkFunction(this.#graph, label, 'add', add, '(state, event, context) => state');
    checkMerge(this.#graph, label, this.#definition, merge);
    const merges = hasPanes(this.#graph, label, this.#definition, aggregate, options);
    return this.#fold(
      'aggregate',
      name,
      options,
      { initial, add, merge },
      merges,
      (site) => [
        new AggregateFold(site.name, site.context, initial as Initializer, add as Adder, merge as Merger, true),
      ],
      evolution,
    );
  }

  /** The sum of a number of each event, per key and window. Whole numbers are exact up to 2^53. */
  sum(name: string, measure: MeasureOf<Value>, options: WindowOptions = {}): WindowedTable<number, Value, Keys> {
    return this.#foldNumber('sum', name, measure, options, sumFold);
  }

  min(name: string, measure: MeasureOf<Value>, options: WindowOptions = {}): WindowedTable<number, Value, Keys> {
    return this.#foldNumber('min', name, measure, options, minFold);
  }

  max(name: string, measure: MeasureOf<Value>, options: WindowOptions = {}): WindowedTable<number, Value, Keys> {
    return this.#foldNumber('max', name, measure, options, maxFold);
  }

  /** The mean of a number of each event. */
  avg(name: string, measure: MeasureOf<Value>, options: WindowOptions = {}): WindowedTable<number, Value, Keys> {
    const means = this.#foldNumber<Mean>('avg', name, measure, options, meanFold);
    return means.map(({ sum, count }) => sum / count);
  }

  /**
   * The events with the greatest numbers, at most `n` (1 to 100), per key and window, the greatest first; of equals, the
   * first to come.
   */
  topN(
    name: string,
    n: number,
    measure: MeasureOf<Value>,
    options: WindowOptions = {},
  ): WindowedTable<readonly Value[], Value, Keys> {
    const label = labelOf({ kind: 'topN', name });
    checkWhole(this.#graph, label, 'n', n, 1, MAX_TOP);
    checkFunction(this.#graph, label, 'measure', measure, '(event, context) => number');
    const { port, rows } = this.#add('topN', name, options, { n, measure }, true, (site) => [
      new TopNFold(site.name, site.context, n, measure as Measure),
    ]);
    return new WindowedTable(this.#graph, addEventsOfRanked(this.#graph, port), rows);
  }

  #foldNumber<Row = number>(
    kind: string,
    name: string,
    measure: MeasureOf<Value>,
    options: WindowOptions,
    foldOf: (operator: string, measure: Measure) => NumberFold,
  ): WindowedTable<Row, Value, Keys> {
    checkFunction(this.#graph, labelOf({ kind, name }), 'measure', measure, '(event, context) => number');
    return this.#fold(kind, name, options, { measure }, true, (site) => {
      const { initial, add, merge } = foldOf(site.name, measure as Measure);
      return [new AggregateFold(site.name, site.context, initial, add, merge, true)];
    });
  }

  #fold<Row>(
    kind: string,
    name: string,
    options: WindowOptions,
    settings: WindowFoldNode['settings'],
    merges: boolean,
    folds: WindowFoldNode['folds'],
    evolution: StoreEvolution | null = null,
  ): WindowedTable<Row, Value, Keys> {
    const { port, rows } = this.#add(kind, name, options, settings, merges, folds, evolution);
    return new WindowedTable(this.#graph, port, rows);
  }

  #add(
    kind: string,
    name: string,
    options: WindowOptions,
    settings: WindowFoldNode['settings'],
    merges: boolean,
    folds: WindowFoldNode['folds'],
    evolution: StoreEvolution | null = null,
  ): ReturnType<typeof addWindowFold> {
    const graph = this.#graph;
    const spec = windowSpecOf(graph, labelOf({ kind, name }), this.#definition) ?? SOME_SPEC;
    const inputs = [this.#port];
    return addWindowFold(graph, { kind, name, inputs, spec, options, settings, evolution, merges, folds });
  }
}

/** Notes that windows that merge lack a function for it. */
export function checkMerge(graph: TopologyGraph, label: string, definition: WindowDefinition, merge: unknown): void {
  if (merge === undefined && definition?.kind !== 'session') return;
  checkFunction(graph, label, 'merge', merge, '(earlier, later, context) => state');
}

/** Whether windows are put together out of parts; notes where they cannot be. */
export function hasPanes(
  graph: TopologyGraph,
  label: string,
  definition: WindowDefinition,
  aggregate: { readonly merge?: unknown; readonly panes?: unknown } | undefined,
  options: WindowOptions | undefined,
): boolean {
  const { merge, panes = false } = aggregate ?? {};
  if (typeof panes !== 'boolean') graph.complain(label, `panes is ${kindOf(panes)}`, 'use true or false');
  if (panes !== true) return false;
  if (definition?.kind !== 'hopping' || options?.emit !== 'final') {
    const remedy = "use hopping(…) and { emit: 'final' }, or leave panes out";
    graph.complain(label, 'only hopping windows that are told once have panes', remedy);
  }
  if (merge === undefined) checkFunction(graph, label, 'merge', merge, '(earlier, later, context) => state');
  return true;
}

/** Stands for windows that nobody understood, so that the rest of the topology is looked over too. */
export const SOME_SPEC: WindowSpec = { kind: 'tumbling', sizeMs: 1, offsetMs: 0, graceMs: 0 };
