import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** What this room asks of the file system besides LMDB, which has its own way to it. Any disk of the log fits. */
export interface StateFiles {
  /** Makes the directory and its missing parents, and makes them durable. */
  makeDirectorySync(path: string): void;
  listSync(path: string): string[];
  existsSync(path: string): boolean;
  flushDirectorySync(path: string): void;
  readFileSync(path: string): Uint8Array;
  /** The file holds either its old content or all of the new, and the new for certain on return. */
  writeFileDurableSync(path: string, bytes: Uint8Array): void;
}

export const nodeStateFiles: StateFiles = {
  makeDirectorySync(path: string): void {
    if (existsSync(path)) return;
    const parent = dirname(path);
    if (parent !== path) nodeStateFiles.makeDirectorySync(parent);
    mkdirSync(path, { mode: 0o700 });
    nodeStateFiles.flushDirectorySync(parent);
  },
  listSync: (path) => readdirSync(path).sort(),
  existsSync,
  flushDirectorySync: flush,
  readFileSync: (path) => readFileSync(path),
  writeFileDurableSync(path: string, bytes: Uint8Array): void {
    const draft = `${path}.draft`;
    const file = openSync(draft, 'w', 0o600);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
    nodeStateFiles.flushDirectorySync(dirname(path));
  },
};

/** Removes a directory and what is in it; it need not exist. */
export function removeDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

function flush(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
