import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fileSystemOf, probeDisk } from '../../src/main/disk-probe.ts';

const directory = mkdtempSync(join(tmpdir(), 'moka-probe-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('probeDisk', () => {
  it('measures flushes in order of their time and leaves nothing behind', () => {
    const seen: number[] = [];
    const probe = probeDisk(directory, { flushes: 10, onFlush: (done) => seen.push(done) });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(probe.flushes).toBe(10);
    expect(probe.flushMsP50).toBeGreaterThan(0);
    expect(probe.flushMsP99).toBeGreaterThanOrEqual(probe.flushMsP50);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('throws the error of the system where nothing can be written', () => {
    expect(() => probeDisk('/proc', { flushes: 1 })).toThrow(/ENOENT|EACCES|EPERM/);
  });
});

describe('fileSystemOf', () => {
  it('knows a file system by name and whether it keeps anything', () => {
    expect(fileSystemOf(directory).freeBytes).toBeGreaterThan(0);
    expect(fileSystemOf('/dev/shm')).toMatchObject({ name: 'tmpfs', isDurable: false });
    expect(fileSystemOf('/proc').name).toMatch(/^type 0x/);
  });
});
