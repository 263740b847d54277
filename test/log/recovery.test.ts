import { describe, expect, it } from 'vitest';
import { MokaError } from '../../src/base/errors.ts';
import { Block } from '../../src/log/block.ts';
import { CrashSignal, SimulatedDisk } from '../../src/testing/simulated-disk.ts';
import { appendRecord, range, replayedOffsets } from './log-fixtures.ts';
import { commitBlocks, DIRECTORY, newSimulated, openSimulated, pageOf, SALT, slotPath } from './simulated-log.ts';

/** A log whose process was killed after five blocks of three records, all acknowledged. */
function killedLog(): SimulatedDisk {
  const { disk, log } = newSimulated();
  commitBlocks(disk, log, 5);
  disk.crash('process');
  return disk;
}

/** The error that opening gives. */
function damageOf(disk: SimulatedDisk, checkpointOffset = -1): MokaError {
  try {
    openSimulated(disk, { checkpointOffset });
  } catch (error) {
    if (error instanceof MokaError) return error;
    throw error;
  }
  throw new Error('it opened');
}

function zero(disk: SimulatedDisk, path: string, from: number, length: number): void {
  for (let position = from; position < from + length; position++) disk.corrupt(path, position, () => 0);
}

describe('recovery of a log whose tail nobody was told about', () => {
  it('cuts off a torn block and goes on in its place', () => {
    const { disk, log } = newSimulated({ announcesWritten: true });
    commitBlocks(disk, log, 2);
    for (let index = 0; index < 40; index++) appendRecord(log.open, 200);
    log.commit(9);
    disk.runOne(); // written, not flushed
    disk.crash('process');
    disk.corrupt(slotPath(1), pageOf(3) + 5000);

    const again = openSimulated(disk);
    expect([again.nextOffset, again.epoch]).toEqual([6, 2]);
    commitBlocks(disk, again, 2);
    disk.crash('power');
    expect(replayedOffsets(openSimulated(disk))).toEqual(range(0, 12));
  });

  it('cannot tell rot in the very last block from a torn tail when nothing confirmed it', () => {
    const disk = killedLog();
    disk.corrupt(slotPath(1), pageOf(5) + 100);
    expect(openSimulated(disk).nextOffset).toBe(12);
  });

  it('ignores blocks that an order carries in its body, because their salt is wrong', () => {
    for (const salt of [SALT ^ 1, SALT]) {
      const { disk, log } = newSimulated({ announcesWritten: true });
      commitBlocks(disk, log, 1);
      const forged = new Block(4096);
      forged.reset(1000);
      appendRecord(forged);
      Object.assign(forged, { epoch: 9, sequence: 1, position: pageOf(3), durableThrough: 999, flushedTo: pageOf(3) });
      forged.seal(0, salt);
      appendRecord(log.open, 8000);
      forged.u8.copy(log.open.u8, 4096, 0, forged.length);
      log.commit(5);
      disk.runOne();
      disk.crash('process');
      disk.corrupt(slotPath(1), pageOf(2));
      if (salt === SALT) expect(damageOf(disk).message).toContain('evidence=later-block');
      else expect(openSimulated(disk).nextOffset).toBe(3);
    }
  });

  it('takes no block of an earlier use of the slot', () => {
    const { disk, log } = newSimulated({ retention: { bytes: 0, ms: 0 }, readySegments: 1 });
    for (let round = 0; round < 12; round++) {
      commitBlocks(disk, log, 6);
      log.trim(log.durableThrough);
      disk.runAll();
    }
    expect(disk.listSync(DIRECTORY).filter((name) => name.startsWith('slot-')).length).toBeLessThanOrEqual(4);
    const checkpointOffset = log.durableThrough;
    disk.crash('power');
    const again = openSimulated(disk, { checkpointOffset });
    expect(again.nextOffset).toBe(12 * 6 * 3);
    expect(replayedOffsets(again)).toEqual(range(again.firstRetainedOffset, again.nextOffset));
  });

  it('ends the log at a lower epoch after a higher one', () => {
    const disk = killedLog();
    // What a repair leaves: the cut lies before blocks that are whole, but of an epoch that is over.
    const file = disk.openSync(slotPath(1), 'write');
    const marker = new Block(4096);
    const before = new Block(4096);
    file.readSync(before.u8, 0, 4096, pageOf(2));
    before.readHeader(0, 1, pageOf(2), 4096);
    marker.reset(6);
    Object.assign(marker, { epoch: 7, sequence: 1, position: pageOf(3), prevCrc: before.crc, logTime: 9 });
    file.writeSync(marker.u8, 0, marker.seal(0, SALT), pageOf(3));
    file.closeSync();
    const again = openSimulated(disk);
    expect([again.nextOffset, again.epoch]).toEqual([6, 8]);
  });
});

