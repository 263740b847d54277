import { expect, it } from 'vitest';
import { ENTRY_HASH, ENTRY_NEXT, LinkedTable, NO_ENTRY } from '../../src/store/linked-table.ts';

function find(table: LinkedTable, hash: number): number[] {
  const found: number[] = [];
  for (let id = table.first(hash); id !== NO_ENTRY; ) {
    const words = table.chunks[id >>> 16] as Int32Array;
    const at = (id & 0xffff) << 3;
    if (words[at + ENTRY_HASH] === hash) found.push(id);
    id = words[at + ENTRY_NEXT] as number;
  }
  return found;
}

it('LinkedTable finds what is linked while it grows bucket by bucket, and nothing that was unlinked', () => {
  const table = new LinkedTable();
  const count = 150_000;
  const hashOf = (id: number): number => Math.imul(id, 0x9e3779b1) | 0;
  table.reserve(count);
  for (let id = 1; id <= count; id++) {
    table.link(id, hashOf(id));
    if (id % 10_000 === 0) expect(find(table, hashOf(id / 2))).toEqual([id / 2]);
  }
  expect(table.count).toBe(count);
  for (let id = 1; id <= count; id += 2) table.unlink(id);
  for (let id = 1; id <= count; id++) {
    if (find(table, hashOf(id)).length !== (id + 1) % 2) expect.fail(`id=${id}`);
  }
  expect(table.count).toBe(count / 2);
});

it('LinkedTable holds entries of one hash side by side', () => {
  const table = new LinkedTable();
  table.reserve(5);
  for (let id = 1; id <= 5; id++) table.link(id, -7);
  table.unlink(3);
  expect(find(table, -7).sort()).toEqual([1, 2, 4, 5]);
});
