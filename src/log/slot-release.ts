import { PAGE_BYTES } from './block.ts';
import type { Disk, DiskFile } from './disk.ts';
import { writeFreeHeader } from './segment-header.ts';
import type { Slot } from './segment-slots.ts';
import { systemCodeOf } from './system-error.ts';

/**
 * Lets go of slots one after the other, oldest first: each is marked free on the medium before it may be written to. So
 * a restart knows it as room, and a hole between segments is always damage. When one cannot be marked, none after it
 * is: it is a segment again after the next open.
 */
export class SlotRelease {
  private readonly disk: Disk;
  private readonly salt: number;
  private readonly onFreed: (slot: Slot) => void;
  private readonly queue: Slot[] = [];
  private readonly page = new Uint8Array(PAGE_BYTES);
  private isRunning = false;
  private isFailed = false;
  private onEnded: (() => void) | null = null;

  constructor(disk: Disk, salt: number, onFreed: (slot: Slot) => void) {
    this.disk = disk;
    this.salt = salt;
    this.onFreed = onFreed;
  }

  /** Puts a slot in the queue; `start` sets it going. */
  add(slot: Slot): void {
    this.queue.push(slot);
  }

  start(): void {
    if (!this.isRunning && !this.isFailed) this.next();
  }

  /** Frees the oldest slot of the queue before it returns; null if there is none or another is under way. */
  takeSync(): Slot | null {
    if (this.isRunning || this.isFailed) return null;
    const slot = this.queue.shift() ?? null;
    if (slot === null) return null;
    const file = this.disk.openSync(slot.path, 'write');
    try {
      writeFreeHeader(this.page, this.salt);
      file.writeSync(this.page, 0, PAGE_BYTES, 0);
      file.flushSync();
    } finally {
      file.closeSync();
    }
    return slot;
  }

  /** Drops what has not begun: such a slot is a segment again after the next open. */
  close(done: () => void): void {
    this.queue.length = 0;
    if (this.isRunning) this.onEnded = done;
    else done();
  }

  private next(): void {
    const slot = this.isFailed ? undefined : this.queue.shift();
    this.isRunning = slot !== undefined;
    if (slot === undefined) return this.onEnded?.();
    let file: DiskFile;
    try {
      file = this.disk.openSync(slot.path, 'write');
    } catch (error) {
      if (systemCodeOf(error) === null) throw error;
      this.isFailed = true;
      return this.next();
    }
    writeFreeHeader(this.page, this.salt);
    file.write(this.page, 0, PAGE_BYTES, 0, (writeError) => {
      if (writeError !== null) return this.end(file, slot, writeError);
      file.flush((flushError) => this.end(file, slot, flushError));
    });
  }

  private end(file: DiskFile, slot: Slot, error: Error | null): void {
    file.closeSync();
    this.isFailed = error !== null;
    if (!this.isFailed) this.onFreed(slot);
    this.next();
  }
}
