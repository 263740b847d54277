import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SCRATCH_DIRECTORY } from '../../../native-bench/run/places.ts';

/** Each script with what it cannot be called with. */
const MISTAKES = {
  bench: ['--runs=many', '--only=htp', '--perhaps'],
  crash: ['--cycles=0', '--topology=shop'],
  nexmark: ['--queries=q99', '--durability=perhaps'],
  vectors: ['', '--driver --engine'],
};

function run(script: string, args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const command = join(SCRATCH_DIRECTORY, `build/native-bench/${script}.js`);
  return spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' });
}

describe.each(Object.entries(MISTAKES))('%s', (script, mistakes) => {
  it('shows its usage when asked', () => {
    const { status, stdout, stderr } = run(script, ['--help']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^usage: npm run [a-z:]+ -- /);
  });

  it.each(mistakes)('refuses %j and shows its usage', (mistake) => {
    const { status, stdout, stderr } = run(script, mistake === '' ? [] : mistake.split(' '));
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^(?!usage).+\nusage: npm run /);
  });
});
