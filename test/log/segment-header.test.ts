import { describe, expect, it } from 'vitest';
import {
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
  writeFreeHeader,
  writeSegmentHeader,
} from '../../src/log/segment-header.ts';

const HEADER = {
  partition: 2,
  sequence: 8,
  epoch: 3,
  prevCrc: 0x89abcdef,
  slotBytes: 65536,
  firstOffset: 2 ** 40,
  logTime: 12.5,
};

function written(): Uint8Array {
  const page = new Uint8Array(4096).fill(0xee);
  writeSegmentHeader(page, HEADER, 5);
  return page;
}

describe('segment header', () => {
  it('is read as it was written', () => {
    expect(readSegmentHeader(written(), 2, 5)).toEqual({ kind: 'valid', header: HEADER });
  });

  it('is unreadable with any byte changed, under another salt or in another partition', () => {
    for (let position = 0; position < SEGMENT_HEADER_BYTES; position++) {
      const page = written();
      page[position] = (page[position] as number) ^ 0x10;
      expect(readSegmentHeader(page, 2, 5).kind).toBe('unreadable');
    }
    expect(readSegmentHeader(written(), 2, 6).kind).toBe('unreadable');
    expect(readSegmentHeader(written(), 3, 5).kind).toBe('unreadable');
  });

  it('is blank when all zeros, free when let go', () => {
    const page = new Uint8Array(4096);
    expect(readSegmentHeader(page, 2, 5).kind).toBe('blank');
    page[4095] = 1;
    expect(readSegmentHeader(page, 2, 5).kind).toBe('unreadable');
    writeFreeHeader(page, 5);
    expect(readSegmentHeader(page, 2, 5).kind).toBe('free');
    expect(readSegmentHeader(page, 2, 6).kind).toBe('unreadable');
  });
});
