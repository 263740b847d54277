import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Block } from '../../src/log/block.ts';
import type { PartitionLog } from '../../src/log/partition-log.ts';
import { KIND_EVENT, RECORD_KIND, RECORD_LENGTH, RECORD_VALUE_LENGTH, recordLength } from '../../src/record/layout.ts';

const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

export function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'moka-log-'));
  directories.push(directory);
  return directory;
}

/** Appends a record whose value is `valueLength` bytes drawn from its offset. */
export function appendRecord(block: Block, valueLength = 32): number {
  const offset = block.firstOffset + block.recordCount;
  const length = recordLength(valueLength, 0);
  const position = block.length;
  block.u8.fill(0, position, position + length);
  block.u32[(position + RECORD_LENGTH) >>> 2] = length;
  block.u8[position + RECORD_KIND] = KIND_EVENT;
  block.u32[(position + RECORD_VALUE_LENGTH) >>> 2] = valueLength;
  for (let index = 0; index < valueLength; index++) block.u8[position + 72 + index] = valueByte(offset, index);
  block.length += length;
  block.recordCount += 1;
  return offset;
}

export function valueByte(offset: number, index: number): number {
  return (offset * 31 + index * 7 + (offset >>> 8)) & 0xff;
}

/** Checks the bytes that `appendRecord` wrote; returns the value's length. */
export function checkRecord(u8: Uint8Array, position: number, offset: number): number {
  const view = new DataView(u8.buffer, u8.byteOffset, u8.byteLength);
  const valueLength = view.getUint32(position + RECORD_VALUE_LENGTH, true);
  for (let index = 0; index < valueLength; index++) {
    if (u8[position + 72 + index] !== valueByte(offset, index)) throw new Error(`offset=${offset} index=${index}`);
  }
  return valueLength;
}

/** Every offset that a replay from here shows, with its bytes checked. */
export function replayedOffsets(log: PartitionLog, from = log.firstRetainedOffset): number[] {
  const offsets: number[] = [];
  log.replay(from, (block) => {
    let position = 64;
    for (let index = 0; index < block.recordCount; index++) {
      checkRecord(block.u8, position, block.firstOffset + index);
      offsets.push(block.firstOffset + index);
      position += block.u32[position >>> 2] as number;
    }
  });
  return offsets;
}

export function commitDurably(log: PartitionLog, logTime = 1): Promise<number> {
  return new Promise((resolve, reject) => {
    log.onDurable = resolve;
    log.onFailed = reject;
    log.commit(logTime);
  });
}

export function closeLog(log: PartitionLog): Promise<void> {
  return new Promise((resolve, reject) => log.close((error) => (error === null ? resolve() : reject(error))));
}

export function range(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, index) => from + index);
}
