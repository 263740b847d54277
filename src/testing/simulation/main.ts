import { parseArgs } from 'node:util';
import { ExchangeSimulation } from './exchange-simulation.ts';
import { SABOTAGES, type Sabotage } from './sabotage.ts';
import { Simulation } from './simulation.ts';

/**
 * `npm run sim -- --seeds N [--from S] [--seed S] [--sabotage RULE]`: runs seeds S … S+N-1 and ends with 1 at the first
 * violation, naming the seed; `--seed S` runs that one alone. With `--sabotage` a rule is broken on purpose and the run
 * ends with 1 unless some seed notices. With `--exchange` several lanes run in one process and send each other events.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    sabotage: { type: 'string' },
    exchange: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const first = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const sabotage = (values.sabotage ?? null) as Sabotage | null;
if (
  !Number.isInteger(first) ||
  !(Number.isInteger(count) && count > 0) ||
  (sabotage !== null && !SABOTAGES.includes(sabotage))
) {
  process.stderr.write(`usage: npm run sim -- [--seeds N] [--from S] [--seed S] [--sabotage ${SABOTAGES.join('|')}]\n`);
  process.exit(2);
}

const startedAt = performance.now();
const total = { seeds: 0, lives: 0, acked: 0, duplicates: 0, checkpoints: 0, ticks: 0, moved: 0, violations: 0 };
let caughtBy: number | null = null;
for (let seed = first; seed < first + count && caughtBy === null; seed++) {
  const result = values.exchange ? new ExchangeSimulation(seed).run() : new Simulation(seed, sabotage).run();
  total.seeds += 1;
  total.lives += result.lives;
  total.acked += result.acked;
  total.duplicates += result.duplicates;
  total.checkpoints += result.checkpoints;
  total.ticks += result.ticks;
  total.moved += result.moved;
  total.violations += result.violations.length;
  if (result.violations.length === 0) continue;
  caughtBy = seed;
  process.stderr.write(`seed=${seed}${sabotage === null ? '' : ` sabotage=${sabotage}`}\n`);
  for (const violation of result.violations) process.stderr.write(`  ${violation}\n`);
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
if (values.json)
  process.stdout.write(`${JSON.stringify({ ...total, sabotage, caughtBy, seconds: Number(seconds) })}\n`);
else {
  const figures = Object.entries(total)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  process.stdout.write(`${figures} seconds=${seconds}${caughtBy === null ? '' : ` caughtBy=${caughtBy}`}\n`);
}
process.exitCode = (caughtBy !== null) === (sabotage !== null) ? 0 : 1;
