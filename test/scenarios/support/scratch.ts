import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

let root: string | null = null;
let count = 0;

afterAll(() => {
  if (root !== null) rmSync(root, { recursive: true, force: true });
});

/** A path that nothing stands at yet; gone when the file's tests are through. */
export function freshPath(name = 'data'): string {
  root ??= mkdtempSync(join(tmpdir(), 'moka-scenario-'));
  count += 1;
  return join(root, `${name}-${count}`);
}

/** A topology of these tests, as a user would write it: a `.ts` file. */
export function topologyFile(name: string): string {
  return fileURLToPath(new URL(`../topologies/${name}.ts`, import.meta.url));
}
