import { describe, expect, it } from 'vitest';
import { Block } from '../../src/log/block.ts';
import { Chain } from '../../src/log/chain.ts';
import type { SegmentHeader } from '../../src/log/segment-header.ts';

const HEADER: SegmentHeader = {
  partition: 0,
  sequence: 4,
  epoch: 3,
  prevCrc: 111,
  slotBytes: 65536,
  firstOffset: 50,
  logTime: 1000,
};

function chainAt(): Chain {
  const chain = new Chain();
  chain.startAt(HEADER);
  return chain;
}

function blockWith(fields: Partial<Block>): Block {
  const block = new Block(4096);
  block.reset(50);
  return Object.assign(block, { prevCrc: 111, epoch: 3, logTime: 1000, recordCount: 5, crc: 222, ...fields });
}

describe('Chain', () => {
  it('fits what goes on from it', () => {
    expect(chainAt().fits(blockWith({}))).toBe(true);
    expect(chainAt().fits(blockWith({ epoch: 4, logTime: 2000 }))).toBe(true);
  });

  it.each<[string, Partial<Block>]>([
    ['another block before it', { prevCrc: 112 }],
    ['a gap in the offsets', { firstOffset: 51 }],
    ['offsets once more', { firstOffset: 49 }],
    ['a lower epoch', { epoch: 2 }],
    ['a time that falls', { logTime: 999 }],
  ])('does not fit %s', (_, fields) => {
    expect(chainAt().fits(blockWith(fields))).toBe(false);
  });

  it('follows a block', () => {
    const chain = chainAt();
    chain.follow(blockWith({ epoch: 5, logTime: 1500, durableThrough: 49 }));
    expect(chain).toMatchObject({ crc: 222, nextOffset: 55, epoch: 5, logTime: 1500, durableThrough: 49 });
  });

  it('joins the segment that begins where it stands, and takes on its epoch and time', () => {
    const chain = chainAt();
    expect(chain.joins(HEADER)).toBe(true);
    expect(chain.joins({ ...HEADER, prevCrc: 1 })).toBe(false);
    expect(chain.joins({ ...HEADER, firstOffset: 51 })).toBe(false);
    expect(chain.joins({ ...HEADER, epoch: 2 })).toBe(false);
    chain.enter({ ...HEADER, epoch: 8, logTime: 1700 });
    expect(chain).toMatchObject({ crc: 111, nextOffset: 50, epoch: 8, logTime: 1700 });
  });
});
