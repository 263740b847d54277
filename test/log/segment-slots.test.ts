import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import { appendRecord, range, replayedOffsets } from './log-fixtures.ts';
import { commitBlocks, DIRECTORY, newSimulated, openSimulated, SLOT_BYTES } from './simulated-log.ts';

const FULL = ERRORS.ERR_DISK_FULL.id;

function slotNames(disk: { listSync(path: string): string[] }): string[] {
  return disk.listSync(DIRECTORY).filter((name) => name.startsWith('slot-'));
}

describe('preallocation', () => {
  it('keeps the next segments ready', () => {
    const { disk, log } = newSimulated({ readySegments: 3 });
    expect(log.stats().readySlotCount).toBe(3);
    commitBlocks(disk, log, 60);
    expect(log.stats().readySlotCount).toBe(3);
    expect(log.stats().segmentCount).toBeGreaterThan(3);
  });

  it('refuses at the door when there is no space, keeps room for control records, and recovers when space is back', () => {
    let now = 0;
    const { disk, log } = newSimulated({ readySegments: 1, clock: { now: () => now } });
    disk.capacityBytes = 0;
    let blocks = 0;
    while (log.canAdmit()) {
      commitBlocks(disk, log, 1, 20, 400);
      blocks += 1;
    }
    expect(blocks).toBeGreaterThan(3);
    expect(log.blockedReason()).toBe(FULL);
    expect(log.canCommit()).toBe(true);
    commitBlocks(disk, log, 1);
    expect(log.durableThrough).toBe(blocks * 20 + 2);

    disk.capacityBytes = Number.MAX_SAFE_INTEGER;
    expect(log.canAdmit()).toBe(false);
    now += 500;
    expect(log.canAdmit()).toBe(false);
    disk.runAll();
    expect([log.canAdmit(), log.blockedReason()]).toEqual([true, 0]);
    commitBlocks(disk, log, 10, 20, 400);
    disk.crash('power');
    expect(replayedOffsets(openSimulated(disk))).toEqual(range(0, (blocks + 10) * 20 + 3));
  });

  it('opens again on a full disk', () => {
    const { disk, log } = newSimulated({ readySegments: 1, retention: { bytes: 0, ms: 0 } });
    disk.capacityBytes = 0;
    while (log.canAdmit()) {
      commitBlocks(disk, log, 1, 20, 400);
      log.trim(log.durableThrough);
      disk.runOne();
      if (log.durableThrough > 2000) break;
    }
    const checkpointOffset = log.durableThrough;
    for (let crash = 0; crash < 4; crash++) {
      disk.crash('power');
      expect(openSimulated(disk, { checkpointOffset }).durableThrough).toBe(checkpointOffset);
    }
  });

  it('leaves the reserve to others', () => {
    const { disk, log } = newSimulated({ readySegments: 2, reserveBytes: SLOT_BYTES });
    disk.capacityBytes = 4 * SLOT_BYTES;
    while (log.canAdmit()) commitBlocks(disk, log, 1, 20, 400);
    expect(log.blockedReason()).toBe(FULL);
    expect(disk.freeBytesSync()).toBeGreaterThanOrEqual(SLOT_BYTES - 4096);
  });

  it('tells its owner when a segment stands ready, and when none is to be had', () => {
    const { disk, log } = newSimulated({ readySegments: 1 });
    const told: number[] = [];
    log.onRoomChanged = () => told.push(log.stats().readySlotCount);
    while (log.stats().segmentCount < 2) commitBlocks(disk, log, 1);
    expect(told).toEqual([1]);
    while (log.stats().segmentCount < 3) {
      appendRecord(log.open);
      log.commit(log.lastLogTime + 1);
      // The next segment is being made just then.
      if (log.stats().segmentCount === 3) disk.capacityBytes = 0;
      disk.runAll();
    }
    expect(told).toEqual([1, 0]);
  });

  it('does not blame the disk when the next segment is only not ready yet', () => {
    const { disk, log } = newSimulated({ readySegments: 0 });
    while (log.canAdmit()) commitBlocks(disk, log, 1, 20, 400);
    expect(log.blockedReason()).toBe(ERRORS.ERR_OVERLOAD_PARTITION.id);
  });
});

