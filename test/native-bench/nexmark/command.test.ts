import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ratesOf } from '../../../native-bench/nexmark/print.ts';
import { PUBLISHED } from '../../../native-bench/nexmark/published.ts';
import { QUERIES } from '../../../native-bench/nexmark/queries.ts';
import { SCRATCH_DIRECTORY } from '../../../native-bench/run/places.ts';

const COMMAND = join(SCRATCH_DIRECTORY, 'build/native-bench/nexmark.js');
/** Those of the generator, and those that end the input. */
const EVENTS = 5000;
const TAIL_EVENTS = 300;
/** Eight processes one after the other, on a machine that may have other things to do. */
const TIMEOUT_MS = 120_000;

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('npm run bench:nexmark', { timeout: TIMEOUT_MS }, () => {
  it('measures with and without durability, and what both emit is the same', async () => {
    const { code, stdout, stderr } = await run('--queries', 'q2,q13', '--events', String(EVENTS), '--json');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { results, flaws } = JSON.parse(stdout) as { results: Record<string, unknown>[]; flaws: string[] };
    expect(flaws).toEqual([]);
    const runs = results.map(({ query, isDurable, density, events }) => [query, isDurable, density, events]);
    const events = EVENTS + TAIL_EVENTS;
    expect(runs).toEqual([
      ['q2', false, 10_000_000, events],
      ['q2', true, 10_000_000, events],
      ['q13', false, 10_000_000, events],
      ['q13', true, 10_000_000, events],
      ['q2', false, 100_000, events],
      ['q2', true, 100_000, events],
      ['q13', false, 100_000, events],
      ['q13', true, 100_000, events],
    ]);
    for (const { rows, perCore } of results as { rows: number; perCore: number }[]) {
      expect(rows).toBeGreaterThan(0);
      expect(perCore).toBeGreaterThan(0);
    }
  });

  it('prints a table beside what others have published, and what that is worth', async () => {
    const { code, stdout } = await run(
      '--queries',
      'q5',
      '--events',
      '500',
      '--density',
      '1000',
      '--durability',
      'off',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('q5   as its oracle');
    expect(stdout).toMatch(/^q5 +no +\d+ K +\d+ K +\d+\.\d\d +\d+\.\d\d +\d+ +22 K +\d+\.\d +412 K +\d+\.\d$/m);
    expect(stdout).toContain('published: per core of other machines');
  });
});

describe('ratesOf', () => {
  it('counts all CPU per core, and the engine without its sender', () => {
    const spent = { seconds: 2, cpuSeconds: 4, senderSeconds: 1 };
    const run = { query: 'q0', isDurable: false, density: 1, rows: 0, checkpoints: 0, events: 1_000_000, ...spent };
    expect(ratesOf(run)).toEqual({ total: 500_000, perCore: 250_000, engineMicros: 3, senderMicros: 1 });
  });
});

describe('PUBLISHED', () => {
  it('has a line for every query', () => {
    expect(Object.keys(PUBLISHED)).toEqual(QUERIES.map(({ name }) => name));
  });
});
