import { afterEach, describe, expect, it } from 'vitest';
import { AssertionError } from '../../src/base/assert.ts';
import type { MokaError } from '../../src/base/errors.ts';
import { setFailpointHandler } from '../../src/base/failpoint.ts';
import type { PartitionLog } from '../../src/log/partition-log.ts';
import type { SimulatedDisk } from '../../src/testing/simulated-disk.ts';
import { appendRecord, checkRecord, range, replayedOffsets } from './log-fixtures.ts';
import { commitBlocks, newSimulated, openSimulated, SLOT_BYTES } from './simulated-log.ts';

/** What the log tells its owner, in order. */
function listen(log: PartitionLog): string[] {
  const heard: string[] = [];
  log.onWritten = (through) => heard.push(`written ${through}`);
  log.onDurable = (through) => heard.push(`durable ${through}`);
  log.onFailed = (error: MokaError) => heard.push(error.code);
  return heard;
}

function runOut(disk: SimulatedDisk, log: PartitionLog): boolean {
  let isClosed = false;
  log.close(() => {
    isClosed = true;
  });
  disk.runAll();
  return isClosed;
}

afterEach(() => {
  setFailpointHandler(null);
});

describe('PartitionLog.commit', () => {
  it('tells written and durable in two steps when it announces what is written', () => {
    const { disk, log } = newSimulated({ announcesWritten: true });
    const heard = listen(log);
    appendRecord(log.open);
    log.commit(1);
    expect([log.isIdle(), log.nextOffset, log.writtenThrough, log.durableThrough]).toEqual([false, 1, -1, -1]);
    disk.runOne();
    expect(heard).toEqual(['written 0']);
    expect([log.writtenThrough, log.durableThrough, log.isIdle()]).toEqual([0, -1, false]);
    disk.runOne();
    expect(heard).toEqual(['written 0', 'durable 0']);
    expect([log.durableThrough, log.isIdle()]).toEqual([0, true]);
  });

  it('tells both in one step otherwise', () => {
    const { disk, log } = newSimulated();
    const heard = listen(log);
    appendRecord(log.open);
    log.commit(1);
    disk.runOne();
    expect(heard).toEqual(['written 0', 'durable 0']);
  });

  it('may be called again out of onDurable', () => {
    const { disk, log } = newSimulated();
    const durable: number[] = [];
    log.onDurable = (through) => {
      durable.push(through);
      if (through < 5) {
        appendRecord(log.open);
        log.commit(1);
      }
    };
    appendRecord(log.open);
    log.commit(1);
    disk.runAll();
    expect(durable).toEqual(range(0, 6));
  });

  it('leaves the memory of a block alone until the commit after the next', () => {
    const { disk, log } = newSimulated();
    const first = log.open;
    appendRecord(first, 100);
    log.commit(1);
    disk.runAll();
    appendRecord(log.open, 100);
    log.commit(1);
    expect(checkRecord(first.u8, first.start, 0)).toBe(100);
    disk.runAll();
    appendRecord(log.open, 100);
    log.commit(1);
    expect(log.open).toBe(first);
  });

  it('never lets log time fall', () => {
    const { disk, log } = newSimulated();
    const times: number[] = [];
    for (const time of [5, 3, 9, 8]) {
      appendRecord(log.open);
      log.commit(time);
      disk.runAll();
      times.push(log.lastLogTime);
    }
    expect(times).toEqual([5, 5, 9, 9]);
  });

  it('is a bug without records or while a block is in flight', () => {
    const { log } = newSimulated();
    expect(() => log.commit(1)).toThrow(AssertionError);
    appendRecord(log.open);
    log.commit(1);
    appendRecord(log.open);
    expect(() => log.commit(1)).toThrow(AssertionError);
  });

  it('passes its fail points in order', () => {
    const { disk, log } = newSimulated({ announcesWritten: true });
    const passed: string[] = [];
    setFailpointHandler((name) => passed.push(name));
    commitBlocks(disk, log, 1);
    expect(passed).toEqual(['log.before-write', 'log.after-write', 'log.before-flush', 'log.after-flush']);
  });
});

