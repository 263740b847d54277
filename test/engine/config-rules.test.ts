import { describe, expect, it } from 'vitest';
import { type ConfigInput, resolveConfig } from '../../src/engine/config.ts';
import { contradictionsOf } from '../../src/engine/config-rules.ts';

const MIB = 1024 * 1024;

/** A configuration that is wrong in one relation, and what the line about it begins with. */
const CONTRADICTIONS: readonly [ConfigInput, string][] = [
  [{ ring: { bytes: 3 * MIB } }, 'ring.bytes=3145728: must be a power of two'],
  [{ log: { segmentBytes: 8 * MIB + 1 } }, 'log.segmentBytes=8388609: must be a multiple of 4096'],
  [{ log: { maxBlockBytes: 300_001 } }, 'log.maxBlockBytes=300001: must be a multiple of 4096'],
  [
    { log: { segmentBytes: 4 * MIB, maxBlockBytes: 2 * MIB } },
    'log.maxBlockBytes=2097152: must be at most a quarter of log.segmentBytes=4194304',
  ],
  [{ log: { retentionBytes: 1 } }, 'log.retentionBytes=1: must be 0 or at least log.segmentBytes='],
  [{ log: { retentionMs: 1000 } }, 'log.retentionMs=1000: must be at least dedupe.windowMs=600000'],
  [
    { dedupe: { windowMs: 3_600_000, maxEntries: 3599 } },
    'dedupe.maxEntries=3599: must be at least 3600, one event per',
  ],
  [
    { checkpoint: { maxTailMs: 2000, maxIntervalMs: 1999 } },
    'checkpoint.maxIntervalMs=1999: must be at least checkpoint.maxTailMs=2000',
  ],
  [{ websocket: { creditBytes: MIB - 1 } }, 'websocket.maxFrameBytes=1048576: must be at most websocket.creditBytes='],
  [{ websocket: { stagingBytes: 2 * MIB } }, 'websocket.creditBytes=4194304: must be at most websocket.stagingBytes='],
  [{ websocket: { maxFrameBytes: 2 * MIB } }, 'websocket.maxFrameBytes=2097152: with the headers of'],
  [{ websocket: { maxFrameBytes: 1024 } }, 'http.maxEventBytes=65536: must be at most websocket.maxFrameBytes=1024'],
  [{ http: { allowedOrigins: ['*', 'https://a.example'] } }, 'http.allowedOrigins=["*","https://a.example"]: * must'],
  [{ admin: { port: 8080 } }, 'admin.port=8080: must differ from http.port=8080 on the same host'],
  [{ workers: 3, partitions: 2 }, 'workers=3: must be at most partitions=2'],
];

describe('contradictionsOf', () => {
  for (const [flags, line] of CONTRADICTIONS) {
    it(`finds ${line}`, () => {
      expect(() => resolveConfig({ flags })).toThrow(`configuration has 1 mistake:\n  ${line}`);
    });
  }

  it('finds nothing in the defaults', () => {
    expect(contradictionsOf(resolveConfig())).toEqual([]);
  });

  it('lets default workers give way to fewer partitions', () => {
    expect(resolveConfig({ flags: { partitions: 1 } }).workers).toBe(1);
  });

  it('allows both listeners to take free ports', () => {
    expect(contradictionsOf(resolveConfig({ flags: { http: { port: 0 }, admin: { port: 0 } } }))).toEqual([]);
  });
});