describe('recovery of a log that lost something acknowledged', () => {
  it.each([
    ['a body in the middle', pageOf(3) + 300],
    ['a header in the middle', pageOf(3)],
    ['the length of a block', pageOf(3) + 14],
    ['the epoch marker', pageOf(0) + 30],
  ])('stops at rot in %s', (_, position) => {
    const disk = killedLog();
    disk.corrupt(slotPath(1), position);
    const error = damageOf(disk);
    expect(error.code).toBe('ERR_LOG_DAMAGED');
    expect(error.message).toContain(`path=${slotPath(1)} position=${Math.floor(position / 4096) * 4096}`);
    expect(error.message).toContain('evidence=later-block');
  });

  it('stops at a rotten epoch marker though it holds no offset', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 1);
    disk.crash('process');
    disk.corrupt(slotPath(1), pageOf(0) + 30);
    expect(damageOf(disk).offset).toBe(0);
  });

  it('stops at a block that reads as zeros, and names the first offset lost', () => {
    const disk = killedLog();
    zero(disk, slotPath(1), pageOf(3), 4096);
    const error = damageOf(disk);
    expect([error.code, error.offset]).toEqual(['ERR_LOG_DAMAGED', 6]);
  });

  it('stops at a block that was swapped for another whole one', () => {
    const disk = killedLog();
    const file = disk.openSync(slotPath(1), 'write');
    const block = new Block(4096);
    file.readSync(block.u8, 0, 4096, pageOf(4));
    block.readHeader(0, 1, pageOf(4), 4096);
    block.u8[block.start + 80] = 1;
    file.writeSync(block.u8, 0, block.seal(0, SALT), pageOf(4));
    file.closeSync();
    expect(damageOf(disk).message).toContain('evidence=chain-broken');
  });

  it('stops at rot in the last block once the tail is confirmed', () => {
    for (const confirm of ['confirmTail', 'close'] as const) {
      const { disk, log } = newSimulated();
      commitBlocks(disk, log, 5);
      if (confirm === 'confirmTail') log.confirmTail();
      else log.close(() => {});
      disk.runAll();
      disk.crash('process');
      disk.corrupt(slotPath(1), pageOf(5) + 100);
      expect(damageOf(disk).offset).toBe(12);
    }
  });

  it('stops at rot in the last block when a checkpoint reflects it', () => {
    const disk = killedLog();
    disk.corrupt(slotPath(1), pageOf(5) + 100);
    expect(damageOf(disk, 14).message).toContain('evidence=checkpoint offset=14');
    expect(openSimulated(disk, { checkpointOffset: 11 }).nextOffset).toBe(12);
  });

  it('stops when the log ends cleanly before the checkpoint', () => {
    expect(damageOf(killedLog(), 15).code).toBe('ERR_LOG_DAMAGED');
  });

  it('stops at rot in an earlier segment that must be replayed, and reads past it otherwise', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 30);
    disk.crash('process');
    disk.corrupt(slotPath(1), pageOf(5) + 100);
    expect(damageOf(disk, 3).message).toContain('evidence=later-segment');
    const again = openSimulated(disk, { checkpointOffset: 80 });
    expect(again.nextOffset).toBe(90);
    expect(() => again.replay(0, () => {})).toThrow(/log damaged.*offset=12/);
    expect(() => again.readRecordSync(12)).toThrow(/log damaged/);
  });

  it('stops at a rotten header of the segment in use', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 20);
    disk.crash('process');
    disk.corrupt(slotPath(2), 40);
    expect(damageOf(disk).message).toContain(`evidence=later-block path=${slotPath(2)}`);
    zero(disk, slotPath(2), 0, 4096);
    expect(damageOf(disk).message).toContain(`evidence=later-block path=${slotPath(2)}`);
  });

  it('stops at a hole between segments', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 40);
    disk.crash('process');
    disk.removeSync(slotPath(2));
    expect(damageOf(disk, 110).message).toContain('evidence=hole-between-segments sequence=1 next=3');
  });

  it('stops at a slot that was cut short', () => {
    const disk = killedLog();
    disk.truncate(slotPath(1), 32 * 1024);
    expect(damageOf(disk).message).toContain('evidence=cut-short');
  });

  it('stops when the log begins after the checkpoint', () => {
    const { disk, log } = newSimulated({ retention: { bytes: 0, ms: 0 } });
    commitBlocks(disk, log, 40);
    log.trim(100);
    disk.runAll();
    disk.crash('process');
    expect(damageOf(disk, 3).message).toContain('evidence=log-begins-after-checkpoint');
    expect(openSimulated(disk, { checkpointOffset: 99 }).nextOffset).toBe(120);
  });
});

