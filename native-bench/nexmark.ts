#!/usr/bin/env node
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CHECKED_WORKLOADS, check, memoryRunner } from './nexmark/check.ts';
import type { Measured } from './nexmark/measure.ts';
import { medianOf, ratesOf, tableOf } from './nexmark/print.ts';
import { CAVEATS, PUBLISHED } from './nexmark/published.ts';
import { QUERIES } from './nexmark/queries.ts';
import type { NexmarkQuery } from './nexmark/query.ts';
import { eventsOf } from './nexmark/workload.ts';
import { ScriptArguments } from './run/arguments.ts';
import { conditionsOf } from './run/conditions.ts';
import { removeDirectory, scratchDirectory } from './run/places.ts';

/**
 * Nexmark, q0 to q22: every query is first held against its oracle on a small input, then measured on one partition.
 *
 *   generator ──► query ──► rows counted and dropped                          durability off: one thread
 *   generator ──► ring ──► lane: log, flush, query, checkpoints ──► rows      durability on: lane and checkpoint thread
 *
 * Each measurement is a process of its own. A result that is not its oracle's, or a durable run that does not emit as
 * many rows as the one in memory, ends the run with 1.
 */
const USAGE =
  'npm run bench:nexmark -- [--queries q0,q5] [--events N] [--density N] [--durability on|off] [--runs N] [--dir DIR] [--json]';
const given = new ScriptArguments(USAGE, {
  queries: { type: 'string' },
  events: { type: 'string', default: '2000000' },
  density: { type: 'string' },
  durability: { type: 'string' },
  runs: { type: 'string', default: '1' },
  dir: { type: 'string' },
  json: { type: 'boolean', default: false },
});
const { values } = given;
/** The suite's own, at which no window closes before the end; and one at which windows roll. */
const DENSITIES = [10_000_000, 100_000];
const RUN_ONE = fileURLToPath(new URL('./nexmark/run-one.js', import.meta.url));

const names = values.queries?.split(',') ?? QUERIES.map(({ name }) => name);
const queries = QUERIES.filter(({ name }) => names.includes(name));
const unknown = names.find((name) => !QUERIES.some((query) => query.name === name));
if (unknown !== undefined) given.refuse(`--queries=${unknown}: no such query`);
if (!['on', 'off', undefined].includes(values.durability)) given.refuse(`--durability=${values.durability}: on or off`);
const densities = values.density === undefined ? DENSITIES : [given.count('density', values.density)];
const events = given.count('events', values.events);
const runCount = given.count('runs', values.runs);
const durabilities = values.durability === undefined ? [false, true] : [values.durability === 'on'];

const say = (text: string): void => {
  if (!values.json) console.log(text);
};
const scratch = scratchDirectory('nexmark', values.dir ?? null);
const conditions = conditionsOf(scratch, `one partition, events=${events} runs=${runCount}`);
const results: Measured[] = [];
const flaws: string[] = [];
try {
  for (const query of queries) checkQuery(query);
  for (const density of densities) {
    const measured = queries.flatMap((query) => measureQuery(query, density));
    results.push(...measured);
    say(`\n${events} events, ${density} per second of event time\n${tableOf(measured)}`);
  }
} finally {
  removeDirectory(scratch);
}
for (const caveat of CAVEATS) say(caveat);
if (values.json) {
  const rated = results.map((measured) => ({
    ...measured,
    ...ratesOf(measured),
    published: PUBLISHED[measured.query],
  }));
  console.log(JSON.stringify({ conditions, results: rated, caveats: CAVEATS, flaws }));
} else {
  say(
    Object.entries(conditions)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
  );
}
for (const flaw of flaws) console.error(`WRONG ${flaw}`);
process.exitCode = flaws.length === 0 ? 0 : 1;

function checkQuery(query: NexmarkQuery): void {
  const differences = CHECKED_WORKLOADS.map((workload) => check(query, eventsOf(workload), memoryRunner).difference);
  const difference = differences.find((one) => one !== null);
  if (difference !== undefined) flaws.push(`${query.name}: ${difference}`);
  say(`${query.name.padEnd(4)} ${difference === undefined ? 'as its oracle' : 'NOT as its oracle'}  ${query.summary}`);
}

function measureQuery(query: NexmarkQuery, density: number): Measured[] {
  const medians = durabilities.map((isDurable) => {
    const runs = Array.from({ length: runCount }, () => runOnce(query, density, isDurable));
    return medianOf(runs);
  });
  const [first, second] = medians;
  // By processing time it is the clock that says what falls into which window.
  if (second !== undefined && first?.rows !== second.rows && query.isByProcessingTime !== true) {
    flaws.push(`${query.name}: rows in memory=${first?.rows} durable=${second.rows} density=${density}`);
  }
  return medians;
}

function runOnce({ name }: NexmarkQuery, density: number, isDurable: boolean): Measured {
  const directory = scratchDirectory('run', scratch);
  const args = [RUN_ONE, '--query', name, '--events', String(events), '--density', String(density)];
  if (isDurable) args.push('--durable', directory);
  try {
    return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Measured;
  } finally {
    removeDirectory(directory);
  }
}
