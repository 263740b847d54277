import { describe, expect, it } from 'vitest';
import { SlabMemory } from '../../src/store/slab-memory.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

function fill(memory: SlabMemory, cell: number, size: number, byte: number): void {
  const start = (cell & 0xffff) << 4;
  (memory.arenas[cell >>> 16] as Buffer).fill(byte, start, start + size);
}

function isFilled(memory: SlabMemory, cell: number, size: number, byte: number): boolean {
  const start = (cell & 0xffff) << 4;
  const bytes = (memory.arenas[cell >>> 16] as Buffer).subarray(start, start + size);
  return bytes.length === size && bytes.equals(Buffer.alloc(size, byte));
}

describe('SlabMemory', () => {
  it.each([1, 16, 17, 256, 257, 8 * 1024, 64 * 1024, 64 * 1024 + 1, 3_000_000])(
    'allocate gives cells of %i bytes that do not overlap, and free gives all of them back',
    (size) => {
      const memory = new SlabMemory();
      const cells = Array.from({ length: 40 }, () => memory.allocate(size));
      for (const [i, cell] of cells.entries()) fill(memory, cell, size, i + 1);
      expect(cells.every((cell, i) => isFilled(memory, cell, size, i + 1))).toBe(true);
      expect(memory.usedBytes).toBeGreaterThanOrEqual(40 * size);
      for (const cell of cells) memory.free(cell);
      expect(memory.usedBytes).toBe(0);
    },
  );

  it('allocate takes slabs that were freed for cells of another size', () => {
    const memory = new SlabMemory();
    for (const size of [16, 48, 500, 9_000, 40_000]) {
      const cells: number[] = [];
      for (let bytes = 0; bytes < 4 * 1024 * 1024; bytes += size) cells.push(memory.allocate(size));
      for (const cell of cells) memory.free(cell);
    }
    expect(memory.reservedBytes).toBeLessThanOrEqual(8 * 1024 * 1024);
  });

  it('allocate and free in any order keep what is held', () => {
    let state = fuzzRuns(1).seed ?? 0;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return (state >>> 8) % below;
    };
    const memory = new SlabMemory();
    const held = new Map<number, { size: number; byte: number }>();
    let peakBytes = 0;
    for (let step = 0; step < 30_000; step++) {
      if (held.size > 0 && random(5) < 2 + Number(held.size > 2_000)) {
        const [cell, { size, byte }] = [...held][random(Math.min(held.size, 50))] as [
          number,
          { size: number; byte: number },
        ];
        expect(isFilled(memory, cell, size, byte)).toBe(true);
        memory.free(cell);
        held.delete(cell);
        continue;
      }
      const size = 1 + random(random(20) === 0 ? 80_000 : 200);
      const cell = memory.allocate(size);
      expect(held.has(cell)).toBe(false);
      const byte = random(256);
      fill(memory, cell, size, byte);
      held.set(cell, { size, byte });
      peakBytes = Math.max(peakBytes, memory.usedBytes);
    }
    for (const [cell, { size, byte }] of held) expect(isFilled(memory, cell, size, byte)).toBe(true);
    for (const cell of held.keys()) memory.free(cell);
    expect(memory.usedBytes).toBe(0);
    expect(memory.reservedBytes).toBeLessThan(peakBytes * 2 + 4 * 1024 * 1024);
  });
});
