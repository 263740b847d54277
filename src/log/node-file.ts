// data plane
import { closeSync, fdatasync, fdatasyncSync, fstatSync, readSync, write, writeSync } from 'node:fs';
import { assert } from '../base/assert.ts';
import type { DiskFile, Done } from './disk.ts';

/** What a write that came to nothing without an error would otherwise turn into: an endless loop. */
class ShortWriteError extends Error {
  override readonly name = 'ShortWriteError';
  readonly code = 'EIO';
}

/**
 * A file by its descriptor. Writes and flushes run in the libuv pool; the state of the one that is under way lives in
 * fields, so that a commit allocates nothing here.
 */
export class NodeFile implements DiskFile {
  private readonly descriptor: number;
  /** A write ends with its own fdatasync, because the descriptor was opened without O_DSYNC. */
  private readonly flushesAfterWrite: boolean;
  private bytes: Uint8Array | null = null;
  private start = 0;
  private remaining = 0;
  private position = 0;
  private done: Done | null = null;
  private readonly onWriteReturned: (error: Error | null, written: number) => void;
  private readonly onFlushReturned: (error: Error | null) => void;

  constructor(descriptor: number, flushesAfterWrite: boolean) {
    this.descriptor = descriptor;
    this.flushesAfterWrite = flushesAfterWrite;
    this.onWriteReturned = (error, written) => this.writeReturned(error, written);
    this.onFlushReturned = (error) => this.finish(error);
  }

  readSync(into: Uint8Array, start: number, length: number, position: number): number {
    let total = 0;
    while (total < length) {
      const count = readSync(this.descriptor, into, start + total, length - total, position + total);
      if (count === 0) break;
      total += count;
    }
    return total;
  }

  writeSync(bytes: Uint8Array, start: number, length: number, position: number): void {
    let total = 0;
    while (total < length) {
      const count = writeSync(this.descriptor, bytes, start + total, length - total, position + total);
      if (count === 0) throw new ShortWriteError(`write returned 0 position=${position + total}`);
      total += count;
    }
    if (this.flushesAfterWrite) fdatasyncSync(this.descriptor);
  }

  flushSync(): void {
    fdatasyncSync(this.descriptor);
  }

  write(bytes: Uint8Array, start: number, length: number, position: number, done: Done): void {
    assert(this.done === null, 'one write or flush of a file at a time');
    this.bytes = bytes;
    this.start = start;
    this.remaining = length;
    this.position = position;
    this.done = done;
    write(this.descriptor, bytes, start, length, position, this.onWriteReturned);
  }

  flush(done: Done): void {
    assert(this.done === null, 'one write or flush of a file at a time');
    this.done = done;
    fdatasync(this.descriptor, this.onFlushReturned);
  }

  sizeSync(): number {
    return fstatSync(this.descriptor).size;
  }

  closeSync(): void {
    assert(this.done === null, 'a file is closed when nothing of it is under way');
    closeSync(this.descriptor);
  }

  private writeReturned(error: Error | null, written: number): void {
    if (error !== null) return this.finish(error);
    if (written === 0) return this.finish(new ShortWriteError(`write returned 0 position=${this.position}`));
    this.start += written;
    this.position += written;
    this.remaining -= written;
    if (this.remaining > 0) {
      write(this.descriptor, this.bytes as Uint8Array, this.start, this.remaining, this.position, this.onWriteReturned);
    } else if (this.flushesAfterWrite) {
      fdatasync(this.descriptor, this.onFlushReturned);
    } else {
      this.finish(null);
    }
  }

  private finish(error: Error | null): void {
    const done = this.done as Done;
    this.done = null;
    this.bytes = null;
    done(error);
  }
}
