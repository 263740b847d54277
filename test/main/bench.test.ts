import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/base/exit-codes.ts';
import { moka } from './moka-process.ts';

const directory = mkdtempSync(join(tmpdir(), 'moka-bench-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

const ours = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

describe('moka bench', () => {
  it('drives an engine of its own, counts every order, and leaves nothing behind', () => {
    const args = ['--seconds', '1', '--connections', '4', '--dir', directory, '--json'];
    const { code, stdout, stderr } = moka(['bench', ...args]);
    expect([code, stderr]).toEqual([0, '']);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ event: 'bench', transport: 'http', durability: 'fsync', accepted: result.sent });
    expect(result.sent).toBeGreaterThan(0);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('says what to do where the load generator is not there: as it is installed, and in a clone', () => {
    const root = mkdtempSync(join(directory, 'package-'));
    cpSync(ours('dist'), join(root, 'dist'), { recursive: true });
    cpSync(ours('package.json'), join(root, 'package.json'));
    symlinkSync(ours('node_modules'), join(root, 'node_modules'));
    const bench = (): { status: number | null; stderr: string } =>
      spawnSync(process.execPath, [join(root, 'dist/moka.cjs'), 'bench'], { cwd: root, encoding: 'utf8' });

    const installed = bench();
    expect(installed.status).toBe(EXIT_CODES.usage);
    expect(installed.stderr).toContain('is not part of the installed package. In a clone of moka: npm ci');
    mkdirSync(join(root, 'native-bench'));
    expect(bench().stderr).toContain('build it: npm run build:bench');
    rmSync(root, { recursive: true });
  });
});
