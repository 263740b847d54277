import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/engine/config.ts';
import { writeProject } from '../../src/main/init.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moka-init-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('writeProject', () => {
  it('writes settings that are accepted and name a schema that is there', () => {
    const shop = join(directory, 'deep', 'shop');
    expect(writeProject(shop)).toEqual([join(shop, 'topology.ts'), join(shop, 'moka.json')]);
    expect(resolveConfig({ file: join(shop, 'moka.json') }).topology).toBe('./topology.ts');
    const { $schema } = JSON.parse(readFileSync(join(shop, 'moka.json'), 'utf8'));
    expect(existsSync(resolve(shop, $schema))).toBe(true);
  });

  it('touches nothing when one of the files is there', () => {
    writeFileSync(join(directory, 'moka.json'), 'mine');
    expect(() => writeProject(directory)).toThrow(/moka\.json: already there, nothing was written/);
    expect(readFileSync(join(directory, 'moka.json'), 'utf8')).toBe('mine');
    expect(existsSync(join(directory, 'topology.ts'))).toBe(false);
  });
});
