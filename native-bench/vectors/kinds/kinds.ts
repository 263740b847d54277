import { NotApplicable, notBuiltYet } from '../not-applicable.ts';
import type { Experiment } from '../scene.ts';
import type { Vector } from '../vector.ts';
import * as deduplication from './deduplication.ts';
import { aggregate } from './folds.ts';
import { ttlState } from './state-ttl.ts';
import * as stateless from './stateless.ts';
import * as streamJoins from './stream-joins.ts';
import * as tables from './tables.ts';
import * as timers from './timers.ts';
import { topology } from './topologies.ts';
import { validate } from './validation.ts';
import * as watermarks from './watermarks.ts';
import * as windows from './windows.ts';

type Adapter = (operator: Vector['operator'], vector: Vector) => Experiment;

/** Who writes which kind of operator down in moka's language. */
const ADAPTERS: Readonly<Record<string, Adapter>> = {
  split: stateless.split,
  merge: stateless.merge,
  map: stateless.map,
  flatMapValues: stateless.flatMapValues,
  filterNot: stateless.filterNot,
  tableToStream: stateless.tableToStream,
  repartition: stateless.repartition,
  dynamicSink: stateless.dynamicSink,
  aggregate,
  streamStreamJoin: streamJoins.streamStreamJoin,
  intervalJoin: streamJoins.intervalJoin,
  deduplicate: deduplication.deduplicate,
  deduplicateRow: deduplication.deduplicateRow,
  streamTableJoin: tables.streamTableJoin,
  tableTableJoin: tables.tableTableJoin,
  foreignKeyJoin: tables.foreignKeyJoin,
  tableGroupAggregate: tables.tableGroupAggregate,
  windowAggregate: windows.windowAggregate,
  cogroup: windows.cogroup,
  suppress: windows.suppress,
  windowAssign: windows.windowAssign,
  ttlState,
  keyedProcess: timers.keyedProcess,
  punctuate: timers.punctuate,
  watermarkGenerator: watermarks.watermarkGenerator,
  idlenessTimer: watermarks.idlenessTimer,
  watermarkCombiner: watermarks.watermarkCombiner,
  topology,
  validate,
};

/** Kinds that moka will not have. */
const OTHERWISE: Readonly<Record<string, string>> = {
  timeSync: 'a partition has one log: events are taken in the order in which they came in, whatever their time',
  windowMerge: 'sessions merge as events come; windows by themselves are nothing in the language',
  windowOverlap: 'windows are not compared in the language',
  taskReadiness: 'a partition has one log: it never waits for another input',
};

/** @throws NotApplicable */
export function experimentOf(vector: Vector): Experiment {
  const { kind } = vector.operator;
  const adapter = ADAPTERS[kind];
  if (adapter !== undefined) return adapter(vector.operator, vector);
  const reason = OTHERWISE[kind];
  throw reason === undefined ? notBuiltYet(kind) : new NotApplicable(reason);
}

/** What these do with a record depends on its key alone, and on no time that records of other keys bring on. */
const BY_KEY = new Set([
  ...['split', 'merge', 'map', 'flatMapValues', 'filterNot', 'tableToStream', 'aggregate', 'cogroup'],
  ...['streamTableJoin', 'tableTableJoin', 'foreignKeyJoin', 'tableGroupAggregate', 'topology'],
]);

/** @throws NotApplicable for an operator that does something else in several partitions, as each has a time of its own */
export function refusePartitions({ operator }: Vector): void {
  const { kind, window, graceMs, steps } = operator;
  const isTimed = window !== undefined || graceMs !== undefined || /window|suppress|stream/i.test(String(steps));
  if (isTimed || !BY_KEY.has(kind)) throw new NotApplicable('every partition has a time of its own');
}
