import { MokaError } from '../base/errors.ts';
import { KeyedHash, partitionOf } from '../base/hash.ts';
import { deepFreeze } from '../operators/development.ts';
import type { AskingOperator, LookupRule, Question } from '../operators/lookup.ts';
import type { CompiledTopology, StreamSpec, ViewSpec } from '../topology/compiled.ts';
import { eventTimeProblem, isEventTime, isKey, KEY_RULE } from '../worker/door-rules.ts';
import { aboutQuestion, inquire, type Outcome } from '../worker/inquiry.ts';
import { DriverPartition, type ViewChange } from './driver-partition.ts';

/** The door takes nothing from before 2000, where a clock is wrong; a test may count from 0. */
const LEAST_EVENT_TIME_MS = 0;

export interface TestDriverOptions {
  /** Default: 1. */
  readonly partitionCount?: number;
  /** Decides which key lies in which partition. 8 bytes. */
  readonly secret?: Uint8Array;
  /** Log time of the first event in ms. */
  readonly now?: number;
  /** By the name of an `enrich`: what is asked instead of its `lookup`. */
  readonly lookups?: Readonly<Record<string, LookupRule['lookup']>>;
}

export interface SendOptions {
  /** Event time, instead of what the stream's `eventTime` member says. */
  readonly eventTime?: number;
}

/** A view as a test reads it. */
export interface TestView<Row> {
  get(key: string): Row | undefined;
  /** All rows, or those whose key begins with `prefix`, in key order (UTF-8). */
  rows(prefix?: string): [key: string, row: Row][];
  readonly size: number;
}

/**
 * Runs a topology in memory, without threads, log or disk, on a clock that only the test moves: the same operators in
 * the same order as the engine, in development mode. What a partition does besides (durability, deduplication, dead
 * letters) it does not do: an event that fails is undone, and the failure is thrown to the test.
 */
export class TopologyTestDriver {
  readonly #topology: CompiledTopology;
  readonly #hash: KeyedHash;
  readonly #partitions: DriverPartition[] = [];
  readonly #lookups: Readonly<Record<string, LookupRule['lookup']>>;
  #now: number;

