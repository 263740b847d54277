import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NodeDisk } from '../../src/log/node-disk.ts';
import { makeDirectory } from './log-fixtures.ts';

const MIB = 1024 * 1024;
const disk = new NodeDisk();

function preallocate(path: string, sizeBytes: number): Promise<Error | null> {
  return new Promise((resolve) => disk.preallocate(path, sizeBytes, resolve));
}

describe('NodeDisk', () => {
  it('makes directories with their parents, for the owner alone', () => {
    const path = join(makeDirectory(), 'a', 'b', 'c');
    disk.makeDirectorySync(path);
    disk.makeDirectorySync(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(disk.listSync(path)).toEqual([]);
  });

  it('creates a file once and opens it for what is asked', () => {
    const path = join(makeDirectory(), 'file');
    expect(() => disk.openSync(path, 'write')).toThrow(/ENOENT/);
    const file = disk.openSync(path, 'create');
    file.writeSync(Buffer.from('hello'), 0, 5, 0);
    file.flushSync();
    file.closeSync();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(() => disk.openSync(path, 'create')).toThrow(/EEXIST/);
    const reading = disk.openSync(path, 'read');
    expect(() => reading.writeSync(Buffer.from('x'), 0, 1, 0)).toThrow(/EBADF/);
    reading.closeSync();
    expect(Buffer.from(disk.readFileSync(path)).toString()).toBe('hello');
  });

  it('writes durably in one trip', async () => {
    const path = join(makeDirectory(), 'file');
    writeFileSync(path, 'hello');
    const file = disk.openSync(path, 'write-durable');
    const error = await new Promise((resolve) => file.write(Buffer.from('J'), 0, 1, 0, resolve));
    expect(error).toBeNull();
    file.closeSync();
    expect(readFileSync(path, 'utf8')).toBe('Jello');
  });

  it('replaces a file whole, over what an earlier try left', () => {
    const path = join(makeDirectory(), 'file');
    writeFileSync(`${path}.tmp`, 'left behind');
    disk.writeFileDurableSync(path, Buffer.from('one'));
    disk.writeFileDurableSync(path, Buffer.from('two'));
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(disk.existsSync(`${path}.tmp`)).toBe(false);
  });

  it('knows how much is free', () => {
    expect(disk.freeBytesSync(makeDirectory())).toBeGreaterThan(MIB);
  });

  it('preallocates zeros', async () => {
    const directory = makeDirectory();
    expect(await preallocate(join(directory, 'slot'), 9 * MIB + 4096)).toBeNull();
    expect(readdirSync(directory)).toEqual(['slot']);
    expect(readFileSync(join(directory, 'slot')).equals(Buffer.alloc(9 * MIB + 4096))).toBe(true);
  });

  it('removes what was half preallocated when it is given up, or cannot be', async () => {
    const directory = makeDirectory();
    const error = await new Promise<Error | null>((resolve) => {
      disk.preallocate(join(directory, 'slot'), 64 * MIB, resolve).cancel();
    });
    expect(error?.message).toContain('cancelled');
    expect(readdirSync(directory)).toEqual([]);
    expect(await preallocate(join(directory, 'missing', 'slot'), MIB)).toMatchObject({ code: 'ENOENT' });
  });
});
