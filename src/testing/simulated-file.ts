import type { DiskFile, Done, OpenMode } from '../log/disk.ts';
import { SECTOR_BYTES, type SimulatedInode } from './simulated-inode.ts';
import { type PendingOperation, type SimulatedMachine, SystemError } from './simulated-machine.ts';

/** An open file of one life of the simulated process. */
export class SimulatedFile implements DiskFile {
  readonly inode: SimulatedInode;
  private readonly machine: SimulatedMachine;
  private readonly mode: OpenMode;
  private readonly assertSpace: (addedBytes: number) => void;
  private readonly generation: number;
  private isOpen = true;
  private isBusy = false;

  constructor(
    machine: SimulatedMachine,
    inode: SimulatedInode,
    mode: OpenMode,
    assertSpace: (addedBytes: number) => void,
  ) {
    this.machine = machine;
    this.inode = inode;
    this.mode = mode;
    this.assertSpace = assertSpace;
    this.generation = machine.generation;
  }

  readSync(into: Uint8Array, start: number, length: number, position: number): number {
    this.assertUsable();
    return this.inode.read(into, start, length, position);
  }

  writeSync(bytes: Uint8Array, start: number, length: number, position: number): void {
    this.assertWritable();
    try {
      this.machine.step();
    } catch (crash) {
      this.writePart(bytes, start, length, position);
      throw crash;
    }
    this.writeWhole(bytes, start, length, position);
  }

  flushSync(): void {
    this.assertUsable();
    this.inode.beginFlush();
    this.machine.step();
    this.endFlush();
  }

  write(bytes: Uint8Array, start: number, length: number, position: number, done: Done): void {
    this.assertWritable();
    this.ask({
      run: () => this.answer(done, () => this.writeWhole(bytes, start, length, position)),
      interrupt: () => this.writePart(bytes, start, length, position),
    });
  }

  flush(done: Done): void {
    this.assertUsable();
    this.inode.beginFlush();
    this.ask({ run: () => this.answer(done, () => this.endFlush()), interrupt: () => {} });
  }

  sizeSync(): number {
    this.assertUsable();
    return this.inode.size;
  }

  closeSync(): void {
    this.assertUsable();
    if (this.isBusy) throw new SystemError('EBUSY', 'closed with an operation under way');
    this.isOpen = false;
  }

  private ask(operation: PendingOperation): void {
    this.machine.step();
    if (this.isBusy) throw new SystemError('EBUSY', 'one write or flush of a file at a time');
    this.isBusy = true;
    this.machine.enqueue(operation);
  }

  private answer(done: Done, work: () => void): void {
    this.isBusy = false;
    let error: Error | null = null;
    try {
      work();
    } catch (cause) {
      error = cause as Error;
    }
    done(error);
  }

  private writeWhole(bytes: Uint8Array, start: number, length: number, position: number): void {
    this.assertSpace(Math.max(0, position + length - this.inode.size));
    this.inode.write(bytes, start, length, position);
    if (this.mode !== 'write-durable') return;
    this.inode.beginFlush(position, length);
    this.endFlush();
  }

  /** A killed write stops anywhere. */
  private writePart(bytes: Uint8Array, start: number, length: number, position: number): void {
    const sectors = Math.ceil(length / SECTOR_BYTES);
    const part = Math.min(length, this.machine.random.below(sectors + 1) * SECTOR_BYTES);
    if (part > 0) this.inode.write(bytes, start, part, position);
  }

  private endFlush(): void {
    const isFailed = this.machine.flushFails();
    this.inode.endFlush(isFailed);
    if (isFailed) throw new SystemError('EIO', 'flush failed');
  }

  private assertUsable(): void {
    this.machine.assertAlive(this.generation);
    if (!this.isOpen) throw new SystemError('EBADF', 'file is closed');
  }

  private assertWritable(): void {
    this.assertUsable();
    if (this.mode === 'read') throw new SystemError('EBADF', 'file is open for reading');
  }
}
