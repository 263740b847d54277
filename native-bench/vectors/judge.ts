import { isDeepStrictEqual } from 'node:util';
import { compare, type Difference } from './compare.ts';
import { runInDriver } from './driver-run.ts';
import { runInEngine } from './engine-run.ts';
import { experimentOf } from './kinds/kinds.ts';
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
}

export type Place = 'driver' | 'engine';

/** Runs one vector and says what came of it. */
export async function judge(vector: Vector, place: Place = 'driver'): Promise<Verdict> {
  const { id } = vector;
  try {
    return { id, result: 'pass', detail: await run(vector, place) };
  } catch (error) {
    if (error instanceof NotApplicable) return { id, result: 'n/a', detail: error.message };
    if (error instanceof Unequal) return { id, result: 'FAIL', detail: error.message };
    return { id, result: 'FAIL', detail: `threw ${String(error)}` };
  }
}

class Unequal extends Error {}

/** @returns the tag of the difference that was accepted, or '' */
async function run(vector: Vector, place: Place): Promise<string> {
  const experiment = experimentOf(vector);
  const inputs = experiment.inputs ?? vector.inputs;
  const observed = place === 'engine' ? await runInEngine(vector) : runTwice(experiment, inputs);
  const read = experiment.read ?? ((row: Row) => row);
  return settle(vector, experiment.expected ?? vector.expected.map(expectedRow), observed.map(read));
}

/** Once as it is, and once with operators that are made anew before every input. */
export function runTwice(experiment: Experiment, inputs: readonly Input[]): Row[] {
  const stage = stageOf(experiment, inputs);
  const observed = runInDriver(stage, inputs, false, experiment.steps);
  const again = runInDriver(stage, inputs, true, experiment.steps);
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
