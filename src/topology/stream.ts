import type { Static, TSchema } from 'typebox';
import { BranchOperator } from '../operators/branch.ts';
import { FilterOperator, type Predicate } from '../operators/filter.ts';
import { FlatMapOperator, type FlatMapper } from '../operators/flat-map.ts';
import type { LateEvent } from '../operators/late-events.ts';
import { MapOperator, type Mapper } from '../operators/map.ts';
import type { Operator } from '../operators/operator.ts';
import type { Context } from '../operators/operator-context.ts';
import { addBatch, type BatchOptions, type BatchScope } from './batch-node.ts';
import { checkFunction, checkName } from './checks.ts';
import { addDelay, type DelayOptions, type Wait } from './delay-node.ts';
import { addDeduplicate, addDistinct, type DeduplicateOptions, type DistinctOptions } from './distinct-node.ts';
import { addEnrich, type CheckedEnrichOptions, type EnrichOptions } from './enrich-node.ts';
import type { Evolution } from './evolution.ts';
import { asItComes } from './evolution.ts';
import { GlobalTable } from './global-table.ts';
import { labelOf, type Port, type TopologyGraph } from './graph.ts';
import { GroupedStream } from './grouped-stream.ts';
import { addJournal, type JournalOptions } from './journal-node.ts';
import { addKeyBy } from './key-by-node.ts';
import {
  addPattern,
  type PatternByEventTime,
  type PatternMatch,
  type PatternOptions,
  type PatternStep,
  type PatternTimes,
  type TimedOut,
} from './pattern-node.ts';
import {
  addProcess,
  type EventsOf,
  type OutputTypes,
  type ProcessOptions,
  type ProcessWay,
  type StateDeclarations,
} from './process-node.ts';
import { addStateless, type MaybeNamed, type StatelessNode, type UserFunction } from './stateless.ts';
import { addStreamJoin, type Joined, type Joiner, type JoinWindow, type StreamJoinKind } from './stream-join-node.ts';
import {
  addLookedUpJoin,
  addStreamTableJoin,
  type HeldJoinOptions,
  type LookedUpJoinOptions,
} from './stream-table-join-node.ts';
import { Table } from './table.ts';
import { addTable, type TableOptions } from './to-table-node.ts';
import { setForm } from './value-forms.ts';
import type { ViewOptions } from './view-node.ts';
import type { KeyKind, KeyMark } from './window-keys.ts';

/** A way out of a `branch`, and what it is known to let through. */
export type BranchTest<Value> = (event: Value, context: Context) => boolean;
export type BranchGuard<Value, Narrow extends Value> = (event: Value, context: Context) => event is Narrow;
export type BranchOf<Value, Test, Keys extends KeyKind = KeyKind> =
  Test extends BranchGuard<Value, infer Narrow> ? Stream<Narrow, Keys> : Stream<Value, Keys>;

/**
 * Events of one type on their way through the topology, in the order of their key.
 *
 * The functions given to its methods are pure: what they return depends on their arguments alone. They never change what
 * they are given, and they answer at once.
 */
export class Stream<Value, Keys extends KeyKind = KeyKind> {
  /** The type of its events; there is no such member when the program runs. */
  declare readonly '~value': Value;
  /** What its events stand under; no member either. */
  declare readonly '~keys': KeyMark<Keys>;
  readonly #graph: TopologyGraph;
  readonly #port: Port;

  constructor(graph: TopologyGraph, port: Port) {
    this.#graph = graph;
    this.#port = port;
  }

