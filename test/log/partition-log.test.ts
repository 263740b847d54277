import { describe, expect, it } from 'vitest';
import { NodeDisk } from '../../src/log/node-disk.ts';
import { PartitionLog, type PartitionLogOptions } from '../../src/log/partition-log.ts';
import {
  appendRecord,
  checkRecord,
  closeLog,
  commitDurably,
  makeDirectory,
  range,
  replayedOffsets,
} from './log-fixtures.ts';

const OPTIONS: PartitionLogOptions = {
  partition: 3,
  segmentBytes: 256 * 1024,
  maxBlockBytes: 32 * 1024,
  checkpointOffset: -1,
  reserveBytes: 0,
};

describe('PartitionLog', () => {
  it('open begins an empty log in epoch 1', async () => {
    const log = PartitionLog.open(new NodeDisk(), `${makeDirectory()}/0`, OPTIONS);
    expect([log.epoch, log.nextOffset, log.durableThrough, log.firstRetainedOffset]).toEqual([1, 0, -1, 0]);
    expect(log.isIdle()).toBe(true);
    expect(log.canAdmit()).toBe(true);
    await closeLog(log);
  });

  it('commit makes records durable and open finds them again in a higher epoch', async () => {
    const directory = makeDirectory();
    const log = PartitionLog.open(new NodeDisk(), directory, OPTIONS);
    for (let block = 0; block < 60; block++) {
      for (let index = 0; index < 100; index++) appendRecord(log.open, (block * 13 + index) % 200);
      expect(await commitDurably(log, block)).toBe(block * 100 + 99);
    }
    expect(replayedOffsets(log)).toEqual(range(0, 6000));
    expect(log.stats().segmentCount).toBeGreaterThan(3);
    await closeLog(log);

    const again = PartitionLog.open(new NodeDisk(), directory, OPTIONS);
    expect([again.epoch, again.nextOffset, again.durableThrough, again.lastLogTime]).toEqual([2, 6000, 5999, 59]);
    expect(replayedOffsets(again, 4711)).toEqual(range(4700, 6000));
    appendRecord(again.open);
    await commitDurably(again, 60);
    for (const offset of [0, 17, 5999, 6000, 3000, 3001]) {
      const view = again.readRecordSync(offset);
      expect(view?.offset).toBe(offset);
      if (view !== null) checkRecord(view.view.u8, view.position, offset);
    }
    expect(again.readRecordSync(6001)).toBeNull();
    await closeLog(again);
  });

  it('reads blocks larger than it writes now', async () => {
    const directory = makeDirectory();
    const log = PartitionLog.open(new NodeDisk(), directory, {
      ...OPTIONS,
      segmentBytes: 8 * 1024 * 1024,
      maxBlockBytes: 2 * 1024 * 1024,
    });
    while (log.open.remainingBytes > 4096) appendRecord(log.open, 3000);
    const count = log.open.recordCount;
    await commitDurably(log);
    await closeLog(log);
    const again = PartitionLog.open(new NodeDisk(), directory, OPTIONS);
    expect(replayedOffsets(again)).toEqual(range(0, count));
    expect(again.readRecordSync(count - 1)?.offset).toBe(count - 1);
    await closeLog(again);
  });

  it('finds records in the open block, in the one in flight and on disk, in any order', async () => {
    const log = PartitionLog.open(new NodeDisk(), makeDirectory(), OPTIONS);
    for (let block = 0; block < 20; block++) {
      for (let index = 0; index < 50; index++) appendRecord(log.open, index);
      await commitDurably(log);
    }
    for (let index = 0; index < 10; index++) appendRecord(log.open, index);
    const flushed = commitDurably(log);
    for (let index = 0; index < 10; index++) appendRecord(log.open, index);
    for (const offset of [1019, 1010, 1009, 1000, 999, 0, 500, 501, 499, 1015, 1016, 42]) {
      const record = log.readRecordSync(offset);
      expect(record?.offset).toBe(offset);
      if (record !== null)
        expect(checkRecord(record.view.u8, record.position, offset)).toBe(offset < 1000 ? offset % 50 : offset % 10);
    }
    expect([log.readRecordSync(1020), log.readRecordSync(-1)]).toEqual([null, null]);
    await flushed;
    await closeLog(log);
  });
});