  constructor(topology: CompiledTopology, options: TestDriverOptions = {}) {
    this.#topology = topology;
    this.#hash = new KeyedHash(options.secret ?? new Uint8Array(8));
    this.#now = options.now ?? 1_763_600_000_000;
    this.#lookups = options.lookups ?? {};
    for (const name of Object.keys(this.#lookups)) this.#lookupNumber(name);
    const count = options.partitionCount ?? 1;
    for (let partition = 0; partition < count; partition++) {
      this.#partitions.push(new DriverPartition(topology, partition, count, (key) => this.#partitionOf(key)));
    }
  }

  /** Log time of the next event in ms. */
  get now(): number {
    return this.#now;
  }

  /** Moves the clock on by this many ms; what waited for it happens. */
  advance(ms: number): void {
    this.#now += ms;
    for (const partition of this.#partitions) {
      try {
        partition.tick(this.#now);
      } finally {
        this.#deliver();
      }
    }
  }

  /** Ends the operators and makes new ones that find the state of the old, as a process that starts again does. */
  restart(): void {
    for (const partition of this.#partitions) partition.restart();
  }

  /**
   * Sends one event through.
   *
   * @returns where it went
   * @throws MokaError `ERR_STREAM_UNKNOWN`, and as at the door `ERR_EVENT_SCHEMA`, `ERR_EVENT_KEY_INVALID` and
   * `ERR_EVENT_TIME_RANGE`, though times since 1970 are taken, so that a test may count from 0; OperatorError `ERR_OPERATOR_FAILED`
   */
  send(stream: string, event: unknown, options: SendOptions = {}): { partition: number; offset: number } {
    const spec = this.#stream(stream);
    if (!spec.check(event)) {
      const issues = spec.errors(event).map(({ pointer, detail }) => `${pointer} ${detail}`);
      throw new MokaError('ERR_EVENT_SCHEMA', `stream=${stream} ${issues.join(', ')}`);
    }
    const members = event as Readonly<Record<string, unknown>>;
    const key = String(members[spec.keyField]);
    const ownTime = spec.eventTimeField === null ? undefined : (members[spec.eventTimeField] as number | undefined);
    if (!isKey(key)) throw new MokaError('ERR_EVENT_KEY_INVALID', `stream=${stream} ${KEY_RULE}`);
    const eventTime = options.eventTime ?? ownTime ?? this.#now;
    const { maxFutureSkewMs } = spec;
    if (!isEventTime(eventTime, LEAST_EVENT_TIME_MS, this.#now, maxFutureSkewMs)) {
      const problem = eventTimeProblem(spec.eventTimeField, eventTime, LEAST_EVENT_TIME_MS, maxFutureSkewMs);
      throw new MokaError('ERR_EVENT_TIME_RANGE', `stream=${stream} ${problem}`);
    }
    // The door asks them, so that a test sees them asked; what is no duplicate is not looked for.
    deepFreeze(event);
    for (const { appliesTo } of spec.identities) appliesTo?.(event);
    const partition = this.#partitionOf(key);
    const lane = this.#partitions[partition] as DriverPartition;
    const offset = lane.process(spec.id, key, event, eventTime, this.#now);
    this.#deliver();
    return { partition, offset };
  }

  /** Events that wait for the answer of an `enrich`, in the order in which they came. */
  pending<Event = unknown>(name: string): Event[] {
    const lookup = this.#lookupNumber(name);
    return this.#partitions.flatMap((partition) => pendingOf(partition, lookup).map(({ event }) => event as Event));
  }

  /**
   * Asks what events wait for, one after the other in the order in which they came, until none waits any more. Attempts
   * follow each other without a pause.
   *
   * @throws OperatorError `ERR_OPERATOR_FAILED` when an event has no answer or cannot go on with it: it waits no more, and
   * the others go on with the next call
   */
  async settle(): Promise<void> {
    for (let isAsking = true; isAsking; ) {
      isAsking = false;
      for (const partition of this.#partitions) {
        for (const lookup of this.#topology.lookups.keys()) {
          for (const question of pendingOf(partition, lookup)) {
            isAsking = true;
            await this.#settle(partition, lookup, question);
          }
        }
      }
    }
  }

  async #settle(partition: DriverPartition, lookup: number, question: Question): Promise<void> {
    const { name, rule } = partition.asking[lookup] as AskingOperator;
    const asked = { ...rule, lookup: this.#lookups[name] ?? rule.lookup, backoffMs: 0 };
    const about = aboutQuestion(partition.context.partition, name, question.number);
    const outcome = await new Promise<Outcome>((resolve) => inquire(asked, question, about, resolve));
    try {
      partition.answer(lookup, question, outcome, this.#now);
    } finally {
      this.#deliver();
    }
  }

  /** Brings what partitions sent each other to where it belongs, until nothing is on its way. */
  #deliver(): void {
    for (let isMoving = true; isMoving; ) {
      isMoving = false;
      for (const source of this.#partitions) {
        for (const change of source.moved.splice(0)) {
          isMoving = true;
          (this.#partitions[change.target] as DriverPartition).processMoved(change, this.#now);
        }
      }
    }
  }

  #partitionOf(key: string): number {
    this.#hash.hashString(key);
    return partitionOf(this.#hash.low, this.#hash.high, this.#partitions.length);
  }

  /** @throws MokaError `ERR_VIEW_UNKNOWN` */
  view<Row = unknown>(name: string): TestView<Row> {
    const view = this.#view(name);
    const stores = this.#partitions.map((partition) => partition.store(view.storeId));
    return {
      get: (key) => stores.map((store) => store.get(key) as Row | undefined).find((row) => row !== undefined),
      rows: (prefix = '') =>
        stores
          .flatMap((store) => store.rows() as [string, Row][])
          .filter(([key]) => key.startsWith(prefix))
          .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      get size() {
        return stores.reduce((size, store) => size + store.size, 0);
      },
    };
  }

  /** The state of an operator by the name of its store, as `describe()` lists them; `undefined` for no value. */
  state(store: string, key: string): unknown {
    const spec = this.#topology.stores.find((one) => one.name === store);
    if (spec === undefined) throw new MokaError('ERR_VIEW_UNKNOWN', `store=${store} is not one of the topology`);
    return this.#partitions.map((partition) => partition.store(spec.id).get(key)).find((value) => value !== undefined);
  }

  /** Every change of a view since the last call, in the order they happened in each partition. */
  changes(view: string): ViewChange[] {
    const { id } = this.#view(view);
    return this.#partitions.flatMap((partition) => partition.takeChanges(id));
  }

  #lookupNumber(name: string): number {
    const lookups = this.#topology.lookups.map(({ node }) => node);
    const lookup = lookups.indexOf(name);
    if (lookup >= 0) return lookup;
    throw new MokaError('ERR_TOPOLOGY_INVALID', `enrich=${name} known=${lookups.join(',')}`);
  }

  #stream(name: string): StreamSpec {
    const spec = this.#topology.streams.find((stream) => stream.name === name);
    if (spec !== undefined) return spec;
    throw new MokaError(
      'ERR_STREAM_UNKNOWN',
      `stream=${name} known=${this.#topology.streams.map((one) => one.name).join(',')}`,
    );
  }

  #view(name: string): ViewSpec {
    const spec = this.#topology.views.find((view) => view.name === name);
    if (spec !== undefined) return spec;
    throw new MokaError(
      'ERR_VIEW_UNKNOWN',
      `view=${name} known=${this.#topology.views.map((one) => one.name).join(',')}`,
    );
  }
}

function pendingOf(partition: DriverPartition, lookup: number): Question[] {
  return (partition.asking[lookup] as AskingOperator).questionsFrom(0, Number.MAX_SAFE_INTEGER);
}
