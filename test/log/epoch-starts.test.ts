import { describe, expect, it } from 'vitest';
import { EpochStarts } from '../../src/log/epoch-starts.ts';
import { commitBlocks, newSimulated, openSimulated } from './simulated-log.ts';

function epochs(starts: EpochStarts, offsets: readonly number[]): number[] {
  return offsets.map((offset) => starts.at(offset));
}

describe('EpochStarts', () => {
  it('at gives the epoch of an offset, at its first and its last one', () => {
    const starts = new EpochStarts();
    for (const [offset, epoch] of [
      [10, 2],
      [20, 3],
      [21, 7],
    ] as const) {
      starts.note(offset, epoch);
    }
    expect(epochs(starts, [9, 10, 19, 20, 21, 1e12])).toEqual([-1, 2, 2, 3, 7, 7]);
  });

  it('note leaves out what is known, and epochs that wrote nothing', () => {
    const starts = new EpochStarts([{ offset: 0, epoch: 4 }]);
    starts.note(5, 4);
    starts.note(5, 3);
    starts.note(8, 5);
    starts.note(8, 6);
    expect(starts.list()).toEqual([
      { offset: 0, epoch: 4 },
      { offset: 8, epoch: 6 },
    ]);
  });

  it('remembers a bounded number, the newest', () => {
    const starts = new EpochStarts();
    for (let epoch = 1; epoch <= 2000; epoch++) starts.note(epoch, epoch);
    expect(starts.list().length).toBeLessThan(1000);
    expect(epochs(starts, [1, 1999, 2000])).toEqual([-1, 1999, 2000]);
  });
});

describe('PartitionLog.epochAt', () => {
  it('tells a position that a crash took back from the one that came in its place, opens later', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 3);
    expect([log.epochAt(8), log.epochAt(9)]).toEqual([1, 1]);
    const second = openSimulated(disk);
    commitBlocks(disk, second, 2);
    disk.crash('power');
    const third = openSimulated(disk);
    commitBlocks(disk, third, 1);
    const checkpoint = { checkpointOffset: third.durableThrough, epochStarts: third.epochStarts() };
    disk.crash('power');
    const fourth = openSimulated(disk, checkpoint);
    expect([0, 8, 9, 14, 15, 17, 18].map((offset) => fourth.epochAt(offset))).toEqual([1, 1, 2, 2, 3, 3, 4]);
  });

  it('knows from the checkpoint what recovery does not read', () => {
    const { disk, log } = newSimulated();
    commitBlocks(disk, log, 20);
    disk.crash('process');
    const second = openSimulated(disk);
    commitBlocks(disk, second, 40);
    const { durableThrough } = second;
    const epochStarts = second.epochStarts();
    disk.crash('process');
    const known = openSimulated(disk, { checkpointOffset: durableThrough, epochStarts });
    expect([0, 59, 60, durableThrough, durableThrough + 1].map((offset) => known.epochAt(offset))).toEqual([
      1, 1, 2, 2, 3,
    ]);
    disk.crash('process');
    const unknown = openSimulated(disk, { checkpointOffset: durableThrough });
    expect([unknown.epochAt(0), unknown.epochAt(durableThrough + 1)]).toEqual([-1, 4]);
  });
});
