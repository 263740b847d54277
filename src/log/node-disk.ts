import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { BackgroundWork, Disk, DiskFile, Done, OpenMode } from './disk.ts';
import { replaceFileDurably } from './durable-file.ts';
import { NodeFile } from './node-file.ts';
import { NodePreallocation } from './node-preallocation.ts';

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/**
 * Whether O_DSYNC reaches the medium. On macOS it stops at the drive's cache and only fdatasync (F_FULLFSYNC in libuv)
 * goes on; Windows has no such flag.
 */
const HAS_DURABLE_WRITES = process.platform === 'linux';

export class NodeDisk implements Disk {
  makeDirectorySync(path: string): void {
    const first = mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
    if (first === undefined) return;
    for (let made = path; ; made = dirname(made)) {
      this.flushDirectorySync(dirname(made));
      if (made === first || dirname(made) === made) return;
    }
  }

  listSync(path: string): string[] {
    return readdirSync(path).sort();
  }

  existsSync(path: string): boolean {
    return existsSync(path);
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    return new NodeFile(openSync(path, openFlags(mode), FILE_MODE), mode === 'write-durable' && !HAS_DURABLE_WRITES);
  }

  flushDirectorySync(path: string): void {
    if (process.platform === 'win32') return;
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  removeSync(path: string): void {
    rmSync(path);
  }

  renameSync(from: string, to: string): void {
    renameSync(from, to);
  }

  freeBytesSync(path: string): number {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  }

  readFileSync(path: string): Uint8Array {
    return readFileSync(path);
  }

  writeFileDurableSync(path: string, bytes: Uint8Array): void {
    replaceFileDurably(this, path, bytes);
  }

  preallocate(path: string, sizeBytes: number, done: Done): BackgroundWork {
    return new NodePreallocation(path, sizeBytes, done);
  }
}

function openFlags(mode: OpenMode): number {
  switch (mode) {
    case 'read':
      return constants.O_RDONLY;
    case 'write':
      return constants.O_RDWR;
    case 'write-durable':
      return constants.O_RDWR | (HAS_DURABLE_WRITES ? constants.O_DSYNC : 0);
    case 'create':
      return constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  }
}
