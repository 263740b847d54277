import { describe, expect, it } from 'vitest';
import { LogReader } from '../../src/log/reader.ts';
import type { SimulatedDisk } from '../../src/testing/simulated-disk.ts';
import { checkRecord, range } from './log-fixtures.ts';
import { commitBlocks, DIRECTORY, newSimulated, pageOf, slotPath } from './simulated-log.ts';

function read(
  disk: SimulatedDisk,
  start: { offset?: number; time?: number } = {},
): { offsets: number[]; reader: LogReader } {
  const reader = LogReader.open(disk, DIRECTORY, 0, start) as LogReader;
  const offsets: number[] = [];
  for (const record of reader.records()) {
    checkRecord(record.view.u8, record.position, record.offset);
    offsets.push(record.offset);
  }
  reader.close();
  return { offsets, reader };
}

describe('LogReader', () => {
  it('reads a log in use, through all its segments, and writes nothing', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 40);
    const before = disk.operationCount;
    const { offsets, reader } = read(disk);
    expect(offsets).toEqual(range(0, 120));
    expect(reader.end).toMatchObject({ kind: 'open', nextOffset: 120 });
    expect([reader.blockCount, reader.recordCount, reader.firstOffset]).toEqual([41, 120, 0]);
    // Opening files counts; nothing is under way.
    expect(disk.pendingCount).toBe(0);
    expect(disk.operationCount - before).toBeLessThan(20);
    commitBlocks(disk, log, 1);
    expect(read(disk).offsets).toEqual(range(0, 123));
  });

  it('starts at an offset or at a time', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 40);
    expect(read(disk, { offset: 50 }).offsets).toEqual(range(50, 120));
    expect(read(disk, { offset: 500 }).offsets).toEqual([]);
    // The n-th block has log time n + 1.
    expect(read(disk, { time: 31 }).offsets).toEqual(range(90, 120));
    expect(log.offsetOfTime(31)).toBe(90);
    expect([0, 1, 2, 40, 41].map((time) => log.offsetOfTime(time))).toEqual([0, 0, 3, 117, 120]);
  });

  it('says that a log closed in order ends where it ends', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 2);
    log.close(() => {});
    disk.runAll();
    expect(read(disk).reader.end?.kind).toBe('confirmed');
  });

  it('shows what is whole before damage, and where it is', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 40);
    disk.corrupt(slotPath(1), pageOf(5) + 80);
    const { offsets, reader } = read(disk);
    expect(offsets).toEqual(range(0, 12));
    expect(reader.end).toMatchObject({ kind: 'damaged', nextOffset: 12, path: slotPath(1), position: pageOf(5) });
    expect(read(disk, { offset: 60 }).offsets).toEqual(range(60, 120));
  });

  it('takes a torn tail for the end', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 3);
    disk.corrupt(slotPath(1), pageOf(3) + 80);
    expect(read(disk)).toMatchObject({ offsets: range(0, 6), reader: { end: { kind: 'open' } } });
  });

  it('open returns null where there is no log', () => {
    const { disk } = newSimulated();
    disk.makeDirectorySync('/data/log/7');
    expect(LogReader.open(disk, '/data/log/7', 7)).toBeNull();
  });
});
