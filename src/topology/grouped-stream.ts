import { type Adder, AggregateOperator, type Initializer } from '../operators/aggregate.ts';
import { CountOperator } from '../operators/count.ts';
import {
  type Mean,
  type Measure,
  maxFold,
  meanFold,
  minFold,
  type NumberFold,
  sumFold,
} from '../operators/number-folds.ts';
import type { Operator } from '../operators/operator.ts';
import type { Context } from '../operators/operator-context.ts';
import { ReduceOperator, type Reducer } from '../operators/reduce.ts';
import { MAX_TOP, type Ranked, TopNOperator, upcastRanked } from '../operators/top-n.ts';
import { checkFunction, checkName, checkOptions, checkWhole } from './checks.ts';
import { CogroupedStream } from './cogrouped-stream.ts';
import { asItComes, EVOLUTION_OPTIONS, type Evolution, evolutionOf, inside, type StoreEvolution } from './evolution.ts';
import { labelOf, type NodeDefinition, type OpenSite, type Port, type TopologyGraph } from './graph.ts';
import { addEventsOfRanked, listsOfEvents } from './ranked-events.ts';
import { LIFE_OPTIONS, type RowLife, withRowLife } from './row-life.ts';
import { Table } from './table.ts';
import type { KeyKind, KeyMark } from './window-keys.ts';
import { WindowedStream } from './windowed-stream.ts';
import type { WindowDefinition } from './windows.ts';

export interface AggregateOptions<Value, State> extends Evolution, RowLife {
  /** The state of a key before its first event; called anew for every key. */
  readonly initial: () => State;
  /** The state after one more event. */
  readonly add: (state: State, event: Value, context: Context) => State;
}

/** A number of an event. */
export type MeasureOf<Value> = (event: Value, context: Context) => number;

/** The events of a stream by key, waiting to be folded. Every fold keeps state, so every fold has a name. */
export class GroupedStream<Value, Keys extends KeyKind = KeyKind> {
  declare readonly '~value': Value;
  declare readonly '~keys': KeyMark<Keys>;
  readonly #graph: TopologyGraph;
  readonly #port: Port;

  constructor(graph: TopologyGraph, port: Port) {
    this.#graph = graph;
    this.#port = port;
  }

  /** How many events each key has had. */
  count(name: string, options: RowLife = {}): Table<number, Keys> {
    return this.#fold('count', name, {}, options, (site, output) => new CountOperator(site.store(0), output));
  }