describe('recovery of a directory that is not what it should be', () => {
  it('refuses segments without an identity, and an identity of another partition', () => {
    const disk = killedLog();
    const identity = disk.readFileSync(`${DIRECTORY}/LOG`);
    disk.removeSync(`${DIRECTORY}/LOG`);
    expect(damageOf(disk).message).toContain('missing beside segments');
    disk.writeFileDurableSync(
      `${DIRECTORY}/LOG`,
      Buffer.from('{"format":"moka-log","version":1,"partition":4,"salt":1}'),
    );
    expect(damageOf(disk).message).toContain('of another log found=4 expected=0');
    disk.writeFileDurableSync(`${DIRECTORY}/LOG`, Buffer.from('nonsense'));
    expect(damageOf(disk).code).toBe('ERR_LOG_DAMAGED');
    disk.writeFileDurableSync(
      `${DIRECTORY}/LOG`,
      Buffer.from('{"format":"moka-log","version":2,"partition":0,"salt":1}'),
    );
    expect(damageOf(disk).code).toBe('ERR_DATA_VERSION');
    disk.writeFileDurableSync(`${DIRECTORY}/LOG`, identity);
    expect(openSimulated(disk).nextOffset).toBe(15);
  });

  it('removes half-made slots and the crash of a first open is begun again', () => {
    for (let operations = 0; operations < 30; operations++) {
      const disk = killedAfter(operations);
      const log = openSimulated(disk);
      disk.runAll();
      expect(disk.listSync(DIRECTORY).some((name) => name.endsWith('.tmp'))).toBe(false);
      commitBlocks(disk, log, 1);
      expect(replayedOffsets(log)).toEqual([0, 1, 2]);
    }
  });

  it('is found the same however often it is interrupted', () => {
    const disk = killedLog();
    for (let operations = 0; operations < 40; operations++) {
      disk.crashCountdown = operations;
      try {
        openSimulated(disk);
        disk.runAll();
      } catch (error) {
        if (!(error instanceof CrashSignal)) throw error;
      }
      disk.crash(operations % 2 === 0 ? 'power' : 'process');
    }
    expect(replayedOffsets(openSimulated(disk))).toEqual(range(0, 15));
  });
});

/** What a first open leaves when the power goes after so many disk operations. */
function killedAfter(operations: number): SimulatedDisk {
  const disk = new SimulatedDisk({ seed: operations });
  disk.crashCountdown = operations;
  try {
    openSimulated(disk);
  } catch (error) {
    if (!(error instanceof CrashSignal)) throw error;
  }
  disk.crash('power');
  return disk;
}
