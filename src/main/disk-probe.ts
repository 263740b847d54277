import { closeSync, fdatasyncSync, fsyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What a directory's disk does, measured the way the log uses it. Times are ms. */
export interface DiskProbe {
  readonly flushMsP50: number;
  readonly flushMsP99: number;
  readonly flushes: number;
  readonly isPlausible: boolean;
}

/** The log's own pattern: append into a preallocated, zero-filled file, then `fdatasync`. */
const APPEND_BYTES = 64 * 1024;
const FILE_BYTES = 16 * 1024 * 1024;
export const PROBE_FLUSHES = 200;

/**
 * No medium keeps 64 KiB faster than this: the fastest drives with a protected cache take some 20 µs to answer a write
 * and a flush. A machine that does it in 5 µs answers from volatile memory.
 */
const FASTEST_FLUSH_MS = 0.015;

/** @throws the error of the system if nothing can be written below `directory` */
export function probeDisk(
  directory: string,
  { flushes = PROBE_FLUSHES, onFlush }: { flushes?: number; onFlush?: (done: number) => void } = {},
): DiskProbe {
  const place = mkdtempSync(join(directory, '.moka-doctor-'));
  try {
    const file = openSync(join(place, 'probe'), 'w');
    try {
      const zeros = Buffer.alloc(1024 * 1024);
      for (let position = 0; position < FILE_BYTES; position += zeros.length) {
        writeSync(file, zeros, 0, zeros.length, position);
      }
      fsyncSync(file);
      const times = measure(file, flushes, onFlush ?? (() => {}));
      const p50 = times[Math.floor(times.length / 2)] as number;
      const p99 = times[Math.floor(times.length * 0.99)] as number;
      return { flushMsP50: p50, flushMsP99: p99, flushes, isPlausible: p50 >= FASTEST_FLUSH_MS };
    } finally {
      closeSync(file);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function measure(file: number, flushes: number, onFlush: (done: number) => void): number[] {
  const bytes = Buffer.alloc(APPEND_BYTES, 'moka');
  const times: number[] = [];
  for (let done = 0; done < flushes; done++) {
    const start = performance.now();
    writeSync(file, bytes, 0, bytes.length, (done * APPEND_BYTES) % FILE_BYTES);
    fdatasyncSync(file);
    times.push(performance.now() - start);
    onFlush(done + 1);
  }
  return times.sort((a, b) => a - b);
}

/** How a file system behaves when power goes. */
export interface FileSystem {
  readonly name: string;
  readonly isDurable: boolean | null;
  readonly freeBytes: number;
}

/** `statfs` magic numbers, see statfs(2). `null`: it depends on what stands behind it. */
const KINDS: Readonly<Record<number, readonly [string, boolean | null]>> = {
  61267: ['ext4', true],
  1481003842: ['xfs', true],
  2435016766: ['btrfs', true],
  801189825: ['zfs', true],
  4076150800: ['f2fs', true],
  16914836: ['tmpfs', false],
  2240043254: ['ramfs', false],
  2035054128: ['overlay', null],
  26985: ['nfs', null],
  1702057286: ['fuse', null],
  16914839: ['9p', null],
  19780: ['vfat', null],
};

export function fileSystemOf(directory: string): FileSystem {
  const { type, bavail, bsize } = statfsSync(directory);
  const [name, isDurable] = KINDS[type] ?? [`type 0x${type.toString(16)}`, null];
  return { name, isDurable, freeBytes: bavail * bsize };
}
