import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, sourceFilesBelow } from './source-tree.ts';

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly bin?: Record<string, string>;
  readonly engines?: Record<string, string>;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly overrides?: Record<string, string>;
  readonly allowScripts?: Record<string, boolean>;
}

const MANIFEST: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const LOCK_TEXT = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
const LOCKED: Record<string, Manifest> = JSON.parse(LOCK_TEXT).packages;

/** Where Node would find `name` from the package at `place`, as the lockfile has it. */
function resolved(place: string, name: string): Manifest | undefined {
  for (let from = place; ; from = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))) {
    const found = LOCKED[`${from === '' ? '' : `${from}/`}node_modules/${name}`];
    if (found || from === '') return found;
  }
}

describe('package.json', () => {
  it('names exact versions', () => {
    const { dependencies, devDependencies, optionalDependencies, overrides } = MANIFEST;
    const versions = [dependencies, devDependencies, optionalDependencies, overrides].flatMap((map) =>
      Object.values(map ?? {}),
    );
    expect(versions.filter((version) => !/^(npm:@?[a-z/-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('names no dependency that src does not import, and none is missing', () => {
    const imported = sourceFilesBelow('src')
      .flatMap(({ specifiers }) => specifiers)
      // `moka` stands in the project that `moka init` writes
      .filter((name) => !name.startsWith('.') && !name.startsWith('node:') && name !== 'moka')
      .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0]);
    expect([...new Set(imported)].sort()).toEqual(Object.keys(MANIFEST.dependencies ?? {}).sort());
  });

  it('decides about every install script, and needs none', () => {
    const scripted = Object.entries(LOCKED).filter(([, entry]) => entry.hasInstallScript);
    const names = new Set(scripted.map(([place]) => place.slice(place.lastIndexOf('node_modules/') + 13)));
    names.delete('fsevents'); // optional, for macOS only; npm skips it here
    for (const name of names) expect(MANIFEST.allowScripts?.[name], name).toBe(false);
  });
});

describe('package-lock.json', () => {
  it('says of the package what package.json says', () => {
    const { name, version, license, bin, engines, dependencies, devDependencies, optionalDependencies } = MANIFEST;
    const described = { name, version, license, bin, engines, dependencies, devDependencies, optionalDependencies };
    expect(LOCKED['']).toEqual(described);
  });

  it('records no download address', () => {
    expect(LOCK_TEXT).not.toContain('"resolved"');
  });

  it('has a hash for everything but the uWebSockets.js binaries of other platforms', () => {
    const bare = Object.keys(LOCKED).filter((place) => place !== '' && !LOCKED[place]?.integrity);
    expect(bare.filter((place) => !/^node_modules\/@uwsjs\/(darwin|win32|linux-arm64)-/.test(place))).toEqual([]);
  });

  it('lists the optional packages of every platform: npm ci refuses a lockfile without them', () => {
    const missing = Object.entries(LOCKED).flatMap(([place, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {}).filter((name) => resolved(place, name) === undefined),
    );
    expect(missing).toEqual([]);
  });

  it('pins the binary for Node 22 to the release that also loads with glibc 2.36', () => {
    expect(LOCKED['node_modules/@uwsjs/linux-x64-22']?.version).toBe(MANIFEST.overrides?.['@uwsjs/linux-x64-22']);
  });
});
