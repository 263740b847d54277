import { isDeepStrictEqual } from 'node:util';
import { TopologyError } from '../../src/topology/topology-error.ts';
import { compare, type Difference } from './compare.ts';
import { runInDriver } from './driver-run.ts';
import { runInEngine } from './engine-run.ts';
import { EPOCH_MS } from './era.ts';
import { experimentOf, refusePartitions } from './kinds/kinds.ts';
import { NotApplicable } from './not-applicable.ts';
import { QUIRKS } from './quirks.ts';
import { expectedRow, type Row, rowText } from './row.ts';
import { type Experiment, stageOf } from './scene.ts';
import type { Input, Vector } from './vector.ts';

export interface Verdict {
  readonly id: string;
  readonly result: 'pass' | 'FAIL' | 'n/a';
  /** Why it failed or cannot be run; of a pass, which difference was accepted. */
  readonly detail: string;
  /** Of a pass in the test driver: why it cannot be run in an engine. */
  readonly notInEngine?: string;
}

export interface Place {
  /** In an engine of its own instead of the test driver. */
  readonly isEngine?: boolean;
  /** Default: 1. With more, rows are in order for each key and window alone. */
  readonly partitionCount?: number;
}

/** Runs one vector in the test driver, and then in an engine, on several partitions and threads if that is all the same. */
export async function judgeBothWays(vector: Vector): Promise<Verdict> {
  const verdict = await judge(vector);
  if (verdict.result !== 'pass') return verdict;
  const partitioned = await judge(vector, { isEngine: true, partitionCount: ENGINE_PARTITIONS });
  const { result, detail } = partitioned.result === 'n/a' ? await judge(vector, { isEngine: true }) : partitioned;
  if (result === 'FAIL') return { ...verdict, result, detail: `in an engine: ${detail}` };
  return result === 'pass' ? verdict : { ...verdict, notInEngine: detail };
}

/** Runs one vector and says what came of it. */
export async function judge(vector: Vector, place: Place = {}): Promise<Verdict> {
  const { id } = vector;
  try {
    return { id, result: 'pass', detail: await run(vector, place) };
  } catch (error) {
    if (error instanceof NotApplicable) return { id, result: 'n/a', detail: error.message };
    if (error instanceof Unequal) return { id, result: 'FAIL', detail: error.message };
    const detail = String(error).replace(/\s*\n\s*/g, ' ');
    const isRefused = error instanceof TopologyError && (place.partitionCount ?? 1) > 1;
    return { id, result: isRefused ? 'n/a' : 'FAIL', detail: `${isRefused ? 'refused:' : 'threw'} ${detail}` };
  }
}

const ENGINE_PARTITIONS = 3;

class Unequal extends Error {}

/** @returns the tag of the difference that was accepted, or '' */
async function run(vector: Vector, { isEngine = false, partitionCount = 1 }: Place): Promise<string> {
  const experiment = experimentOf(vector);
  if (partitionCount > 1) refusePartitions(vector);
  const inputs = experiment.inputs ?? vector.inputs;
  const observed = isEngine ? await runInEngine(vector, partitionCount) : runTwice(experiment, inputs, partitionCount);
  const read = experiment.read ?? ((row: Row) => row);
  const held: Vector = partitionCount > 1 && vector.order === 'total' ? { ...vector, order: 'perWindow' } : vector;
  return settle(held, experiment.expected ?? vector.expected.map(expectedRow), observed.map(read));
}

/** Once as it is, and once with operators that are made anew before every input. */
export function runTwice(experiment: Experiment, inputs: readonly Input[], partitionCount = 1): Row[] {
  const stage = stageOf(experiment, inputs, experiment.driverOnly === undefined ? EPOCH_MS : 0);
  const options = { partitionCount, ...(experiment.steps === undefined ? {} : { steps: experiment.steps }) };
  const observed = runInDriver(stage, inputs, options);
  const again = runInDriver(stage, inputs, { ...options, restarts: true });
  if (isDeepStrictEqual(observed, again)) return observed;
  const index = observed.findIndex((row, at) => !isDeepStrictEqual(row, again[at]));
  const at = index === -1 ? observed.length : index;
  throw new Unequal(`row ${at} is another after a restart: ${text(observed[at])}, then ${text(again[at])}`);
}

/**
 * @returns the tag of the difference that was accepted, or ''
 * @throws Unequal
 */
export function settle(vector: Vector, expected: readonly Row[], observed: readonly Row[]): string {
  const difference = compare(vector, expected, observed);
  for (const tag of vector.quirks ?? []) {
    const quirk = QUIRKS[tag];
    if (quirk === undefined) continue;
    if (difference === null && quirk.mustDiffer === true) throw new Unequal(`it does what it must not: ${tag}`);
    if (difference === null) continue;
    const rest = compare(vector, ...quirk.reduce(expected, observed));
    if (rest === null) return tag;
    throw new Unequal(describe(rest));
  }
  if (difference !== null) throw new Unequal(describe(difference));
  return '';
}

function describe({ where, expected, observed }: Difference): string {
  return `${where}: expected ${text(expected)}, got ${text(observed)}`;
}

function text(row: Row | null | undefined): string {
  return row === null || row === undefined ? 'no row' : rowText(row);
}
