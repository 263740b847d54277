import { describe, expect, it } from 'vitest';
import { HashIndex, NO_ENTRY } from '../../src/store/hash-index.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';

function find(index: HashIndex, hash: number): number[] {
  const found: number[] = [];
  for (let id = index.first(hash); id !== NO_ENTRY; id = index.next()) found.push(id);
  return found.sort((a, b) => a - b);
}

describe('HashIndex', () => {
  it('finds what is in it while its segments divide, and nothing that was removed', () => {
    const index = new HashIndex();
    const count = 150_000;
    const hashOf = (id: number): number => Math.imul(id, 0x9e3779b1) | 0;
    for (let id = 1; id <= count; id++) {
      index.insert(hashOf(id), id);
      if (id % 10_000 === 0) expect(find(index, hashOf(id / 2))).toEqual([id / 2]);
    }
    expect(index.count).toBe(count);
    for (let id = 1; id <= count; id += 2) index.remove(hashOf(id), id);
    for (let id = 1; id <= count; id++) {
      if (find(index, hashOf(id)).length !== (id + 1) % 2) expect.fail(`id=${id}`);
    }
    expect(index.count).toBe(count / 2);
  });

  it('keeps entries of one hash, and of neighbouring slots, apart', () => {
    const index = new HashIndex();
    // Slots 4095, 0 and 1 of one segment: the search goes round.
    const hashes = [0x0fff, 0x0fff, 0x1fff, 0x0000, 0x2fff, 0x0001];
    for (const [i, hash] of hashes.entries()) index.insert(hash, i + 1);
    expect(find(index, 0x0fff)).toEqual([1, 2]);
    index.remove(0x0fff, 1);
    expect(hashes.slice(1).map((hash) => find(index, hash).length)).toEqual([1, 1, 1, 1, 1]);
    expect(find(index, 0x0fff)).toEqual([2]);
  });

  it('agrees with a map through inserts and removals in any order', () => {
    let state = fuzzRuns(1).seed ?? 0;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return (state >>> 8) % below;
    };
    // Few slots, so that runs of taken slots are long; upper bits that divide.
    const hashOf = (id: number): number =>
      (Math.imul(id, 0x9e3779b1) & 0xffff0000) | (Math.imul(id, 0x85ebca6b) >>> 27);
    const index = new HashIndex();
    const held = new Set<number>();
    for (let step = 0; step < 60_000; step++) {
      const id = 1 + random(3_000);
      if (held.delete(id)) index.remove(hashOf(id), id);
      else {
        index.insert(hashOf(id), id);
        held.add(id);
      }
      if (step % 100 !== 0) continue;
      const other = 1 + random(3_000);
      expect(find(index, hashOf(other)).includes(other)).toBe(held.has(other));
      expect(index.count).toBe(held.size);
    }
    for (let id = 1; id <= 3_000; id++) {
      if (find(index, hashOf(id)).includes(id) !== held.has(id)) expect.fail(`id=${id}`);
    }
  });

  it('ends when hashes are not spread, rather than divide for ever', () => {
    const index = new HashIndex();
    expect(() => {
      for (let id = 1; id < 5_000; id++) index.insert(7, id);
    }).toThrowError(/not spread/);
  });
});