describe('trim', () => {
  it('recycles whole segments below the floor and keeps all above it', () => {
    const { disk, log } = newSimulated({ retention: { bytes: 0, ms: 0 }, readySegments: 1 });
    commitBlocks(disk, log, 40);
    const files = slotNames(disk).length;
    log.trim(70);
    expect(log.firstRetainedOffset).toBeLessThanOrEqual(70);
    expect(log.firstRetainedOffset).toBeGreaterThan(0);
    disk.runAll();
    expect(replayedOffsets(log)).toEqual(range(log.firstRetainedOffset, 120));
    expect(log.readRecordSync(0)).toBeNull();
    for (let round = 0; round < 10; round++) {
      commitBlocks(disk, log, 10);
      log.trim(log.durableThrough);
      disk.runAll();
    }
    expect(slotNames(disk).length).toBeLessThanOrEqual(files + 1);
  });

  it('keeps what the retention policy wants kept, until its age is past though nothing is written', () => {
    const { disk, log } = newSimulated({ retention: { bytes: 1024 * SLOT_BYTES, ms: 1e9 } });
    commitBlocks(disk, log, 40);
    log.trim(120);
    log.trim(120, 1e9);
    expect([log.firstRetainedOffset, log.trimmableCount(120, 1e9)]).toEqual([0, 0]);
    const count = log.trimmableCount(120, 1e9 + 40);
    expect([count, log.trimmableCount(120)]).toEqual([log.stats().segmentCount - 1, 0]);
    log.trim(120, 1e9 + 40);
    expect(log.stats().segmentCount).toBe(1);
  });

  it('hands no slot out that is not free on the medium', () => {
    const { disk, log } = newSimulated({ retention: { bytes: 0, ms: 0 }, readySegments: 1 });
    commitBlocks(disk, log, 40);
    const ready = log.stats().readySlotCount;
    log.trim(120);
    expect(log.stats().readySlotCount).toBe(ready);
    disk.flushFailureCountdown = 0;
    disk.runAll();
    expect(log.stats().readySlotCount).toBe(ready);
    disk.crash('power');
    expect(openSimulated(disk, { checkpointOffset: 119 }).nextOffset).toBe(120);
  });

  it('does not believe the page cache that a slot is free', () => {
    const { disk, log } = newSimulated({ retention: { bytes: 0, ms: 0 }, readySegments: 0 });
    commitBlocks(disk, log, 40);
    log.trim(120);
    disk.runOne(); // The oldest slot is marked free, and the mark not flushed.
    disk.crash('process');
    const again = openSimulated(disk, { checkpointOffset: 119, readySegments: 0, retention: { bytes: 0, ms: 0 } });
    expect(again.stats().readySlotCount).toBe(0);
    again.trim(120);
    disk.runAll();
    expect(again.stats().readySlotCount).toBe(2);
    disk.crash('power');
    expect(openSimulated(disk, { checkpointOffset: 119 }).nextOffset).toBe(120);
  });

  it('takes another segment size from the next open on', () => {
    const { disk, log } = newSimulated({ retention: { bytes: 0, ms: 0 } });
    commitBlocks(disk, log, 40);
    log.close(() => {});
    disk.runAll();
    const again = openSimulated(disk, { segmentBytes: 2 * SLOT_BYTES, retention: { bytes: 0, ms: 0 } });
    disk.runAll();
    commitBlocks(disk, again, 60);
    again.trim(again.durableThrough);
    disk.runAll();
    disk.crash('power');
    expect(openSimulated(disk, { checkpointOffset: 299 }).nextOffset).toBe(300);
  });
});
