import type { BackgroundWork, Disk, DiskFile, Done, OpenMode } from '../../log/disk.ts';
import type { Lane } from '../../worker/open-lane.ts';

/**
 * Rules that can be broken on purpose, to see that the simulation notices:
 * - `ack-before-flush`: acks leave when a block is written.
 * - `recovery-trusts-page-cache`: recovery neither rewrites nor flushes what it found.
 * - `checkpoint-ahead`: a checkpoint is committed without waiting for the log.
 */
export const SABOTAGES = ['ack-before-flush', 'recovery-trusts-page-cache', 'checkpoint-ahead'] as const;
export type Sabotage = (typeof SABOTAGES)[number];

/** Makes an opened lane break the rule. The product knows nothing of this. */
export function sabotageLane(lane: Lane, sabotage: Sabotage): void {
  if (sabotage === 'recovery-trusts-page-cache') return;
  const log = lane.log as { durableThrough: number; nextOffset: number };
  const prototype = Object.getPrototypeOf(log) as object;
  const truth = Object.getOwnPropertyDescriptor(prototype, 'durableThrough')?.get as () => number;
  let isLying = sabotage === 'ack-before-flush';
  Object.defineProperty(log, 'durableThrough', { get: () => (isLying ? log.nextOffset - 1 : truth.call(log)) });
  const { checkpointer } = lane.partition;
  const step = checkpointer.step.bind(checkpointer);
  checkpointer.step = (...parameters: Parameters<typeof step>): boolean => {
    isLying = sabotage === 'checkpoint-ahead';
    try {
      return step(...parameters);
    } finally {
      isLying = sabotage === 'ack-before-flush';
    }
  };
}

/** Hands a disk through; during recovery, if that is the sabotage, writes and flushes are only pretended. */
export class SabotagedDisk implements Disk {
  isRecovering = false;
  readonly #disk: Disk;
  readonly #isPretending: boolean;

  constructor(disk: Disk, sabotage: Sabotage | null) {
    this.#disk = disk;
    this.#isPretending = sabotage === 'recovery-trusts-page-cache';
  }

  onCrash(): void {
    this.isRecovering = false;
  }

  makeDirectorySync(path: string): void {
    this.#disk.makeDirectorySync(path);
  }
  listSync(path: string): string[] {
    return this.#disk.listSync(path);
  }
  existsSync(path: string): boolean {
    return this.#disk.existsSync(path);
  }
  openSync(path: string, mode: OpenMode): DiskFile {
    const file = this.#disk.openSync(path, mode);
    if (!this.#isPretending || !this.isRecovering || mode !== 'write') return file;
    return {
      readSync: (into, start, length, position) => file.readSync(into, start, length, position),
      writeSync: () => {},
      flushSync: () => {},
      write: (_bytes, _start, _length, _position, done) => done(null),
      flush: (done) => done(null),
      sizeSync: () => file.sizeSync(),
      closeSync: () => file.closeSync(),
    };
  }
  flushDirectorySync(path: string): void {
    this.#disk.flushDirectorySync(path);
  }
  removeSync(path: string): void {
    this.#disk.removeSync(path);
  }
  renameSync(from: string, to: string): void {
    this.#disk.renameSync(from, to);
  }
  freeBytesSync(path: string): number {
    return this.#disk.freeBytesSync(path);
  }
  readFileSync(path: string): Uint8Array {
    return this.#disk.readFileSync(path);
  }
  writeFileDurableSync(path: string, bytes: Uint8Array): void {
    this.#disk.writeFileDurableSync(path, bytes);
  }
  preallocate(path: string, sizeBytes: number, done: Done): BackgroundWork {
    return this.#disk.preallocate(path, sizeBytes, done);
  }
}
