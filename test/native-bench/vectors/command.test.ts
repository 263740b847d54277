import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_DIRECTORY, SCRATCH_DIRECTORY } from '../../../native-bench/run/places.ts';

const COMMAND = join(SCRATCH_DIRECTORY, 'build/native-bench/vectors.js');

const RECORDS = [
  { stream: 'in', key: 'a', value: 'x', ts: 5 },
  { control: 'restart' },
  { stream: 'in', key: 'a', value: 'y', ts: 3 },
];
const COUNTED = {
  id: 'counted',
  semantics: 'any',
  operator: { kind: 'aggregate', aggregator: { kind: 'count' } },
  inputs: RECORDS,
  expected: [
    { key: 'a', value: 1, ts: 5, afterInput: 0 },
    { key: 'a', value: 2, ts: 5, afterInput: 2 },
  ],
  expectedState: [{ key: 'a', value: 2, ts: 5 }],
  order: 'total',
};
const TIMED = {
  ...COUNTED,
  id: 'timed',
  operator: { kind: 'punctuate', timeType: 'wallClock', intervalMs: 10 },
  inputs: [
    { control: 'wallClock', advanceMs: 10 },
    { control: 'wallClock', advanceMs: 25 },
  ],
  expected: [
    { punctuatedAt: 10, afterInput: 0 },
    { punctuatedAt: 35, afterInput: 1 },
  ],
  expectedState: undefined,
};
const WRONG = { ...COUNTED, id: 'wrong', expected: [{ key: 'a', value: 1, ts: 5, afterInput: 0 }] };
const UNKNOWN = { ...COUNTED, id: 'unknown', operator: { kind: 'teleport' } };

let directory: string;

beforeAll(() => {
  mkdirSync(SCRATCH_DIRECTORY, { recursive: true });
  directory = mkdtempSync(join(SCRATCH_DIRECTORY, 'vectors-test-'));
  writeFileSync(
    join(directory, '01-good.json'),
    JSON.stringify({ family: 'good', vectors: [COUNTED, TIMED, UNKNOWN] }),
  );
  writeFileSync(join(directory, '02-bad.json'), JSON.stringify({ family: 'bad', vectors: [WRONG] }));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], { cwd: PROJECT_DIRECTORY }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Engines are opened and closed. */
const TIMEOUT_MS = 60_000;

describe('npm run vectors', { timeout: TIMEOUT_MS }, () => {
  it('prints a line per vector and a summary, and ends with 1 when one fails', async () => {
    const { code, stdout } = await run(directory);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'pass  counted',
      'pass  timed',
      'n/a  unknown  not built yet: teleport',
      'FAIL  wrong  row 1: expected no row, got a=2 @5 #2',
      'vectors=4 pass=2 (accepted difference: 0) FAIL=1 n/a=1 (not built yet: 1, other reasons: 0) not in an engine: 0',
    ]);
    expect(code).toBe(1);
  });

  it('runs one family or one vector, and ends with 0 when none fails', async () => {
    expect(await run(directory, '--family', '1', '--driver')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('vectors=3'),
    });
    const one = await run(directory, '--id', 'wrong', '--driver', '--json');
    expect(one.code).toBe(1);
    expect(JSON.parse(one.stdout)).toMatchObject({ vectors: 1, fail: 1, verdicts: [{ id: 'wrong', result: 'FAIL' }] });
  });

  it('does not take nothing for a success', async () => {
    expect((await run(directory, '--id', 'nobody')).code).toBe(1);
    expect((await run()).code).toBe(2);
    expect((await run(directory, '--driver', '--engine')).code).toBe(2);
    expect((await run(PROJECT_DIRECTORY)).stderr).toContain('has no files of vectors');
  });

  it('runs in an engine, with its end and a new start, to the same verdicts', async () => {
    const { code, stdout } = await run(directory, '--engine', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      verdicts: [
        { id: 'counted', result: 'pass' },
        { id: 'timed', result: 'pass' },
        { id: 'unknown', result: 'n/a' },
        { id: 'wrong', result: 'FAIL', detail: 'row 1: expected no row, got a=2 @5 #2' },
      ],
    });
  });
});