  /** One value of the events' own type per key; the first event stands as it is. */
  reduce(
    name: string,
    reducer: (current: Value, event: Value, context: Context) => Value,
    options: RowLife = {},
  ): Table<Value, Keys> {
    const label = labelOf({ kind: 'reduce', name });
    checkFunction(this.#graph, label, 'reducer', reducer, '(current, event, context) => value');
    return this.#fold('reduce', name, { reducer }, options, (site, output) => {
      return new ReduceOperator(site.name, site.context, site.store(0), reducer as Reducer, output);
    });
  }

  /** A state of any type per key. */
  aggregate<State>(name: string, options: AggregateOptions<Value, State>): Table<State, Keys> {
    const label = labelOf({ kind: 'aggregate', name });
    checkOptions(this.#graph, label, options, ['initial', 'add', ...LIFE_OPTIONS, ...EVOLUTION_OPTIONS]);
    const { initial, add } = options ?? {};
    const evolution = evolutionOf(this.#graph, label, options);
    checkFunction(this.#graph, label, 'initial', initial, '() => state');
    checkFunction(this.#graph, label, 'add', add, '(state, event, context) => state');
    return this.#fold(
      'aggregate',
      name,
      { initial, add },
      options,
      (site, output) => {
        const store = site.store(0);
        return new AggregateOperator(site.name, site.context, store, initial as Initializer, add as Adder, output);
      },
      evolution,
    );
  }

  /** The sum of a number of each event. Whole numbers are exact up to 2^53. */
  sum(name: string, measure: MeasureOf<Value>, options: RowLife = {}): Table<number, Keys> {
    return this.#foldNumber('sum', name, measure, options, sumFold);
  }

  min(name: string, measure: MeasureOf<Value>, options: RowLife = {}): Table<number, Keys> {
    return this.#foldNumber('min', name, measure, options, minFold);
  }

  max(name: string, measure: MeasureOf<Value>, options: RowLife = {}): Table<number, Keys> {
    return this.#foldNumber('max', name, measure, options, maxFold);
  }

  /** The mean of a number of each event. */
  avg(name: string, measure: MeasureOf<Value>, options: RowLife = {}): Table<number, Keys> {
    return this.#foldNumber<Mean>('avg', name, measure, options, meanFold).map(({ sum, count }) => sum / count);
  }

  /** The events with the greatest numbers, at most `n` (1 to 100), the greatest first; of equals, the first to come. */
  topN(name: string, n: number, measure: MeasureOf<Value>, options: RowLife = {}): Table<readonly Value[], Keys> {
    const label = labelOf({ kind: 'topN', name });
    checkWhole(this.#graph, label, 'n', n, 1, MAX_TOP);
    checkFunction(this.#graph, label, 'measure', measure, '(event, context) => number');
    const ranked = this.#fold<readonly Ranked[]>('topN', name, { n, measure }, options, (site, output) => {
      return new TopNOperator(site.name, site.context, site.store(0), n, measure as Measure, output);
    });
    const port = Table.portIn(this.#graph, ranked, label) as Port;
    return new Table(this.#graph, addEventsOfRanked(this.#graph, port));
  }

  /** The events by window too. */
  window<Definition extends WindowDefinition>(definition: Definition): WindowedStream<Value, Definition, Keys> {
    return new WindowedStream(this.#graph, this.#port, definition);
  }

  /**
   * These events and those of other streams, to be folded into one state per key. `add` is what an event of this stream
   * does to it: annotate its `state`.
   */
  cogroup<State>(add: (state: State, event: Value, context: Context) => State): CogroupedStream<State, Value, Keys> {
    return new CogroupedStream(this.#graph, [{ port: this.#port, add }]);
  }

  #foldNumber<Row = number>(
    kind: string,
    name: string,
    measure: MeasureOf<Value>,
    options: RowLife,
    foldOf: (operator: string, measure: Measure) => NumberFold,
  ): Table<Row, Keys> {
    checkFunction(this.#graph, labelOf({ kind, name }), 'measure', measure, '(event, context) => number');
    return this.#fold(kind, name, { measure }, options, (site, output) => {
      const { initial, add } = foldOf(site.name, measure as Measure);
      return new AggregateOperator(site.name, site.context, site.store(0), initial, add, output);
    });
  }

  #fold<Row>(
    kind: string,
    name: string,
    settings: NodeDefinition['settings'] & object,
    options: RowLife,
    create: (site: OpenSite, output: Operator) => Operator,
    evolution: StoreEvolution | null = null,
  ): Table<Row, Keys> {
    checkName(this.#graph, kind, name);
    const label = labelOf({ kind, name });
    if (kind !== 'aggregate') checkOptions(this.#graph, label, options, LIFE_OPTIONS);
    const { life, ...rows } = withRowLife(this.#graph, label, name, options, create);
    const port = this.#graph.add({
      kind,
      name,
      inputs: [this.#port],
      emits: 'table',
      timedStores: [name],
      rowForm: evolution,
      leaves: kind === 'reduce' ? asItComes : kind === 'topN' ? listsOfEvents : null,
      holds: {
        [name]: kind === 'topN' ? (forms) => inside(forms.input(0), upcastRanked) : (forms) => forms.output(0),
      },
      settings: { ...settings, ...life },
      ...rows,
    });
    return new Table(this.#graph, port);
  }
}
