import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, sourceFilesBelow } from './source-tree.ts';

/** A room imports only itself and rooms of a lower rank. */
const RANKS: Readonly<Record<string, number>> = {
  base: 0,
  record: 1,
  metrics: 1,
  // knows nothing but base, and carries checkpoints out of store
  ring: 1,
  log: 2,
  store: 2,
  http: 2,
  operators: 3,
  topology: 4,
  worker: 5,
  ingress: 5,
  query: 5,
  sinks: 5,
  testing: 6,
  dashboard: 6,
  engine: 7,
  index: 8,
  client: 8,
  main: 9,
  examples: 9,
  moka: 10,
};

/** A package with a native binary is met in one place, where its pitfalls are kept. */
const NATIVE_IMPORTS: Readonly<Record<string, string>> = {
  lmdb: 'src/store/lmdb.ts',
  'uWebSockets.js': 'src/http/uws.ts',
  piscina: 'src/engine/worker-pool.ts',
};

/** What nobody in src has to import: what package.json runs or offers, and what users copy. */
const ENTRY_POINTS = [...entryPoints(), /^src\/examples\//];

const FILES = sourceFilesBelow('src');

/** `src/ring/spsc-ring.ts` → `ring`, `src/main.ts` → `main` */
function roomOf(path: string): string {
  return (path.split('/')[1] as string).replace(/\.c?ts$/, '');
}

function importsOf(name: string): string[] {
  return FILES.filter(({ specifiers }) => specifiers.some((from) => from === name || from.startsWith(`${name}/`))).map(
    ({ path }) => path,
  );
}

describe('rooms', () => {
  it('all have a rank', () => {
    expect([...new Set(FILES.map(({ path }) => roomOf(path)))].filter((room) => RANKS[room] === undefined)).toEqual([]);
  });

  it('import only lower ranks', () => {
    const upward = FILES.flatMap(({ path, imports }) => {
      const room = roomOf(path);
      const isAllowed = (target: string): boolean =>
        roomOf(target) === room || (RANKS[roomOf(target)] as number) < (RANKS[room] as number);
      return imports.filter((target) => !isAllowed(target)).map((target) => `${path} → ${target}`);
    });
    expect(upward).toEqual([]);
  });

  it('import nothing from outside src', () => {
    const outside = FILES.flatMap(({ path, imports }) =>
      imports.filter((target) => !target.startsWith('src/')).map((target) => `${path} → ${target}`),
    );
    expect(outside).toEqual([]);
  });

  for (const [name, place] of Object.entries(NATIVE_IMPORTS)) {
    it(`import ${name} in ${place} alone`, () => {
      expect(importsOf(name)).toEqual([place]);
    });
  }
});

describe('src', () => {
  it('has no file that nothing reaches', () => {
    const byPath = new Map(FILES.map((file) => [file.path, file]));
    const reached = new Set<string>();
    const reach = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const next of byPath.get(path)?.references ?? []) reach(next);
    };
    for (const { path } of FILES) if (ENTRY_POINTS.some((entry) => entry.test(path))) reach(path);
    expect(FILES.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
  });
});

/** `dist/testing/simulation/main.js` in package.json → that file in src */
function entryPoints(): RegExp[] {
  const manifest = readFileSync(join(ROOT, 'package.json'), 'utf8');
  return [...manifest.matchAll(/\bdist\/([\w/-]+)\.c?js/g)].map((match) => new RegExp(`^src/${match[1]}\\.c?ts$`));
}
