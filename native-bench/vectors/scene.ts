import { Type } from 'moka';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import type { GlobalTable } from '../../src/topology/global-table.ts';
import type { Stream } from '../../src/topology/stream.ts';
import type { StreamOptions } from '../../src/topology/stream-options.ts';
import type { Table } from '../../src/topology/table.ts';
import { NotApplicable } from './not-applicable.ts';
import { ONLY_OUTPUT, type Row } from './row.ts';
import type { Envelope, Step } from './steps.ts';
import type { Input } from './vector.ts';
import type { Cell, Value } from './words.ts';

/** More than any vector puts out. */
const KEEP = 100_000;

/** A record may be without key or value, an order may not; so it travels as a member of one. */
const EnvelopeSchema = Type.Object({
  lane: Type.String(),
  key: Type.Union([Type.String(), Type.Number(), Type.Null()]),
  value: Type.Union([Type.String(), Type.Number(), Type.Null()]),
  ts: Type.Optional(Type.Integer()),
  watermark: Type.Optional(Type.Integer()),
});

/** The same of a table that stands under its own keys in every partition. */
const GlobalEnvelope = Type.Object({
  key: Type.String(),
  value: Type.Union([Type.String(), Type.Number(), Type.Null()]),
  ts: Type.Optional(Type.Integer()),
});

/** Where an operator is written down: its streams come in by name, its results go out by name. */
export class Scene {
  readonly outputs: string[] = [];
  /** Outputs that are tables, and so can be read as views too. */
  readonly tables: string[] = [];
  /** Where the time of the vector begins. */
  readonly epochMs: number;
  readonly #t: TopologyBuilder;
  readonly #envelopes = new Map<string, Stream<Envelope>>();
  readonly #globalTables = new Set<string>();

  constructor(t: TopologyBuilder, epochMs: number) {
    this.#t = t;
    this.epochMs = epochMs;
  }

  /** Records as they come in, under no key of their own yet. The first call says how. */
  envelopes(name: string, options: Pick<StreamOptions<typeof EnvelopeSchema>, 'watermark'> = {}): Stream<Envelope> {
    const known = this.#envelopes.get(name);
    if (known !== undefined) return known;
    const stream = this.#t.stream(name, {
      schema: EnvelopeSchema,
      key: 'lane',
      eventTime: 'ts',
      guarantee: 'at-least-once',
      maxFutureSkewMs: Number.MAX_SAFE_INTEGER,
      ...options,
    });
    this.#envelopes.set(name, stream);
    return stream;
  }

  /** Records under their keys. */
  records(name: string): Stream<Value> {
    return this.envelopes(name)
      .keyBy((envelope) => envelope.key)
      .map((envelope) => envelope.value);
  }

  /** The latest value of each key; a record without a value deletes. */
  globalTable(name: string): GlobalTable<Cell> {
    this.#globalTables.add(name);
    const options = { schema: GlobalEnvelope, key: 'key', eventTime: 'ts', guarantee: 'at-least-once' } as const;
    return this.#t.globalTable<typeof GlobalEnvelope, Cell>(name, options, (_, { value }) => value);
  }

  /** A stream that the operator does not look at is there all the same. */
  declare(name: string): void {
    if (!this.#globalTables.has(name)) this.envelopes(name);
  }

  observe(stream: Stream<unknown>, output = ONLY_OUTPUT): void {
    stream.toJournal(output, { keep: KEEP });
    this.outputs.push(output);
  }

  /** Its changes, and what they add up to. */
  observeTable(table: Table<unknown>, output = ONLY_OUTPUT): void {
    this.observe(table.toStream(), output);
    table.toView(viewOf(output));
    this.tables.push(output);
  }
}

export function viewOf(output: string): string {
  return `${output}-rows`;
}

/** One vector, ready to be run. */
export interface Experiment {
  /** Writes the operator down. */
  readonly build: (scene: Scene) => void;
  /** Instead of the vector's own. */
  readonly inputs?: readonly Input[];
  /** Instead of the vector's own rows. */
  readonly expected?: readonly Row[];
  /** What is done for an input, instead of what goes without saying. */
  readonly steps?: (input: Input, index: number) => readonly Step[];
  /** What of a row is looked at. */
  readonly read?: (row: Row) => Row;
  /** Why it cannot be run in an engine. */
  readonly driverOnly?: string;
}

export interface Stage {
  readonly topology: CompiledTopology;
  readonly outputs: readonly string[];
  readonly tables: readonly string[];
  /** Where its time begins. */
  readonly epochMs: number;
}

/** @throws TopologyError, NotApplicable */
export function stageOf(experiment: Experiment, inputs: readonly Input[], epochMs = 0): Stage {
  let scene: Scene | undefined;
  let topology: CompiledTopology;
  try {
    topology = defineTopology('vector', (t) => {
      scene = new Scene(t, epochMs);
      experiment.build(scene);
      for (const { stream } of inputs) if (typeof stream === 'string') scene.declare(stream);
    });
  } catch (error) {
    const { cause } = error as Error;
    throw cause instanceof NotApplicable ? cause : error;
  }
  const { outputs, tables } = scene as Scene;
  return { topology, outputs, tables, epochMs };
}
