import { describe, expect, it } from 'vitest';
import { INDEX_INTERVAL_BYTES, SparseIndex } from '../../src/log/sparse-index.ts';

describe('SparseIndex', () => {
  it('keeps a block only every so many bytes', () => {
    const index = new SparseIndex();
    for (let block = 0; block < 1000; block++) index.add(block * 10, 4096 + block * 4096, block);
    expect(index.count).toBe(Math.ceil((1000 * 4096) / INDEX_INTERVAL_BYTES));
  });

  it('finds the last entry at or before an offset, and before a time', () => {
    const index = new SparseIndex();
    for (let entry = 0; entry < 100; entry++) index.add(entry * 10, entry * INDEX_INTERVAL_BYTES, 1000 + entry);
    const at = (entry: number): number => entry * INDEX_INTERVAL_BYTES;
    expect([0, 9, 10, 985, 5000].map((offset) => index.positionOfOffset(offset))).toEqual([
      0,
      0,
      at(1),
      at(98),
      at(99),
    ]);
    expect([1000, 1001, 1050, 9999].map((time) => index.positionBeforeTime(time))).toEqual([-1, 0, at(49), at(99)]);
    expect(new SparseIndex().positionOfOffset(3)).toBe(-1);
  });

  it('takes a block it knows already without a second entry', () => {
    const index = new SparseIndex();
    index.add(0, 4096, 1);
    index.add(50, 4096 + INDEX_INTERVAL_BYTES, 2);
    index.add(0, 4096, 1);
    expect(index.count).toBe(2);
  });
});
