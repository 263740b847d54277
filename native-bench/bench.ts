#!/usr/bin/env node
import { goalLines, OVERLOAD, type Runs, rateOf } from './canonical/goals.ts';
import { measureIdle } from './canonical/idle.ts';
import { type MeasureOptions, measure, type Result } from './canonical/measure.ts';
import { CANONICAL_PLAN, type Measurement } from './canonical/plan.ts';
import { printConditions, printDisk, printGoals, printMeasurements } from './canonical/print.ts';
import { measureRecovery } from './canonical/recovery.ts';
import { ScriptArguments } from './run/arguments.ts';
import { conditionsOf } from './run/conditions.ts';
import { buildDiskFloor, measureDiskFloor } from './run/disk-floor.ts';
import { removeDirectory, scratchDirectory } from './run/places.ts';

/**
 * The canonical run: floors and engine by turns, so that a ratio compares what ran side by side.
 *
 *   round 1   floor disk │ floor HTTP │ engine HTTP │ floor WS │ engine WS JSON │ … │ order table
 *   round 2   the same again, and so on; medians over the rounds
 *   then      an open loop at half of the measured saturation, for the latency of an ack, and one at three times as much,
 *             of which nothing may be lost; a million rows of state, the turns of the lanes while they are saved, kill -9
 *             and the time until orders are taken again; the idle kiosk
 *
 * Every measured engine starts on an empty data directory. A wrong count or a wrong aggregate ends the run with 1.
 */
const USAGE =
  'npm run bench -- [--seconds 5] [--warmup 8] [--runs 3] [--only http,ws-json] [--dir DIR] [--small] [--json]';
const given = new ScriptArguments(USAGE, {
  seconds: { type: 'string' },
  warmup: { type: 'string' },
  runs: { type: 'string' },
  only: { type: 'string' },
  dir: { type: 'string' },
  small: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
});
const { values } = given;
const roundCount = given.count('runs', values.runs ?? (values.small ? '1' : '3'));
const options: MeasureOptions = {
  seconds: given.seconds('seconds', values.seconds ?? (values.small ? '1' : '5')),
  // After 6 to 8 s over HTTP the compilers of V8 have done: before that they take a tenth of two cores.
  warmupSeconds: given.seconds('warmup', values.warmup ?? (values.small ? '0.5' : '8')),
  httpConnections: values.small ? 64 : 512,
  directory: values.dir ?? null,
  ratePerSecond: null,
};
/** Long enough to place a million orders at the rate that is the goal. */
const RECOVERY_LOAD_SECONDS = 12;
const diskAppends = values.small ? 300 : 2000;
const names = values.only?.split(',');
const unknown = names?.find((name) => ![...CANONICAL_PLAN.map((one) => one.name), 'recovery', 'idle'].includes(name));
if (unknown !== undefined) given.refuse(`--only=${unknown}: no such measurement`);
const isWanted = (name: string): boolean => names === undefined || names.includes(name);
const plan = CANONICAL_PLAN.filter((measurement) => isWanted(measurement.name));
const runs: Runs = { disk: [], results: new Map(), halfLoad: [], overload: [], recovery: [], idle: [] };
const flaws: string[] = [];
const say = (text: string): void => {
  if (!values.json) console.log(text);
};

const scratch = scratchDirectory('disk', options.directory);
const conditions = conditionsOf(
  scratch,
  `seconds=${options.seconds} warmup=${options.warmupSeconds} runs=${roundCount} httpConnections=${options.httpConnections} frame=250 generator on the same machine`,
);
say(`${printConditions(conditions)}\n`);
const hasDiskFloor = buildDiskFloor();
if (!hasDiskFloor) say('disk floor: skipped, no g++ on this machine');

for (let round = 1; round <= roundCount; round++) {
  if (hasDiskFloor) runs.disk.push(measureDiskFloor(scratch, diskAppends));
  for (const measurement of plan) {
    const result = await tried(measurement, options, `round ${round}/${roundCount}`);
    if (result !== null) runs.results.set(measurement.name, [...(runs.results.get(measurement.name) ?? []), result]);
  }
}
await atPartOfSaturation(1 / 2, 'half load', roundCount, runs.halfLoad);
await atPartOfSaturation(OVERLOAD, `${OVERLOAD} times the load`, 1, runs.overload);
if (isWanted('recovery')) await recoverOnce().catch((error: unknown) => flaws.push(`recovery: ${String(error)}`));
if (isWanted('idle')) runs.idle.push(await measureIdle(options.directory, options.seconds));
removeDirectory(scratch);

if (values.json) {
  console.log(
    JSON.stringify({ conditions, ...runs, results: Object.fromEntries(runs.results), goals: goalLines(runs), flaws }),
  );
} else {
  say(`\n${printDisk(runs)}\n\n${printMeasurements(runs)}\n\n${printGoals(runs)}`);
}
for (const flaw of flaws) console.error(`WRONG ${flaw}`);
process.exitCode = flaws.length === 0 ? 0 : 1;

/**
 * An open loop at a part of what the engine can take. The latency of an ack is stated at half of it, where a queue cannot
 * hide it; at several times as much, a client that keeps within its credit must lose nothing.
 */
async function atPartOfSaturation(part: number, what: string, rounds: number, results: Result[]): Promise<void> {
  const measurement = plan.find((candidate) => candidate.name === 'ws-json');
  const saturation = rateOf(runs, 'ws-json');
  if (measurement === undefined || !Number.isFinite(saturation)) return;
  for (let round = 1; round <= rounds; round++) {
    const atRate = { ...options, ratePerSecond: saturation * part };
    const result = await tried(measurement, atRate, `${what} ${round}/${rounds}`);
    if (result !== null) results.push(result);
  }
}

async function recoverOnce(): Promise<void> {
  const keys = values.small ? 20_000 : 1_000_000;
  const result = await measureRecovery(options.directory, keys, values.small ? 1 : RECOVERY_LOAD_SECONDS);
  const { checkpoints, turns, longTurns, eventsPerSecond } = result.turns;
  say(`half load: ${eventsPerSecond} events/s, checkpoints=${checkpoints} turns=${turns} long=${longTurns}`);
  say(`recovery: rows=${result.rows} ready after ms=${Math.round(result.readyMs)}`);
  if (result.rows < keys / 2) flaws.push(`recovery: rows=${result.rows}, wanted about ${keys}`);
  runs.recovery.push(result);
}

async function tried(measurement: Measurement, options: MeasureOptions, when: string): Promise<Result | null> {
  try {
    const result = await measure(measurement, options);
    const { ordersPerSecond, latency } = result.load;
    say(`${when}  ${measurement.name}: ${ordersPerSecond} orders/s, p99 ${latency.p99Ms} ms`);
    for (const flaw of result.flaws) flaws.push(`${measurement.name}: ${flaw}`);
    return result;
  } catch (error) {
    flaws.push(`${measurement.name}: ${String(error)}`);
    return null;
  }
}
