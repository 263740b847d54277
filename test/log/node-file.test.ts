import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeFile as NodeFileOf } from '../../src/log/node-file.ts';
import { makeDirectory } from './log-fixtures.ts';

/** What the system is to do with the next writes: take so many bytes, or fail. */
const system = vi.hoisted(() => ({
  takes: Number.MAX_SAFE_INTEGER,
  calls: 0,
  flushes: 0,
  error: null as Error | null,
}));

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  type Callback = (error: Error | null, count: number) => void;
  return {
    ...fs,
    write(fd: number, bytes: Uint8Array, start: number, length: number, position: number, callback: Callback): void {
      system.calls += 1;
      if (system.error !== null && system.calls > 1) setImmediate(callback, system.error, 0);
      else fs.write(fd, bytes, start, Math.min(length, system.takes), position, callback);
    },
    writeSync(fd: number, bytes: Uint8Array, start: number, length: number, position: number): number {
      system.calls += 1;
      return system.takes === 0 ? 0 : fs.writeSync(fd, bytes, start, Math.min(length, system.takes), position);
    },
    fdatasync(fd: number, callback: (error: Error | null) => void): void {
      system.flushes += 1;
      fs.fdatasync(fd, callback);
    },
  };
});

// Files share their modules: here they are loaded afresh, on the system above, and forgotten at the end.
vi.resetModules();
const { AssertionError } = await import('../../src/base/assert.ts');
const { NodeFile } = await import('../../src/log/node-file.ts');

afterAll(() => {
  vi.doUnmock('node:fs');
  vi.resetModules();
});

const BYTES = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);

function newFile(flushesAfterWrite = false): { path: string; file: NodeFileOf } {
  const path = join(makeDirectory(), 'file');
  return { path, file: new NodeFile(openSync(path, 'w+'), flushesAfterWrite) };
}

function write(file: NodeFileOf, start: number, length: number, position: number): Promise<Error | null> {
  return new Promise((resolve) => file.write(BYTES, start, length, position, resolve));
}

beforeEach(() => {
  Object.assign(system, { takes: Number.MAX_SAFE_INTEGER, calls: 0, flushes: 0, error: null });
});

describe('NodeFile', () => {
  it('write goes on until all is written, however little the system takes', async () => {
    const { path, file } = newFile();
    system.takes = 7;
    expect(await write(file, 100, 500, 50)).toBeNull();
    expect(system.calls).toBe(Math.ceil(500 / 7));
    expect(readFileSync(path).subarray(50)).toEqual(Buffer.from(BYTES.subarray(100, 600)));
    file.closeSync();
  });

  it('writeSync goes on likewise', () => {
    const { path, file } = newFile();
    system.takes = 9;
    file.writeSync(BYTES, 0, 1000, 0);
    expect(readFileSync(path)).toEqual(Buffer.from(BYTES));
    file.closeSync();
  });

  it('hands on the error of a later part', async () => {
    const { file } = newFile();
    system.takes = 100;
    system.error = new Error('EIO');
    expect(await write(file, 0, 1000, 0)).toBe(system.error);
    expect(system.calls).toBe(2);
    file.closeSync();
  });

  it('takes a write of nothing for an error, not for a reason to try for ever', async () => {
    const { file } = newFile();
    system.takes = 0;
    expect(await write(file, 0, 10, 0)).toMatchObject({ code: 'EIO' });
    expect(() => file.writeSync(BYTES, 0, 10, 0)).toThrow(/returned 0/);
    file.closeSync();
  });

  it('flushes at the end of a write where the descriptor does not', async () => {
    const { file } = newFile(true);
    system.takes = 300;
    expect(await write(file, 0, 1000, 0)).toBeNull();
    expect(system.flushes).toBe(1);
    file.closeSync();
  });

  it('does one thing at a time', async () => {
    const { file } = newFile();
    const written = write(file, 0, 10, 0);
    expect(() => file.flush(() => {})).toThrow(AssertionError);
    expect(() => file.closeSync()).toThrow(AssertionError);
    await written;
    file.closeSync();
  });

  it('readSync gives less only at the end of the file', () => {
    const { file } = newFile();
    file.writeSync(BYTES, 0, 1000, 0);
    const into = new Uint8Array(2000);
    expect([
      file.readSync(into, 0, 500, 0),
      file.readSync(into, 0, 2000, 600),
      file.readSync(into, 0, 1, 5000),
    ]).toEqual([500, 400, 0]);
    expect(file.sizeSync()).toBe(1000);
    file.closeSync();
  });
});
