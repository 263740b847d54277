#!/usr/bin/env node
import { ScriptArguments } from './run/arguments.ts';
import { judge, judgeBothWays, type Verdict } from './vectors/judge.ts';
import { type Family, readFamilies } from './vectors/vector.ts';

/**
 * Holds the topology language against vectors: inputs, and the rows that other engines put out for them.
 *
 *   file NN-family.json ──► operator ──► topology ──► test driver ──► journal ══ compared ══ expected rows
 *
 * Each vector runs in the test driver, and then in an engine of its own: worker threads, log and flushes; on several
 * partitions where what comes out cannot depend on that. `--driver` and `--engine` are for one of both alone, with one
 * partition; with `--partitions` the driver has so many, and records go to that of their key.
 *
 * One line per vector: `pass`, `FAIL` with the first row that differs, or `n/a` with the reason. Ends with 1 when one
 * fails, or when there was none to run.
 */
const USAGE = 'npm run vectors -- DIR [--family NN] [--id ID] [--driver | --engine | --partitions N] [--json]';
const given = new ScriptArguments(USAGE, {
  family: { type: 'string' },
  id: { type: 'string' },
  driver: { type: 'boolean', default: false },
  engine: { type: 'boolean', default: false },
  partitions: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
});
const { values, positionals } = given;
const partitionCount = given.count('partitions', values.partitions);
const isPartitioned = partitionCount !== 1;
const isOneWay = values.driver || values.engine || isPartitioned;
const directory = positionals[0] ?? given.refuse('DIR is missing');
if (positionals.length > 1) given.refuse(`one DIR at a time: ${positionals.join(' ')}`);
if ([values.driver, values.engine, isPartitioned].filter(Boolean).length > 1) {
  given.refuse('--driver, --engine and --partitions exclude each other');
}

const isChosen = ({ number }: Family): boolean =>
  values.family === undefined || number === values.family.padStart(2, '0');
const vectors = readFamilies(directory)
  .filter(isChosen)
  .flatMap((family) => family.vectors)
  .filter(({ id }) => values.id === undefined || id === values.id);

const verdicts: Verdict[] = [];
for (const vector of vectors) {
  const verdict = isOneWay
    ? await judge(vector, { isEngine: values.engine, partitionCount })
    : await judgeBothWays(vector);
  verdicts.push(verdict);
  if (!values.json) process.stdout.write(`${lineOf(verdict)}\n`);
}
const count = (result: Verdict['result']): number => verdicts.filter((verdict) => verdict.result === result).length;
const notInEngine = verdicts.filter((verdict) => verdict.notInEngine !== undefined).length;
const summary = {
  vectors: verdicts.length,
  pass: count('pass'),
  fail: count('FAIL'),
  notApplicable: count('n/a'),
  notInEngine,
};
if (values.json) process.stdout.write(`${JSON.stringify({ ...summary, verdicts })}\n`);
else process.stdout.write(`${summaryLine()}\n`);
process.exitCode = summary.fail > 0 || summary.vectors === 0 ? 1 : 0;

function lineOf({ id, result, detail, notInEngine }: Verdict): string {
  const notes = [
    result === 'pass' && detail !== '' ? `accepted difference: ${detail}` : detail,
    notInEngine === undefined ? '' : `not in an engine: ${notInEngine}`,
  ].filter((note) => note !== '');
  return [`${result}  ${id}`, ...notes].join('  ');
}

function summaryLine(): string {
  const accepted = verdicts.filter(({ result, detail }) => result === 'pass' && detail !== '').length;
  const unbuilt = verdicts.filter(
    ({ result, detail }) => result === 'n/a' && detail.startsWith('not built yet'),
  ).length;
  const others = summary.notApplicable - unbuilt;
  return `vectors=${summary.vectors} pass=${summary.pass} (accepted difference: ${accepted}) FAIL=${summary.fail} n/a=${summary.notApplicable} (not built yet: ${unbuilt}, other reasons: ${others})${isOneWay ? '' : ` not in an engine: ${notInEngine}`}`;
}
