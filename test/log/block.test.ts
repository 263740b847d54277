import { describe, expect, it } from 'vitest';
import {
  BLOCK_BLANK,
  BLOCK_HEADER_BYTES,
  BLOCK_MALFORMED,
  BLOCK_MISPLACED,
  BLOCK_OK,
  BLOCK_TAIL,
  Block,
  PAGE_BYTES,
  pageAlign,
} from '../../src/log/block.ts';
import { appendRecord } from './log-fixtures.ts';

const SALT = 77;

function sealed(records = 3): Block {
  const block = new Block(8192);
  block.reset(100);
  for (let index = 0; index < records; index++) appendRecord(block);
  Object.assign(block, { logTime: 1234.5, epoch: 7, sequence: 9, position: 4096, prevCrc: 0xfeedbeef });
  Object.assign(block, { durableThrough: 99, flushedTo: 4096 });
  block.seal(5, SALT);
  return block;
}

function copyOf(block: Block): Block {
  const copy = new Block(block.capacity);
  copy.u8.set(block.u8);
  return copy;
}

describe('Block', () => {
  it('begins empty behind its header', () => {
    const block = new Block(8192);
    block.reset(4);
    expect([block.length, block.start, block.recordCount, block.lastOffset]).toEqual([64, BLOCK_HEADER_BYTES, 0, 3]);
    expect(block.remainingBytes).toBe(8192 - 64);
  });

  it('gives back from the header what was sealed', () => {
    const block = sealed();
    const copy = copyOf(block);
    expect(copy.readHeader(5, 9, 4096, 8192)).toBe(BLOCK_OK);
    expect(copy.isIntact(SALT)).toBe(true);
    const { u8: _, u32: __, f64: ___, ...fields } = block;
    expect(copy).toMatchObject(fields);
  });

  it('is written in whole pages with zeros at the end', () => {
    const block = sealed();
    block.u8.fill(0xaa, block.length);
    expect(block.seal(5, SALT)).toBe(PAGE_BYTES);
    expect(block.u8.subarray(block.length, PAGE_BYTES).every((byte) => byte === 0)).toBe(true);
    expect([0, 1, 4096, 4097].map(pageAlign)).toEqual([0, 4096, 4096, 8192]);
  });

  it('is not intact with any one bit changed, nor under another salt', () => {
    const block = sealed();
    for (let position = 4; position < block.length; position++) {
      const copy = copyOf(block);
      copy.u8[position] = (copy.u8[position] as number) ^ (1 << (position % 8));
      const isTaken = copy.readHeader(5, 9, 4096, 8192) === BLOCK_OK && copy.isIntact(SALT);
      expect(isTaken).toBe(false);
    }
    const copy = copyOf(block);
    copy.readHeader(5, 9, 4096, 8192);
    expect(copy.isIntact(SALT + 1)).toBe(false);
  });

  it('is not taken at another position, in another segment or partition, or where it does not fit', () => {
    const copy = copyOf(sealed());
    expect(copy.readHeader(5, 9, 8192, 8192)).toBe(BLOCK_MISPLACED);
    expect(copy.readHeader(5, 10, 4096, 8192)).toBe(BLOCK_MISPLACED);
    expect(copy.readHeader(6, 9, 4096, 8192)).toBe(BLOCK_MALFORMED);
    expect(copy.readHeader(5, 9, 4096, copy.length - 8)).toBe(BLOCK_MALFORMED);
    expect(copy.readHeader(5, 9, 4096, copy.length)).toBe(BLOCK_OK);
  });

  it('is blank where nothing was written', () => {
    expect(new Block(8192).readHeader(5, 9, 4096, 8192)).toBe(BLOCK_BLANK);
  });

  it('keeps its kind', () => {
    const block = sealed(0);
    block.kind = BLOCK_TAIL;
    block.seal(5, SALT);
    const copy = copyOf(block);
    expect(copy.readHeader(5, 9, 4096, 8192)).toBe(BLOCK_OK);
    expect([copy.kind, copy.recordCount]).toEqual([BLOCK_TAIL, 0]);
  });
});
