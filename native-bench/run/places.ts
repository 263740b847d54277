import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where things lie. This file runs compiled, below `.bench/build`, and from the tests as it is. */
export const PROJECT_DIRECTORY = projectDirectory(fileURLToPath(new URL('.', import.meta.url)));
export const SCRATCH_DIRECTORY = join(PROJECT_DIRECTORY, '.bench');
export const ENGINE_MAIN = join(PROJECT_DIRECTORY, 'dist/moka.cjs');
export const LOAD_GENERATOR = builtBench('load/load-generator');
export const FLOOR_UWS = builtBench('floor/floor-uws');
export const FLOOR_HANDOVER = builtBench('floor/floor-handover');
export const FLOOR_LOG_SOURCE = join(PROJECT_DIRECTORY, 'native-bench/floor/floor-log.cpp');
export const HTTP_CLIENT_SOURCE = join(PROJECT_DIRECTORY, 'native-bench/load/http-client.cpp');
export const KIOSK_CONFIG = join(PROJECT_DIRECTORY, 'config/kiosk.json');
export const BENCH_CONFIG = join(PROJECT_DIRECTORY, 'config/bench.json');

/** A program of this directory, compiled. */
function builtBench(name: string): string {
  return join(SCRATCH_DIRECTORY, 'build/native-bench', `${name}.js`);
}

/** A module in `dist/`, named as in `src/`: `examples/canonical/topology`. */
export function builtModule(name: string): string {
  return join(PROJECT_DIRECTORY, 'dist', `${name}.js`);
}

/** An empty directory on the project's own disk, or under `parent`. */
export function scratchDirectory(name: string, parent: string | null = null): string {
  const base = parent === null ? SCRATCH_DIRECTORY : resolve(parent);
  mkdirSync(base, { recursive: true });
  return mkdtempSync(join(base, `${name}-`));
}

export function removeDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

function projectDirectory(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : projectDirectory(dirname(from));
}
