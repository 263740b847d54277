import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FLOOR_LOG_SOURCE, SCRATCH_DIRECTORY } from './places.ts';

/** One append + flush of the disk, measured by `floor-log.cpp`. */
export interface DiskFloor {
  appends: number;
  appendBytes: number;
  p50Us: number;
  p99Us: number;
  maxUs: number;
  cpuUs: number;
  megabytesPerSecond: number;
}

const BINARY = join(SCRATCH_DIRECTORY, 'floor-log');

/** Builds the native floor; returns false where there is no C++ compiler. */
export function buildDiskFloor(): boolean {
  mkdirSync(SCRATCH_DIRECTORY, { recursive: true });
  try {
    execFileSync('g++', ['-O2', '-o', BINARY, FLOOR_LOG_SOURCE], { stdio: 'pipe' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  return existsSync(BINARY);
}

/** Appends of 64 KiB to a file in `directory`, the disk that the engine under test uses. */
export function measureDiskFloor(directory: string, appends: number): DiskFloor {
  const output = execFileSync(BINARY, [join(directory, 'floor-log.data'), String(appends)], { encoding: 'utf8' });
  return JSON.parse(output) as DiskFloor;
}
