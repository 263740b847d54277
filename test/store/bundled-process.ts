import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll } from 'vitest';

/**
 * A module of this room that runs as a process. A process runs no TypeScript: it is bundled from the sources as they are
 * now, to where it finds its packages; gone when the file's tests are through.
 *
 * @returns starts it on a directory, with one argument more
 */
export function bundledProcess(
  name: string,
): (directory: string, failpoint?: string, argument?: string) => ChildProcess {
  const path = fileURLToPath(new URL(`../../.bench/${name}-${process.pid}.mjs`, import.meta.url));
  buildSync({
    entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile: path,
  });
  afterAll(() => rmSync(path));
  return (directory, failpoint = '', argument = '') =>
    spawn(process.execPath, [path, directory, argument], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { ...process.env, MOKA_FAILPOINT: failpoint },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
}
