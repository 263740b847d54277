#!/usr/bin/env node
import { DedupeTable } from '../../src/store/dedupe-table.ts';
import { mix32 } from '../load/random.ts';
import { runMicro } from './micro.ts';

/**
 * The deduplication table: a new identity (look-up, then insert, with the expiry that goes with it) and a known one.
 *
 *   node .bench/build/native-bench/micro/dedupe.js [--small]
 */
const BATCH = 1000;
const KNOWN = process.argv.includes('--small') ? 10_000 : 1_000_000;
const ENTRIES_PER_MS = 500;

const table = new DedupeTable({ windowMs: KNOWN / ENTRIES_PER_MS, maxEntries: 2 * KNOWN });
let next = 0;
let turn = 0;

function insertNext(): number {
  const low = mix32(next);
  const high = mix32(next ^ 0x9e3779b9);
  const isKnown = table.lookup(low, high);
  if (!isKnown) table.insert(low, high, next, next, next / ENTRIES_PER_MS);
  next++;
  return isKnown ? 1 : 0;
}

while (next < KNOWN) insertNext();

await runMicro(`dedupe, ${KNOWN} entries`, [
  {
    name: 'new identity',
    operations: BATCH,
    checksum: 0,
    run: () => {
      let known = 0;
      for (let count = 0; count < BATCH; count++) known += insertNext();
      return known;
    },
  },
  {
    name: 'known identity',
    operations: BATCH,
    checksum: BATCH,
    run: () => {
      let known = 0;
      for (let count = 0; count < BATCH; count++) {
        const number = next - (mix32(turn++) % (KNOWN >> 1)) - 1;
        if (table.lookup(mix32(number), mix32(number ^ 0x9e3779b9))) known++;
      }
      return known;
    },
  },
]);
