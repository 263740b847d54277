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
});
