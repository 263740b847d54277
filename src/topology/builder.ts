import type { Static, TSchema } from 'typebox';
import { MapOperator } from '../operators/map.ts';
import type { Operator } from '../operators/operator.ts';
import type { Context } from '../operators/operator-context.ts';
import { checkFunction, checkName, checkOptions, kindOf } from './checks.ts';
import { compileTopology } from './compile.ts';
import type { CompiledTopology } from './compiled.ts';
import { asItComes, evolutionOf } from './evolution.ts';
import { addGlobalTable, GlobalTable } from './global-table.ts';
import { type Port, TopologyGraph } from './graph.ts';
import { compileSchemaCheck } from './schema-check.ts';
import { Stream } from './stream.ts';
import { defineStream } from './stream-definition.ts';
import type { StreamOptions } from './stream-options.ts';
import { TopologyError } from './topology-error.ts';

export interface TopologyOptions {
  /** Yours to raise; part of the fingerprint. Default: `1`. */
  readonly version?: string;
}

/** What the function given to `defineTopology` writes the topology down with. */
export class TopologyBuilder {
  readonly #graph: TopologyGraph;

  constructor(graph: TopologyGraph) {
    this.#graph = graph;
  }

  /** Events that enter from outside under this name. */
  stream<Schema extends TSchema>(name: string, options: StreamOptions<Schema>): Stream<Static<Schema>, 'plain'> {
    return new Stream(this.#graph, this.#addStream(name, options));
  }

  #addStream<Schema extends TSchema>(name: string, options: StreamOptions<Schema>): Port {
    const spec = defineStream(this.#graph, name, options);
    const { description: _, upcast: _upcast, ...settings } = options ?? {};
    const { version = 1, upcasters = new Map() } = evolutionOf(this.#graph, `stream '${name}'`, options) ?? {};
    return this.#graph.add({
      space: 'stream',
      kind: 'stream',
      name,
      inputs: [],
      settings,
      stream: spec,
      rowForm: { version, upcasters, events: [{ stream: name, version, schema: spec.schema }] },
      // What enters goes straight to what follows.
      open: (site) => [site.outputs[0] as Operator],
    });
  }

  /**
   * A table with the latest event of each key that every partition has all of, so that a stream may be joined with it
   * whatever its key. It is fed by a stream of its own, of the same name and with the options of one. A rule decides what
   * an event does to its row, as with `toTable`.
   */
  globalTable<Schema extends TSchema>(name: string, options: StreamOptions<Schema>): GlobalTable<Static<Schema>>;
  globalTable<Schema extends TSchema, Row = Static<Schema>>(
    name: string,
    options: StreamOptions<Schema>,
    rule: (current: NoInfer<Row> | null, event: Static<Schema>, context: Context) => Row | null,
  ): GlobalTable<Row>;
  globalTable<Schema extends TSchema, Row>(
    name: string,
    options: StreamOptions<Schema>,
    rule: unknown = null,
  ): GlobalTable<Row> {
    const port = this.#addStream(name, options);
    return new GlobalTable(this.#graph, addGlobalTable(this.#graph, port, name, rule));
  }

  /**
   * Goes on from an operator by its name (`name`, or `name.way` after a branch), so that a topology can be written in
   * several files. The schema says what its events are; in development mode they are held against it.
   */
  from<Schema extends TSchema>(name: string, schema: Schema): Stream<Static<Schema>> {
    const graph = this.#graph;
    const { check } = compileSchemaCheck(schema);
    const port = graph.add({
      kind: 'from',
      leaves: asItComes,
      name: `${name}#${graph.references.size + 1}`,
      inputs: [],
      settings: { operator: name, schema },
      open: ({ name: operator, context, host, outputs }) => {
        const output = outputs[0] as Operator;
        if (host.isDevelopment !== true) return [output];
        const expect = (event: unknown): unknown => {
          if (check(event)) return event;
          throw new TypeError(`an event of ${name} does not fit the schema it is expected to have`);
        };
        return [new MapOperator(operator, context, expect, output, true)];
      },
    });
    graph.references.set(port.node, name);
    return new Stream(graph, port);
  }
}

type Build = (t: TopologyBuilder) => void;

/**
 * A topology: what enters, what happens to it, what can be read. To be exported from a module as `topology`.
 *
 * @throws TopologyError (`ERR_TOPOLOGY_INVALID`) that lists every mistake, each with its node and what would be right
 */
export function defineTopology(name: string, build: Build): CompiledTopology;
export function defineTopology(name: string, options: TopologyOptions, build: Build): CompiledTopology;
export function defineTopology(name: string, first: TopologyOptions | Build, second?: Build): CompiledTopology {
  const options = second === undefined ? {} : (first as TopologyOptions);
  const build = second ?? (first as Build);
  const graph = new TopologyGraph(name);
  checkName(graph, 'topology', name);
  checkOptions(graph, 'topology', options, ['version']);
  checkFunction(graph, 'topology', 'function', build, '(t) => void that writes it down');
  if (graph.mistakes.length > 0) throw new TopologyError(name, graph.mistakes);
  const version = options.version ?? '1';
  if (typeof version !== 'string') graph.complain('topology', `its version is ${kindOf(version)}`, 'use a string');
  try {
    build(new TopologyBuilder(graph));
  } catch (error) {
    graph.complain('topology', `its function threw: ${String(error)}`, 'what came after it was not looked at');
    throw new TopologyError(name, graph.mistakes, error);
  }
  graph.isSealed = true;
  return compileTopology(graph, version);
}
