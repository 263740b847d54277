import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MokaError } from '../../src/base/errors.ts';
import { type ConfigSources, resolveConfig } from '../../src/engine/config.ts';
import { SETTINGS } from '../../src/engine/config-schema.ts';

const directories: string[] = [];

function fileWith(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'moka-config-'));
  directories.push(directory);
  const path = join(directory, 'shop.json');
  writeFileSync(path, text);
  return path;
}

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** The lines of the one error that all mistakes are in, without the headline. */
function mistakesOf(sources: ConfigSources): string[] {
  try {
    resolveConfig(sources);
  } catch (error) {
    expect(error).toBeInstanceOf(MokaError);
    expect((error as MokaError).code).toBe('ERR_CONFIG_INVALID');
    return (error as MokaError).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

describe('resolveConfig', () => {
  it('gives every setting a default that is allowed', () => {
    const config = resolveConfig();
    expect(config.http).toEqual({
      host: '127.0.0.1',
      port: 8080,
      maxEventBytes: 65536,
      allowedOrigins: [],
      quotaEventsPerSecond: 0,
      quotaBurst: 1000,
    });
    expect(config.admin).toEqual({ host: '127.0.0.1', port: 8081 });
    expect(config.dataDir).toBe('./data');
    expect(config.workers).toBeGreaterThan(0);
  });

  it('lets flags win over the environment, that over the file, that over defaults', () => {
    const file = fileWith('{"http":{"port":1,"host":"0.0.0.0"},"admin":{"port":1},"drainTimeoutMs":1}');
    const env = { MOKA_HTTP_PORT: '2', MOKA_ADMIN_PORT: '2' };
    const config = resolveConfig({ file, env, flags: { http: { port: 3 } } });
    expect(config.http.port).toBe(3);
    expect(config.admin.port).toBe(2);
    expect(config.drainTimeoutMs).toBe(1);
    expect(config.http.host).toBe('0.0.0.0');
    expect(config.watchdogMs).toBe(30_000);
  });

  it('shares no default between two configurations', () => {
    resolveConfig().http.allowedOrigins.push('https://a.example');
    expect(resolveConfig().http.allowedOrigins).toEqual([]);
  });

  it('reads numbers, truths, lists and texts from the environment', () => {
    const config = resolveConfig({
      env: {
        MOKA_DEVELOPMENT: '1',
        MOKA_LOG_LEVEL: 'debug',
        MOKA_STATE_CACHE_BYTES: '1048576',
        MOKA_HTTP_ALLOWED_ORIGINS: 'https://a.example, http://b.example:81',
        PATH: '/bin',
        MOKA_FAILPOINT: 'log.before-flush:3',
      },
    });
    expect(config.development).toBe(true);
    expect(config.logLevel).toBe('debug');
    expect(config.state.cacheBytes).toBe(1_048_576);
    expect(config.http.allowedOrigins).toEqual(['https://a.example', 'http://b.example:81']);
  });

  it('reports all mistakes of all sources at once, each with key, value, source and range', () => {
    const file = fileWith('{"$schema":"./moka.schema.json","http":{"port":70000,"prot":1},"log":5,"shop":true}');
    const env = { MOKA_LOG_LEVEL: 'loud', MOKA_HTTP_PROT: '1', MOKA_WATCHDOG_MS: 'soon' };
    const flags = { ring: { bytes: 'big' }, http: { allowedOrigins: ['shop.example'] } } as never;
    expect(mistakesOf({ file, env, flags })).toEqual([
      'http.prot (shop.json): no such setting; did you mean http.port?',
      'log=5 (shop.json): must be an object of settings',
      'shop (shop.json): no such setting',
      'MOKA_HTTP_PROT (environment): no such setting; did you mean MOKA_HTTP_PORT?',
      'http.port=70000 (shop.json): must be a whole number from 0 to 65535',
      'logLevel="loud" (MOKA_LOG_LEVEL): must be one of trace, debug, info, warn, error, silent',
      'watchdogMs="soon" (MOKA_WATCHDOG_MS): must be a whole number from 1000 to 3600000',
      'ring.bytes="big" (option): must be a whole number from 1048576 to 268435456',
      'http.allowedOrigins=["shop.example"] (option): must be a list of at most 64 web origins such as https://shop.example',
    ]);
  });

  it('checks what settings say together as far as each of them is allowed by itself', () => {
    const file = fileWith('{"log":{"segmentBytes":"big","retentionMs":1000},"websocket":5}');
    const flags = { workers: 3, partitions: 2, http: { port: 8081, maxEventBytes: 200_000 } };
    expect(mistakesOf({ file, flags })).toEqual([
      'websocket=5 (shop.json): must be an object of settings',
      expect.stringMatching(/^log\.segmentBytes="big" \(shop\.json\): must be a whole number/),
      expect.stringMatching(/^log\.retentionMs=1000: must be at least dedupe\.windowMs=600000/),
      'admin.port=8081: must differ from http.port=8081 on the same host',
      expect.stringMatching(/^workers=3: must be at most partitions=2/),
    ]);
    // A file that cannot be read may say what makes the flags right.
    expect(mistakesOf({ file: fileWith('{'), flags })).toHaveLength(1);
  });

  it('refuses a member that stands twice in a file, and says which', () => {
    const text = String.raw`{"http":{"port":1,"host":"\"{port\":","p\u006frt":2},"log":{},"admin":{"port":1},"log":{"segmentBytes":1}}`;
    expect(mistakesOf({ file: fileWith(text) })).toEqual([
      'http.port (shop.json): stands there more than once; which of them is meant?',
      'log (shop.json): stands there more than once; which of them is meant?',
      expect.stringMatching(/^log\.segmentBytes=1 /),
    ]);
    const origins = '{"http":{"allowedOrigins":["https://a.example","https://a.example"]},"admin":{"port":8080}}';
    expect(mistakesOf({ file: fileWith(origins) })).toEqual([expect.stringMatching(/^admin\.port=8080: must differ/)]);
  });

  it('refuses fractions, negatives, null and numbers written as text', () => {
    for (const port of [80.5, -1, null, '80', Number.NaN]) {
      expect(mistakesOf({ flags: { http: { port: port as number } } })).toHaveLength(1);
    }
  });

  it('says which file cannot be read or parsed', () => {
    expect(mistakesOf({ file: '/nowhere/shop.json' })).toEqual(['file=/nowhere/shop.json: cannot be read (ENOENT)']);
    expect(mistakesOf({ file: fileWith('{"http":') })[0]).toMatch(/shop\.json: is not JSON/);
    expect(mistakesOf({ file: fileWith('[]') })).toEqual(['shop.json: must be an object of settings']);
  });

  it('takes no setting from a prototype', () => {
    expect(mistakesOf({ file: fileWith('{"__proto__":{"development":true}}') })).toEqual([
      '__proto__ (shop.json): no such setting',
    ]);
    expect(mistakesOf({ file: fileWith('{"constructor":1}') })).toEqual(['constructor (shop.json): no such setting']);
  });

  it('treats an option that is undefined as not given', () => {
    expect(resolveConfig({ flags: { dataDir: undefined, http: { port: undefined } } }).http.port).toBe(8080);
  });
});

describe('SETTINGS', () => {
  it('has one environment variable for each setting', () => {
    const variables = [...SETTINGS.values()].map(({ variable }) => variable);
    expect(new Set(variables).size).toBe(variables.length);
    expect(variables).toContain('MOKA_LOG_SEGMENT_BYTES');
    expect(variables).toContain('MOKA_DATA_DIR');
  });

  it('explains each setting', () => {
    for (const { path, schema } of SETTINGS.values()) expect(schema.description, path).toMatch(/^[A-Z].*\.$/);
  });
});
