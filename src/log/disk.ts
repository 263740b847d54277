/**
 * All that the engine asks of a disk. `NodeDisk` is the real one; a simulated disk drops, reorders and tears what was
 * not flushed, so nothing that must survive a crash may go around this interface.
 *
 * Positions, lengths and sizes are bytes. Every method may throw (or hand to `done`) the error of the system, with its
 * `code` (`ENOSPC`, `EIO`, …). Synchronous methods are for opening, recovery and look-ups; the log's commits and
 * preallocation use the asynchronous ones, which never call back before they return.
 */
export type Done = (error: Error | null) => void;

/**
 * - `read`: an existing file, for reading.
 * - `write`: an existing file, for reading and writing.
 * - `write-durable`: as `write`, and a write is done when its bytes are on the medium: write and flush in one trip.
 * - `create`: as `write`; the file must not exist. Its directory entry is durable after `flushDirectorySync`.
 */
export type OpenMode = 'read' | 'write' | 'write-durable' | 'create';

export interface DiskFile {
  /** Fills `into` from `start`; returns the bytes read, less than `length` only at the end of the file. */
  readSync(into: Uint8Array, start: number, length: number, position: number): number;
  /** Writes the whole length; short writes are looped. */
  writeSync(bytes: Uint8Array, start: number, length: number, position: number): void;
  flushSync(): void;
  /** Writes the whole length. `bytes` must not change until `done`. At most one write or flush of a file at a time. */
  write(bytes: Uint8Array, start: number, length: number, position: number, done: Done): void;
  flush(done: Done): void;
  sizeSync(): number;
  closeSync(): void;
}

/** Work in the background that can be given up: `done` then gets an error, and what was half-made is removed. */
export interface BackgroundWork {
  cancel(): void;
}

export interface Disk {
  /** Makes the directory and its missing parents, and makes them durable. */
  makeDirectorySync(path: string): void;
  /** Names in the directory, sorted. */
  listSync(path: string): string[];
  existsSync(path: string): boolean;
  openSync(path: string, mode: OpenMode): DiskFile;
  flushDirectorySync(path: string): void;
  removeSync(path: string): void;
  renameSync(from: string, to: string): void;
  /** Bytes that an ordinary user may still write on the file system of this path. */
  freeBytesSync(path: string): number;
  readFileSync(path: string): Uint8Array;
  /** The file holds either its old content or all of the new, and the new for certain on return. */
  writeFileDurableSync(path: string, bytes: Uint8Array): void;
  /** Makes a zero-filled file in the background: when `done` is called without error it is durable under its name. */
  preallocate(path: string, sizeBytes: number, done: Done): BackgroundWork;
}
