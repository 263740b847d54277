#!/usr/bin/env node
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './canonical/goals.ts';
import { CanonicalScenario } from './crash/canonical-scenario.ts';
import { CoffeeShopScenario } from './crash/coffee-shop-scenario.ts';
import { CrashRound } from './crash/crash-run.ts';
import { EveryOperatorScenario } from './crash/every-operator-scenario.ts';
import { VIOLATION_KINDS, type Violation } from './crash/ledger.ts';
import type { Scenario } from './crash/scenario.ts';
import { Random } from './load/random.ts';
import { ScriptArguments } from './run/arguments.ts';
import { removeDirectory, scratchDirectory } from './run/places.ts';

/**
 * The crash proof: the real engine under load over HTTP and WebSocket, killed with SIGKILL again and again.
 *
 *   producers ──orders──► engine ◄── kill -9, at any moment: under load, in recovery, at a fail point
 *      │  ▲                 │
 *      │  └──────acks───────┤
 *    ledger ═══ compared ═══ log, views, answers to what is sent again
 *
 * A round is one data directory through `--round` cycles; at its end the whole log is replayed. The seed decides the orders and the moments; the machine's own
 * timing does the rest. Ends with 1 when anything is lost, there twice, out of order or shown wrongly, and then leaves
 * the data directory and the ledger where they are.
 */
const USAGE = `npm run crash -- [--cycles 20] [--seed 1] [--topology canonical|coffee-shop|every-operator] [--round 10] [--dir DIR] [--json]
                        [--events N]      the load goes on until so many were acknowledged, an equal part in each cycle
                        [--trust-hello]   one producer takes the hello's lastSeq for "all up to here is safe"`;
const given = new ScriptArguments(USAGE, {
  cycles: { type: 'string', default: '20' },
  seed: { type: 'string', default: '1' },
  topology: { type: 'string', default: 'canonical' },
  round: { type: 'string', default: '10' },
  events: { type: 'string', default: '0' },
  dir: { type: 'string' },
  'trust-hello': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
});
const { values } = given;
const cycleCount = given.count('cycles', values.cycles);
const cyclesPerRound = given.count('round', values.round);
const seed = given.count('seed', values.seed, 0);
const eventCount = given.count('events', values.events, 0);
const random = new Random(seed);
const scenario = scenarioOf(values.topology);
const start = performance.now();
const violations: Violation[] = [];
const total = { cycles: 0, acked: 0, logged: 0, starts: 0, kills: 0, probes: 0, replayed: 0, rows: 0 };
const readyMs: number[] = [];

while (total.cycles < cycleCount && violations.length === 0) {
  const data = scratchDirectory('crash', values.dir ?? null);
  const say = (text: string): void => {
    if (!values.json) console.log(`cycle ${total.cycles + 1}/${cycleCount}  ${text}`);
  };
  const round = new CrashRound({
    data: join(data, 'data'),
    scenario,
    random,
    trustsHello: values['trust-hello'],
    eventsPerCycle: Math.ceil(eventCount / cycleCount),
    say,
  });
  let isSound = true;
  for (let cycle = 0; cycle < cyclesPerRound && total.cycles < cycleCount && isSound; cycle++) {
    isSound = await round.cycle();
    total.cycles++;
  }
  if (isSound) isSound = await round.finish();
  const { result } = round;
  total.acked += round.ledger.ackedCount;
  for (const name of ['logged', 'starts', 'kills', 'probes', 'replayed', 'rows'] as const) total[name] += result[name];
  readyMs.push(...result.readyMs);
  violations.push(...result.violations);
  if (isSound) {
    removeDirectory(data);
  } else {
    const ledger = round.ledger.events.map(({ content: _, ...event }) => JSON.stringify(event)).join('\n');
    writeFileSync(join(data, 'ledger.ndjson'), `${ledger}\n`);
    console.error(`seed=${seed} cycle=${total.cycles} data=${data}`);
  }
}

for (const { kind, detail } of violations.slice(0, 20)) console.error(`${kind.toUpperCase()} ${detail}`);
const counts = Object.fromEntries(
  VIOLATION_KINDS.map((kind) => [kind, violations.filter((violation) => violation.kind === kind).length]),
);
const summary = {
  seed,
  topology: scenario.name,
  ...total,
  ...counts,
  readyMsMedian: Math.round(median(readyMs)),
  readyMsMax: Math.round(Math.max(0, ...readyMs)),
  seconds: Math.round((performance.now() - start) / 1000),
};
console.log(JSON.stringify(summary));
console.log(
  `cycles=${total.cycles} acked=${total.acked} lost=${counts['lost']} duplicated=${counts['duplicated']} reordered=${counts['reordered']}`,
);
process.exitCode = violations.length === 0 ? 0 : 1;

function scenarioOf(name: string): Scenario {
  if (name === 'canonical') return new CanonicalScenario(seed);
  if (name === 'coffee-shop') return new CoffeeShopScenario(seed);
  if (name === 'every-operator') return new EveryOperatorScenario();
  return given.refuse(`--topology=${name}: canonical, coffee-shop or every-operator`);
}
