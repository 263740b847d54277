import { dirname } from 'node:path';
import type { BackgroundWork, Done } from '../log/disk.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedInode } from './simulated-inode.ts';
import { type PendingOperation, SystemError } from './simulated-machine.ts';

const STEPS = 3;

/** Makes a zero-filled file in a few steps, under a temporary name until it is whole and on the medium. */
export class SimulatedPreallocation implements BackgroundWork, PendingOperation {
  private readonly disk: SimulatedDisk;
  private readonly path: string;
  private readonly sizeBytes: number;
  private readonly done: Done;
  private stepCount = 0;
  private isCancelled = false;

  constructor(disk: SimulatedDisk, path: string, sizeBytes: number, done: Done) {
    this.disk = disk;
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.done = done;
    disk.machine.enqueue(this);
  }

  cancel(): void {
    this.isCancelled = true;
  }

  run(): void {
    const temporary = `${this.path}.tmp`;
    try {
      if (this.isCancelled) throw new SystemError('ECANCELED', `preallocation cancelled path=${this.path}`);
      if (this.stepCount === 0) this.disk.putFile(temporary, new SimulatedInode());
      this.stepCount += 1;
      this.disk.fill(temporary, Math.floor((this.sizeBytes * this.stepCount) / STEPS));
      if (this.stepCount < STEPS) return this.disk.machine.enqueue(this);
      this.disk.renameSync(temporary, this.path);
      this.disk.flushDirectorySync(dirname(this.path));
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (this.disk.existsSync(temporary)) this.disk.removeSync(temporary);
      return this.done(error);
    }
    this.done(null);
  }

  interrupt(): void {
    // What is half made stays where it is.
  }
}
