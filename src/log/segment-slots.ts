import type { Clock } from '../base/clock.ts';
import { ERRORS } from '../base/error-catalogue.ts';
import { PAGE_BYTES } from './block.ts';
import type { BackgroundWork, Disk } from './disk.ts';
import { isDiskFull, systemCodeOf } from './system-error.ts';

/** A zero-filled or recycled file that no segment lives in: the room for a segment to come. */
export interface Slot {
  readonly path: string;
  readonly slotBytes: number;
}

export interface SlotOptions {
  /** Size of a new slot. Slots of other sizes, from an earlier configuration, are used up to their own size… */
  readonly slotBytes: number;
  /** … but not below this one. */
  readonly slotBytesMin: number;
  /** Slots that should stand ready; below it the next is made in the background. */
  readonly readyTarget: number;
  /** Bytes that preallocation leaves free on the file system: checkpoints and log files of the process need some. */
  readonly reserveBytes: number;
  readonly clock: Clock;
}

/** Between two tries to get space on a full disk. */
const RETRY_AFTER_MS = 500;
/** Room that a checkpoint freed at once is wanted again before the next one; more than this is given to others. */
const READY_MAX = 16;

/**
 * The slots of one log that stand ready, zero-filled or marked free, and the making of new ones in the background.
 *
 * Nothing here has a timer: a failed try is repeated when the owner next asks whether it may go on.
 */
export class SegmentSlots {
  /** Why the last try to make a slot failed: the number of an error, 0 if it did not. */
  blockedReason = 0;
  /** Called when what stands ready, or why nothing does, has changed by itself. */
  onChanged: () => void = () => {};
  private readonly disk: Disk;
  private readonly directory: string;
  private readonly options: SlotOptions;
  private readonly ready: Slot[] = [];
  private nextNumber: number;
  private work: BackgroundWork | null = null;
  private retryAt = 0;
  private isClosed = false;
  private onWorkEnded: (() => void) | null = null;

  constructor(disk: Disk, directory: string, options: SlotOptions, nextNumber: number) {
    this.disk = disk;
    this.directory = directory;
    this.options = options;
    this.nextNumber = nextNumber;
  }

  get readyCount(): number {
    return this.ready.length;
  }

  /** Takes a slot that is free on the medium. Slots beyond the bound, or too small by now, are deleted. */
  add(slot: Slot): void {
    if (slot.slotBytes >= this.options.slotBytesMin && this.ready.length < READY_MAX) {
      this.ready.push(slot);
      return this.onChanged();
    }
    try {
      this.disk.removeSync(slot.path);
    } catch (error) {
      // It stays, free, and the next open finds it.
      if (systemCodeOf(error) === null) throw error;
    }
  }

  /** The slot to write next, or null if none stands ready. */
  take(): Slot | null {
    const slot = this.ready.shift() ?? null;
    if (slot !== null) this.replenish();
    return slot;
  }

  /** Starts to make a slot if one is missing and none is being made; call it as often as you like. */
  replenish(): void {
    const { readyTarget, clock, slotBytes } = this.options;
    if (this.work !== null || this.isClosed || this.ready.length >= readyTarget) return;
    if (this.blockedReason !== 0 && clock.now() < this.retryAt) return;
    const slot: Slot = { path: this.pathOf(this.nextNumber), slotBytes };
    try {
      if (!this.hasSpace()) return this.block(ERRORS.ERR_DISK_FULL.id);
      this.nextNumber += 1;
      this.work = this.disk.preallocate(slot.path, slotBytes, (error) => this.preallocated(slot, error));
    } catch (error) {
      if (systemCodeOf(error) === null) throw error;
      this.block(ERRORS.ERR_DISK_IO.id);
    }
  }

  /** Makes one slot before it returns: for a log that begins, or has not room for one block. */
  makeSync(): Slot {
    const { slotBytes } = this.options;
    const slot: Slot = { path: this.pathOf(this.nextNumber++), slotBytes };
    const temporary = `${slot.path}.tmp`;
    const file = this.disk.openSync(temporary, 'create');
    try {
      const zeros = new Uint8Array(Math.min(slotBytes, 256 * PAGE_BYTES));
      for (let position = 0; position < slotBytes; position += zeros.length) {
        file.writeSync(zeros, 0, Math.min(zeros.length, slotBytes - position), position);
      }
      file.flushSync();
    } finally {
      file.closeSync();
    }
    this.disk.renameSync(temporary, slot.path);
    this.disk.flushDirectorySync(this.directory);
    return slot;
  }

  /** Gives up what is being made; `done` is called when nothing of it is under way any more. */
  close(done: () => void): void {
    this.isClosed = true;
    if (this.work === null) return done();
    this.onWorkEnded = done;
    this.work.cancel();
  }

  private preallocated(slot: Slot, error: Error | null): void {
    this.work = null;
    if (this.isClosed) {
      this.onWorkEnded?.();
      return;
    }
    if (error !== null) {
      this.block(isDiskFull(error) ? ERRORS.ERR_DISK_FULL.id : ERRORS.ERR_DISK_IO.id);
    } else {
      this.blockedReason = 0;
      this.ready.push(slot);
      this.replenish();
    }
    this.onChanged();
  }

  private block(reason: number): void {
    this.blockedReason = reason;
    this.retryAt = this.options.clock.now() + RETRY_AFTER_MS;
  }

  private hasSpace(): boolean {
    return this.disk.freeBytesSync(this.directory) >= this.options.slotBytes + this.options.reserveBytes;
  }

  private pathOf(number: number): string {
    return `${this.directory}/slot-${String(number).padStart(6, '0')}`;
  }
}
