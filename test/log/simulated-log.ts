import { PartitionLog, type PartitionLogOptions } from '../../src/log/partition-log.ts';
import { SimulatedDisk } from '../../src/testing/simulated-disk.ts';
import { appendRecord } from './log-fixtures.ts';

export const DIRECTORY = '/data/log/0';
export const SALT = 0xc0ffee;
export const SLOT_BYTES = 64 * 1024;
export const BLOCK_BYTES = 16 * 1024;

export function openSimulated(disk: SimulatedDisk, options: Partial<PartitionLogOptions> = {}): PartitionLog {
  return PartitionLog.open(disk, DIRECTORY, {
    partition: 0,
    segmentBytes: SLOT_BYTES,
    maxBlockBytes: BLOCK_BYTES,
    checkpointOffset: -1,
    reserveBytes: 0,
    salt: SALT,
    ...options,
  });
}

export function newSimulated(options: Partial<PartitionLogOptions> = {}): { disk: SimulatedDisk; log: PartitionLog } {
  const disk = new SimulatedDisk({ seed: 1 });
  const log = openSimulated(disk, options);
  disk.runAll();
  return { disk, log };
}

/** Commits blocks of so many records each and sees them flushed. Small records: each block takes one page. */
export function commitBlocks(
  disk: SimulatedDisk,
  log: PartitionLog,
  blocks: number,
  records = 3,
  valueLength = 32,
): void {
  for (let block = 0; block < blocks; block++) {
    for (let index = 0; index < records; index++) appendRecord(log.open, valueLength);
    log.commit(log.lastLogTime + 1);
    disk.runAll();
  }
}

export function slotPath(number: number): string {
  return `${DIRECTORY}/slot-${String(number).padStart(6, '0')}`;
}

/** Position of the n-th block of the first segment when every block takes one page: block 0 is the epoch's marker. */
export function pageOf(block: number): number {
  return (1 + block) * 4096;
}
