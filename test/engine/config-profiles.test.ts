import { readdirSync, readFileSync } from 'node:fs';
import { Check } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/engine/config.ts';
import { configJsonSchema } from '../../src/engine/config-json-schema.ts';

const DIRECTORY = new URL('../../config/', import.meta.url);
const PROFILES = ['bench.json', 'default.json', 'kiosk.json'];

function read(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(name, DIRECTORY), 'utf8'));
}

describe('config/moka.schema.json', () => {
  it('is what `npm run schema` writes', () => {
    expect(read('moka.schema.json')).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });

  it('refuses what the engine refuses', () => {
    expect(Check(configJsonSchema(), { http: { port: 80 } })).toBe(true);
    expect(Check(configJsonSchema(), { http: { port: 70_000 } })).toBe(false);
    expect(Check(configJsonSchema(), { http: { prot: 80 } })).toBe(false);
    expect(Check(configJsonSchema(), { htpp: {} })).toBe(false);
  });
});

describe('the profiles of config/', () => {
  it('are all checked here', () => {
    const names = readdirSync(DIRECTORY).filter((name) => name.endsWith('.json') && name !== 'moka.schema.json');
    expect(names.sort()).toEqual(PROFILES);
  });

  for (const name of PROFILES) {
    it(`${name} is a configuration that names its schema`, () => {
      expect(read(name).$schema).toBe('./moka.schema.json');
      expect(Check(configJsonSchema(), read(name))).toBe(true);
      expect(() => resolveConfig({ file: new URL(name, DIRECTORY).pathname })).not.toThrow();
    });
  }

  it('default.json spells out the defaults', () => {
    const { workers: _ofThisMachine, ...defaults } = resolveConfig();
    const { $schema: _, ...written } = read('default.json');
    expect(written).toEqual(defaults);
  });
});