describe('PartitionLog after a failed flush', () => {
  it.each([true, false])('tells it once, and nothing after it (announcesWritten=%s)', (announcesWritten) => {
    const { disk, log } = newSimulated({ announcesWritten });
    const heard = listen(log);
    commitBlocks(disk, log, 1);
    disk.flushFailureCountdown = 0;
    appendRecord(log.open);
    log.commit(2);
    appendRecord(log.open);
    disk.runAll();
    expect(heard.at(-1)).toBe('ERR_DISK_FLUSH');
    expect(heard.filter((each) => each.startsWith('durable'))).toEqual(['durable 2']);
    expect([log.isIdle(), log.canAdmit(), log.blockedReason(), log.durableThrough]).toEqual([false, false, 121, 2]);
    expect(() => log.commit(3)).toThrow(AssertionError);
    const flushes = disk.machine.flushFailureCount;
    expect(runOut(disk, log)).toBe(true);
    expect(disk.machine.flushFailureCount).toBe(flushes);
  });

  it('is made good by the next open, which trusts no page cache', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 1);
    disk.flushFailureCountdown = 0;
    appendRecord(log.open);
    log.commit(2);
    disk.runAll();
    disk.crash('process');
    // The cache shows the block; nobody was told of it, but from now on it counts.
    const again = openSimulated(disk);
    expect(again.durableThrough).toBe(3);
    disk.crash('power');
    expect(replayedOffsets(openSimulated(disk))).toEqual(range(0, 4));
  });
});

describe('PartitionLog.confirmTail', () => {
  it('writes once per idle stretch and holds up nobody', () => {
    const { disk, log } = newSimulated();
    const heard = listen(log);
    commitBlocks(disk, log, 1);
    log.confirmTail();
    expect(disk.pendingCount).toBe(1);
    expect(log.isIdle()).toBe(true);
    appendRecord(log.open);
    log.commit(2);
    expect(log.isIdle()).toBe(false);
    disk.runAll();
    expect(heard.at(-1)).toBe('durable 3');
    log.confirmTail();
    disk.runAll();
    log.confirmTail();
    expect(disk.pendingCount).toBe(0);
    expect(replayedOffsets(log)).toEqual(range(0, 4));
    disk.crash('process');
    expect(replayedOffsets(openSimulated(disk))).toEqual(range(0, 4));
  });

  it('stands in the way of no later segment', () => {
    const { disk, log } = newSimulated();
    for (let block = 0; block < 40; block++) {
      commitBlocks(disk, log, 1, 3, 900 + block * 20);
      log.confirmTail();
      disk.runAll();
    }
    expect(log.stats().segmentCount).toBeGreaterThan(2);
    disk.crash('power');
    expect(openSimulated(disk).nextOffset).toBe(120);
  });
});

describe('PartitionLog.close', () => {
  it('waits for the block in flight and drops what is open', () => {
    const { disk, log } = newSimulated({ announcesWritten: true });
    const heard = listen(log);
    appendRecord(log.open);
    log.commit(1);
    appendRecord(log.open);
    let isClosed = false;
    log.close((error) => {
      expect(error).toBeNull();
      isClosed = true;
    });
    expect(isClosed).toBe(false);
    disk.runAll();
    expect([isClosed, heard.at(-1)]).toEqual([true, 'durable 0']);
    disk.crash('power');
    expect(openSimulated(disk).nextOffset).toBe(1);
  });

  it('gives up a segment that is being made', () => {
    const { disk, log } = newSimulated({ readySegments: 0 });
    expect(log.stats().readySlotCount).toBe(0);
    commitBlocks(disk, log, 2);
    expect(runOut(disk, log)).toBe(true);
    const again = openSimulated(disk, { readySegments: 4 });
    disk.runOne();
    expect(runOut(disk, again)).toBe(true);
    expect(disk.listSync('/data/log/0').filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('PartitionLog.bytesSince', () => {
  it('is about what a replay from there reads', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 40);
    const all = log.bytesSince(0);
    expect(all).toBeGreaterThanOrEqual(40 * 4096);
    expect(all).toBeLessThan(41 * 4096 + SLOT_BYTES);
    expect(log.bytesSince(60)).toBeLessThan(all);
    expect(log.bytesSince(120)).toBeLessThan(4096);
  });
});
