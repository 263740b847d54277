import { createHash } from 'node:crypto';
import { existsSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { MokaError } from '../base/errors.ts';
import { explainSystemError } from '../base/system-advice.ts';
import { NodeDisk } from '../log/node-disk.ts';
import type { CompiledTopology } from '../topology/compiled.ts';

/** Where a topology can be imported from by every thread. */
export interface TopologyModule {
  /** As the user named it. */
  readonly source: string;
  /** A JavaScript module. */
  readonly url: string;
}

/**
 * Makes a module importable: a `.ts` file is bundled once into `cacheDirectory`, its packages left where they are, so
 * that it loads on every supported Node and every thread runs the same bytes.
 *
 * @throws MokaError ERR_TOPOLOGY_LOAD, ERR_DATA_UNUSABLE
 */
export async function prepareTopology(source: string, cacheDirectory: string): Promise<TopologyModule> {
  return (await prepare(source, cacheDirectory)).module;
}

/**
 * Prepares a module and imports its topology. What was written for a module that turns out to have none is removed.
 *
 * @throws MokaError ERR_TOPOLOGY_…, ERR_DATA_UNUSABLE
 */
export async function loadTopology(
  source: string,
  cacheDirectory: string,
): Promise<{ compiled: CompiledTopology; module: TopologyModule }> {
  const { module, discard } = await prepare(source, cacheDirectory);
  try {
    return { compiled: await importTopology(module), module };
  } catch (error) {
    discard();
    throw error;
  }
}

interface Prepared {
  readonly module: TopologyModule;
  /** Removes what was written for it, and the directories that were made. */
  readonly discard: () => void;
}

async function prepare(source: string, cacheDirectory: string): Promise<Prepared> {
  const path = resolve(source);
  if (!existsSync(path)) throw new MokaError('ERR_TOPOLOGY_LOAD', `topology file=${path} does not exist`);
  if (!/\.[mc]?ts$/.test(path)) return { module: { source, url: pathToFileURL(path).href }, discard: () => {} };
  const { build } = await import('esbuild');
  let code: Uint8Array;
  try {
    const result = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'silent',
      plugins: [externalPackages],
    });
    code = (result.outputFiles[0] as { contents: Uint8Array }).contents;
  } catch (cause) {
    throw new MokaError('ERR_TOPOLOGY_LOAD', `topology file=${path} cannot be compiled: ${(cause as Error).message}`, {
      cause,
    });
  }
  const name = createHash('sha256').update(code).digest('hex').slice(0, 32);
  const target = join(cacheDirectory, `${name}.mjs`);
  const discard = place(target, code);
  return { module: { source, url: pathToFileURL(target).href }, discard };
}

/** @returns what takes it back, as far as nobody else has begun to use it */
function place(target: string, code: Uint8Array): () => void {
  const isThere = existsSync(target);
  const missing = missingDirectories(dirname(target));
  try {
    // The first of them may be the data directory: it has to outlast a power cut.
    new NodeDisk().makeDirectorySync(dirname(target));
    writeFileSync(target, code);
  } catch (cause) {
    const message = `compiled topology file=${target} cannot be written: ${explainSystemError(cause)}`;
    throw new MokaError('ERR_DATA_UNUSABLE', message, { cause });
  }
  return () => {
    if (!isThere) rmSync(target, { force: true });
    try {
      for (const directory of missing) rmdirSync(directory);
    } catch {
      // something else was put there meanwhile
    }
  };
}

/** The deepest first. */
function missingDirectories(path: string): string[] {
  return existsSync(path) || dirname(path) === path ? [] : [path, ...missingDirectories(dirname(path))];
}

/** Imports a prepared module and finds its topology: the export `topology`, or the only export that is one. */
export async function importTopology(module: TopologyModule): Promise<CompiledTopology> {
  let exports: Record<string, unknown>;
  try {
    exports = (await import(module.url)) as Record<string, unknown>;
  } catch (cause) {
    if (cause instanceof MokaError) throw cause;
    throw new MokaError(
      'ERR_TOPOLOGY_LOAD',
      `topology file=${module.source} cannot be loaded: ${(cause as Error).message}`,
      { cause },
    );
  }
  if (isTopology(exports.topology)) return exports.topology;
  const candidates = Object.values(exports).filter(isTopology);
  if (candidates.length === 1) return candidates[0] as CompiledTopology;
  throw new MokaError(
    'ERR_TOPOLOGY_LOAD',
    `topology file=${module.source} exports=${Object.keys(exports).join(',') || 'nothing'}; expected: export const topology = defineTopology(…)`,
  );
}

export function isTopology(value: unknown): value is CompiledTopology {
  const candidate = value as Partial<CompiledTopology> | null;
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    typeof candidate.fingerprint === 'string' &&
    typeof candidate.instantiate === 'function'
  );
}

/** Marks a resolution of our own, so that the plugin does not answer itself. */
const OWN = { isOwn: true };

/** Leaves packages outside the bundle, named by their place, because the cache lies elsewhere than the source. */
const externalPackages: Plugin = {
  name: 'external-packages',
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async (args) => {
      if (args.kind === 'entry-point' || args.pluginData === OWN) return undefined;
      if (args.path.startsWith('node:')) return { path: args.path, external: true };
      // `moka` must be this very copy: its classes are shared with the engine.
      if (args.path === 'moka') return { path: new URL('../index.js', import.meta.url).href, external: true };
      const from = [args.resolveDir, dirname(fileURLToPath(import.meta.url))];
      for (const resolveDir of from) {
        const found = await build.resolve(args.path, { resolveDir, kind: 'import-statement', pluginData: OWN });
        if (found.errors.length > 0) continue;
        return { path: found.path.startsWith('/') ? pathToFileURL(found.path).href : found.path, external: true };
      }
      return { errors: [{ text: `package ${args.path} is not installed` }] };
    });
  },
};