  /** Lets through the events that the predicate holds for. A type guard narrows the stream's type. */
  filter<Narrow extends Value>(
    ...args: MaybeNamed<(event: Value, context: Context) => event is Narrow>
  ): Stream<Narrow, Keys>;
  filter(...args: MaybeNamed<(event: Value, context: Context) => boolean>): Stream<Value, Keys>;
  filter(...args: MaybeNamed<UserFunction>): Stream<Value, Keys> {
    return new Stream(this.#graph, addStateless(this.#graph, this.#port, args, FILTER));
  }

  /** Makes one event out of each. */
  map<Result>(...args: MaybeNamed<(event: Value, context: Context) => Result>): Stream<Result, Keys> {
    return new Stream(this.#graph, addStateless(this.#graph, this.#port, args, MAP));
  }

  /** Makes any number of events out of each. */
  flatMap<Result>(...args: MaybeNamed<(event: Value, context: Context) => readonly Result[]>): Stream<Result, Keys> {
    return new Stream(this.#graph, addStateless(this.#graph, this.#port, args, FLAT_MAP));
  }

  /**
   * Splits the stream: an event takes the first way whose test holds, and `otherwise` if none does. A way that nothing
   * follows drops its events.
   */
  branch<const Tests extends Readonly<Record<string, BranchTest<Value>>>>(
    name: string,
    tests: Tests,
  ): { readonly [Way in keyof Tests]: BranchOf<Value, Tests[Way], Keys> } & {
    readonly otherwise: Stream<Value, Keys>;
  } {
    const graph = this.#graph;
    const label = labelOf({ kind: 'branch', name });
    checkName(graph, 'branch', name);
    const ways = Object.entries(tests ?? {});
    if (ways.length === 0)
      graph.complain(label, 'it has no ways', 'give it an object of tests: { name: (event) => boolean }');
    for (const [way, test] of ways) {
      checkName(graph, `${label} way`, way);
      checkFunction(graph, label, `test '${way}'`, test, '(event, context) => boolean');
      if (way === 'otherwise')
        graph.complain(label, "'otherwise' is the way of what no test held for", 'name the way differently');
    }
    const predicates = ways.map(([, test]) => test as Predicate);
    const names = [...ways.map(([way]) => way), 'otherwise'];
    const { node } = graph.add({
      kind: 'branch',
      name,
      inputs: [this.#port],
      leaves: asItComes,
      outputs: names,
      settings: { tests: ways },
      open: (site) => [new BranchOperator(site.name, site.context, predicates, site.outputs)],
    });
    const streams = names.map((way, output) => [way, new Stream<Value, Keys>(graph, { node, output })]);
    return Object.fromEntries(streams) as ReturnType<typeof this.branch<Tests>>;
  }

  /** This stream's events and those of the others. */
  merge<const Others extends readonly [Stream<unknown, Keys>, ...Stream<unknown, Keys>[]]>(
    ...others: Others
  ): Stream<Value | Others[number]['~value'], Keys> {
    const graph = this.#graph;
    const name = graph.unnamed('merge');
    const label = labelOf({ kind: 'merge', name });
    if (others.length === 0) graph.complain(label, 'it has one stream only', 'give it the streams to merge with');
    const ports = [this.#port];
    for (const other of others as readonly unknown[]) {
      const port = this.#portOf(other, label);
      if (port !== null) ports.push(port);
    }
    const port = graph.add({
      kind: 'merge',
      name,
      inputs: ports,
      leaves: asItComes,
      // Nothing to do: what flows in goes straight to what follows.
      open: (site) => ports.map(() => site.outputs[0] as Operator),
    });
    return new Stream(graph, port);
  }

  /**
   * Gives each event another key: text or a whole number; `null` for none. An event without a key passes where keys do
   * not matter, and is not taken by what lies under a key.
   */
  keyBy(...args: MaybeNamed<(event: Value, context: Context) => string | number | null>): Stream<Value, 'plain'> {
    return new Stream(this.#graph, addKeyBy(this.#graph, this.#port, args));
  }

  /**
   * With a stream: one event out of each pair of this stream's and the other's that have the same key and lie close
   * enough in time, as soon as both are there. A stream may be joined with itself.
   *
   * With a table: one event out of each and the row that the table has under its key then; of a versioned table, at the
   * event's time, for which the event may be held back (`grace`). With a global table: and the row under a key that the
   * event names. A change of the table brings nothing about. An event without a row joins nothing.
   */
  join<Other, Result>(
    other: Stream<Other, Keys>,
    name: string,
    window: JoinWindow,
    joiner: Joiner<Joined<Value>, Joined<Other>, Result>,
  ): JoinedStream<Result, Joined<Value> | Joined<Other>, Keys>;
  join<Row, Result>(
    table: Table<Row, Keys>,
    name: string,
    joiner: Joiner<Joined<Value>, Row, Result>,
  ): Stream<Result, Keys>;
  join<Row, Result>(
    table: Table<Row, Keys>,
    name: string,
    options: HeldJoinOptions,
    joiner: Joiner<Joined<Value>, Row, Result>,
  ): Stream<Result, Keys>;
  join<Row, Result>(
    table: GlobalTable<Row>,
    name: string,
    options: LookedUpJoinOptions<Value>,
    joiner: Joiner<Joined<Value>, Row, Result>,
  ): Stream<Result, Keys>;
  join<Result>(other: unknown, name: string, ...rest: readonly unknown[]): Stream<Result, Keys> {
    return this.#joined('join', other, name, rest);
  }

  /**
   * `join`, and an event of this stream that nothing matches: the joiner is given `null` for the other. With a stream, once
   * nothing can match it any more; with a table, at once.
   */
  leftJoin<Other, Result>(
    other: Stream<Other, Keys>,
    name: string,
    window: JoinWindow,
    joiner: Joiner<Joined<Value>, Joined<Other> | null, Result>,
  ): JoinedStream<Result, Joined<Value> | Joined<Other>, Keys>;
  leftJoin<Row, Result>(
    table: Table<Row, Keys>,
    name: string,
    joiner: Joiner<Joined<Value>, Row | null, Result>,
  ): Stream<Result, Keys>;
  leftJoin<Row, Result>(
    table: Table<Row, Keys>,
    name: string,
    options: HeldJoinOptions,
    joiner: Joiner<Joined<Value>, Row | null, Result>,
  ): Stream<Result, Keys>;
  leftJoin<Row, Result>(
    table: GlobalTable<Row>,
    name: string,
    options: LookedUpJoinOptions<Value>,
    joiner: Joiner<Joined<Value>, Row | null, Result>,
  ): Stream<Result, Keys>;
  leftJoin<Result>(other: unknown, name: string, ...rest: readonly unknown[]): Stream<Result, Keys> {
    return this.#joined('leftJoin', other, name, rest);
  }

  /** `leftJoin` for both streams. */
  outerJoin<Other, Result>(
    other: Stream<Other, Keys>,
    name: string,
    window: JoinWindow,
    joiner: Joiner<Joined<Value> | null, Joined<Other> | null, Result>,
  ): JoinedStream<Result, Joined<Value> | Joined<Other>, Keys> {
    return this.#joinedStreams('outerJoin', other, name, window, joiner);
  }

  #joined<Result>(kind: StreamJoinKind, other: unknown, name: string, rest: readonly unknown[]): Stream<Result, Keys> {
    const graph = this.#graph;
    const port = this.#port;
    const label = labelOf({ kind, name });
    const options = rest.length > 1 ? rest[0] : null;
    const joiner = rest[rest.length - 1] as UserFunction;
    if (kind !== 'outerJoin' && other instanceof Table) {
      const table = Table.portIn(graph, other, label) ?? port;
      return new Stream(graph, addStreamTableJoin(graph, kind, port, table, name, options, joiner));
    }
    if (kind !== 'outerJoin' && other instanceof GlobalTable) {
      const table = GlobalTable.portIn(graph, other, label) ?? port;
      return new Stream(graph, addLookedUpJoin(graph, kind, port, table, name, options, joiner));
    }
    return this.#joinedStreams(kind, other, name, options as JoinWindow, joiner);
  }

  #joinedStreams<Result, Event>(
    kind: StreamJoinKind,
    other: unknown,
    name: string,
    window: JoinWindow,
    joiner: UserFunction,
  ): JoinedStream<Result, Event, Keys> {
    const graph = this.#graph;
    const right = this.#portOf(other, labelOf({ kind, name })) ?? this.#port;
    return new JoinedStream(graph, addStreamJoin(graph, kind, this.#port, right, name, window, joiner));
  }

  /** The port of a stream that is given to this one; null after a complaint. */
  #portOf(other: unknown, label: string): Port | null {
    const graph = this.#graph;
    if (!(other instanceof Stream)) graph.complain(label, 'it is given something that is no stream', 'give it streams');
    else if (other.#graph === graph) return other.#port;
    else graph.complain(label, 'it is given a stream of another topology', 'give it streams of this one');
    return null;
  }

  /** The events of a key together, to be folded. They are together already: a partition has all events of its keys. */
  groupByKey(): GroupedStream<Value, Keys> {
    return new GroupedStream(this.#graph, this.#port);
  }

  /**
   * Functions of yours on the events of a key, with state of any kind and timers in event time and log time. What they
   * have to say goes through `context.emit`.
   */
  process<
    States extends StateDeclarations = Record<never, never>,
    Result = unknown,
    Outputs extends OutputTypes = Record<never, never>,
  >(
    name: string,
    options: ProcessOptions<Value, States, Result, Outputs>,
  ): Stream<Result, Keys> & {
    readonly outputs: { readonly [Name in keyof Outputs]: Stream<EventsOf<Outputs>[Name], Keys> };
  } {
    const graph = this.#graph;
    const [own, ...others] = addProcess(graph, this.#port, name, options);
    const streams = others.map(({ way, port }) => [way, new Stream(graph, port)] as const);
    const stream = new Stream<Result, Keys>(graph, (own as ProcessWay).port);
    return Object.assign(stream, { outputs: Object.fromEntries(streams) }) as ReturnType<
      typeof this.process<States, Result, Outputs>
    >;
  }

  /**
   * Finds events of a key that follow each other, with anything in between, and tells each match as an object of its events
   * by the names of the steps. A step may be absent: `placed`, and not `paid`, within ten minutes. Beginnings that come to
   * nothing in time are told in `timedOut`. In the order in which events were taken in, or, with `time: 'event'` and a
   * `grace`, in the order in which they happened; then what comes too late for that is told in `late`.
   */
  pattern<
    const Name extends string,
    const Steps extends readonly PatternStep<Joined<Value>, Name>[],
    const Times extends PatternTimes,
  >(
    name: string,
    options: PatternOptions<Joined<Value>, Steps, Name> & Times,
  ): PatternStream<Joined<Value>, PatternMatch<Joined<Value>, Steps>, Times, Keys> {
    const graph = this.#graph;
    const [matches, ...others] = addPattern(graph, this.#port, name, options);
    const [timedOut, late] = others.map((port) => new Stream<never, Keys>(graph, port));
    const stream = new Stream<never, Keys>(graph, matches as Port);
    return Object.assign(stream, { timedOut }, late === undefined ? {} : { late }) as ReturnType<
      typeof this.pattern<Name, Steps, Times>
    >;
  }

  /**
   * Asks the outside about each event, and passes on what the event and the answer make together. The event waits, as state,
   * until the answer is in the log; so a replay asks nothing, and each event goes on once, however often it was asked. The
   * events of a key are asked about one after the other and go on in their order, those of different keys as answers come.
   */
  enrich<Schema extends TSchema, Enriched, Substitute = never>(
    name: string,
    options: CheckedEnrichOptions<Value, Schema, Substitute>,
    enricher: (event: Value, result: Static<Schema> | Substitute, context: Context) => Enriched,
  ): Stream<Enriched, Keys>;
  enrich<Result, Enriched, Substitute = never>(
    name: string,
    options: EnrichOptions<Value, Result, Substitute>,
    enricher: (event: Value, result: Result | Substitute, context: Context) => Enriched,
  ): Stream<Enriched, Keys>;
  enrich<Enriched>(name: string, options: unknown, enricher: unknown): Stream<Enriched, Keys> {
    return new Stream(this.#graph, addEnrich(this.#graph, this.#port, name, options, enricher));
  }

  /**
   * Passes events on after so long, by log time; an event keeps the time at which it happened. They leave in the order in
   * which they are due.
   */
  delay(name: string, wait: Wait<Value>, options: DelayOptions<Keys> = {}): Stream<Value, Keys> {
    const { cancelledBy } = options ?? {};
    const cancelling = cancelledBy === undefined ? null : this.#portOf(cancelledBy, labelOf({ kind: 'delay', name }));
    return new Stream(this.#graph, addDelay(this.#graph, this.#port, cancelling, name, wait, options));
  }

  /**
   * Gathers events into arrays, in the order in which they come: each is passed on when it has so many, or when the first of
   * them has waited for so long, by log time.
   */
  batch<Per extends BatchScope = 'key'>(
    name: string,
    options: BatchOptions<Per>,
  ): Stream<readonly Joined<Value>[], Per extends 'partition' ? 'plain' : Keys> {
    return new Stream(this.#graph, addBatch(this.#graph, this.#port, name, options));
  }

  /** A table with the latest event of each key; with a history, a versioned one. */
  toTable(name: string, options?: TableOptions): Table<Joined<Value>, Keys>;
  /**
   * A table with a row per key, which the rule inserts, updates and deletes: it is given the row (`null`: there is none)
   * and an event, and returns the row from now on (`null`: none). The same row returned changes nothing. In a versioned
   * table the row is that of the event's time.
   *
   * A row is taken to be of the events' type unless the rule says otherwise: annotate its `current`.
   */
  toTable<Row = Joined<Value>>(
    name: string,
    rule: (current: NoInfer<Row> | null, event: Value, context: Context) => Row | null,
    options?: TableOptions,
  ): Table<Row, Keys>;
  toTable<Row>(name: string, first: unknown = {}, second?: unknown): Table<Row, Keys> {
    const isRule = second !== undefined || typeof first !== 'object';
    const rule = isRule ? first : null;
    const options = isRule ? (second ?? {}) : first;
    return new Table(this.#graph, addTable(this.#graph, this.#port, name, rule, options));
  }

  /**
   * Drops an event whose key and identity were passed on before, if both happened at most `within` apart. What lies further
   * behind the stream's time than that passes: it is remembered no more.
   */
  distinct(name: string, options: DistinctOptions<Value>): Stream<Value, Keys> {
    return new Stream(this.#graph, addDistinct(this.#graph, this.#port, name, options));
  }

  /** A table of one event per key: the first or the last of those that came, or of those that happened. */
  deduplicate(name: string, options: DeduplicateOptions): Table<Joined<Value>, Keys> {
    return new Table(this.#graph, addDeduplicate(this.#graph, this.#port, name, options));
  }

  /**
   * Says that the form of its events has changed, and how those that are kept behind it become what they are now: of a
   * stream that a function makes. What enters from outside is told so where the stream is declared.
   */
  withEvolution(evolution: Evolution): this {
    setForm(this.#graph, this.#port, evolution);
    return this;
  }

  /** The last events, in the order in which they came by, to be read from outside; for a stream that few events take. */
  toJournal(name: string, options: JournalOptions): this {
    addJournal(this.#graph, this.#port, name, options);
    return this;
  }

  /** The latest event of each key, to be read from outside: `toTable(name).toView(name)`. */
  toView(name: string, options?: ViewOptions<Joined<Value>>): Table<Joined<Value>, Keys> {
    return this.toTable(name).toView(name, options);
  }
}

/** What comes out of a join of two streams. */
export class JoinedStream<Value, Event, Keys extends KeyKind = KeyKind> extends Stream<Value, Keys> {
  /** Of streams with watermarks: the events that came when nothing could match them any more. */
  readonly late: Stream<LateEvent<Event>, Keys>;

  constructor(graph: TopologyGraph, port: Port) {
    super(graph, port);
    this.late = new Stream(graph, { node: port.node, output: 1 });
  }
}

/** The matches of a pattern, and what became of everything else. */
export type PatternStream<Event, Match, Times, Keys extends KeyKind = KeyKind> = Stream<Match, Keys> & {
  readonly timedOut: Stream<TimedOut<Match>, Keys>;
} & (Times extends PatternByEventTime ? { readonly late: Stream<LateEvent<Event>, Keys> } : unknown);

const FILTER: StatelessNode = {
  kind: 'filter',
  leaves: asItComes,
  emits: 'stream',
  form: '(event, context) => boolean',
  create: (name, context, call, output) => new FilterOperator(name, context, call as Predicate, output),
};

const MAP: StatelessNode = {
  kind: 'map',
  emits: 'stream',
  form: '(event, context) => value',
  create: (name, context, call, output) => new MapOperator(name, context, call as Mapper, output, true),
};

const FLAT_MAP: StatelessNode = {
  kind: 'flatMap',
  emits: 'stream',
  form: '(event, context) => values',
  create: (name, context, call, output) => new FlatMapOperator(name, context, call as FlatMapper, output),
};
