import { basename, dirname } from 'node:path';
import type { BackgroundWork, Disk, DiskFile, Done, OpenMode } from '../log/disk.ts';
import { replaceFileDurably } from '../log/durable-file.ts';
import { SimulatedDirectory } from './simulated-directory.ts';
import { SimulatedFile } from './simulated-file.ts';
import { type LossStyle, SimulatedInode } from './simulated-inode.ts';
import { SimulatedMachine, SystemError } from './simulated-machine.ts';
import { SimulatedPreallocation } from './simulated-preallocation.ts';

export { CrashSignal } from './simulated-machine.ts';

export interface SimulatedDiskOptions {
  readonly seed: number;
  /** Bytes that all files may take together. */
  readonly capacityBytes?: number;
}

/**
 * A disk in memory, under a seed: nothing asynchronous happens until `runOne` picks it; a power cut drops, reorders and
 * tears (at 512 bytes) what was not flushed and forgets names that were not; a flush can be made to fail once; space
 * can run out. The same seed and the same calls give the same disk.
 *
 * Legal order: work, then `crash`, then a new process opens what is left. A `CrashSignal` out of any call means that
 * the process is dead: drop all that belongs to it and call `crash`.
 */
export class SimulatedDisk implements Disk {
  readonly machine: SimulatedMachine;
  capacityBytes: number;
  private readonly directories = new Map<string, SimulatedDirectory>();
  private readonly assertSpace = (addedBytes: number): void => {
    if (addedBytes > this.freeBytesSync()) throw new SystemError('ENOSPC', 'no space left on device');
  };

  constructor(options: SimulatedDiskOptions) {
    this.machine = new SimulatedMachine(options.seed);
    this.capacityBytes = options.capacityBytes ?? Number.MAX_SAFE_INTEGER;
  }

  // ------------------------------------------------------------------ the hand of the simulation

  /** Operations until a `CrashSignal`, 0 being the next; -1 for none. */
  set crashCountdown(operations: number) {
    this.machine.crashCountdown = operations;
  }

  /** Flushes until one fails, 0 being the next; -1 for none. */
  set flushFailureCountdown(flushes: number) {
    this.machine.flushFailureCountdown = flushes;
  }

  get operationCount(): number {
    return this.machine.operationCount;
  }

  /** Ends the process at this very place: for fail points. @throws CrashSignal */
  kill(): never {
    this.machine.kill();
  }

  get pendingCount(): number {
    return this.machine.pendingCount;
  }

  /** Completes one operation that is under way, whichever the seed says; false if there is none. */
  runOne(): boolean {
    return this.machine.runOne();
  }

  runAll(): void {
    while (this.machine.runOne());
  }

  /**
   * Ends the process, or with it the machine. After `process` the page cache is as it was, after `power` only what was
   * flushed is certain.
   */
  crash(kind: 'process' | 'power'): void {
    const { machine } = this;
    machine.restart();
    const inodes = this.inodes();
    if (kind === 'process') {
      for (const inode of inodes) inode.survive();
      return;
    }
    const style = machine.random.pick<LossStyle>(['all', 'none', 'random', 'random']);
    for (const directory of this.directories.values()) directory.losePower(machine.random, style);
    for (const inode of new Set([...inodes, ...this.inodes()])) inode.losePower(machine.random, style);
  }

  /** Rot: one byte of a file is another one from now on. */
  corrupt(path: string, position: number, change: (byte: number) => number = (byte) => byte ^ 0x40): void {
    this.inodeAt(path).corrupt(position, change);
  }

  /** Rot of another kind: the file ends here. */
  truncate(path: string, sizeBytes: number): void {
    this.inodeAt(path).truncate(sizeBytes);
  }

  // ------------------------------------------------------------------ for preallocation

  putFile(path: string, inode: SimulatedInode): void {
    this.directoryAt(dirname(path)).link(basename(path), inode);
  }

  fill(path: string, sizeBytes: number): void {
    const inode = this.inodeAt(path);
    this.assertSpace(sizeBytes - inode.size);
    inode.fill(sizeBytes);
  }

  // ------------------------------------------------------------------ Disk

  makeDirectorySync(path: string): void {
    this.machine.step();
    for (let made = path; !this.directories.has(made); made = dirname(made)) {
      this.directories.set(made, new SimulatedDirectory());
    }
  }

  listSync(path: string): string[] {
    return [...this.directoryAt(path).entries.keys()].sort();
  }

  existsSync(path: string): boolean {
    return this.directories.has(path) || (this.directories.get(dirname(path))?.entries.has(basename(path)) ?? false);
  }

  openSync(path: string, mode: OpenMode): DiskFile {
    this.machine.step();
    if (mode === 'create') {
      if (this.existsSync(path)) throw new SystemError('EEXIST', `file exists path=${path}`);
      this.putFile(path, new SimulatedInode());
    }
    return new SimulatedFile(this.machine, this.inodeAt(path), mode, this.assertSpace);
  }

  flushDirectorySync(path: string): void {
    this.machine.step();
    this.directoryAt(path).flush();
  }

  removeSync(path: string): void {
    this.machine.step();
    this.inodeAt(path);
    this.directoryAt(dirname(path)).unlink(basename(path));
  }

  renameSync(from: string, to: string): void {
    this.machine.step();
    this.inodeAt(from);
    if (dirname(from) !== dirname(to)) throw new SystemError('EXDEV', 'rename across directories is not simulated');
    this.directoryAt(dirname(from)).rename(basename(from), basename(to));
  }

  freeBytesSync(): number {
    let bytes = 0;
    for (const inode of this.inodes()) bytes += inode.size;
    return Math.max(0, this.capacityBytes - bytes);
  }

  readFileSync(path: string): Uint8Array {
    const inode = this.inodeAt(path);
    const bytes = new Uint8Array(inode.size);
    inode.read(bytes, 0, inode.size, 0);
    return bytes;
  }

  writeFileDurableSync(path: string, bytes: Uint8Array): void {
    replaceFileDurably(this, path, bytes);
  }

  preallocate(path: string, sizeBytes: number, done: Done): BackgroundWork {
    this.machine.step();
    return new SimulatedPreallocation(this, path, sizeBytes, done);
  }

  private inodes(): SimulatedInode[] {
    return [...this.directories.values()].flatMap((directory) => [...directory.entries.values()]);
  }

  private directoryAt(path: string): SimulatedDirectory {
    const directory = this.directories.get(path);
    if (directory === undefined) throw new SystemError('ENOENT', `no such directory path=${path}`);
    return directory;
  }

  private inodeAt(path: string): SimulatedInode {
    const inode = this.directoryAt(dirname(path)).entries.get(basename(path));
    if (inode === undefined) throw new SystemError('ENOENT', `no such file path=${path}`);
    return inode;
  }
}
