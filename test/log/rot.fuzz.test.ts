import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MokaError } from '../../src/base/errors.ts';
import { range, replayedOffsets } from './log-fixtures.ts';
import { commitBlocks, newSimulated, openSimulated, pageOf, SLOT_BYTES, slotPath } from './simulated-log.ts';

/** `MOKA_FUZZ_SEED` brings a run back, `MOKA_FUZZ_RUNS` makes it longer. */
const SEED = Number(process.env['MOKA_FUZZ_SEED'] ?? Date.now() % 0x7fffffff);
const RUNS = Number(process.env['MOKA_FUZZ_RUNS'] ?? 200);
const BLOCKS = 20;

/** Rot at one place of either of two segments; the first one is full, the second in use. */
const rot = fc.record({
  slot: fc.integer({ min: 1, max: 2 }),
  position: fc.integer({ min: 0, max: SLOT_BYTES - 1 }),
  length: fc.oneof(fc.constant(1), fc.constant(512), fc.constant(4096)),
  isConfirmed: fc.boolean(),
  change: fc.constantFrom<(byte: number) => number>(
    (byte) => byte ^ 1,
    (byte) => byte ^ 0x80,
    () => 0,
    () => 0xff,
    (byte) => (byte * 5 + 1) & 0xff,
  ),
});

describe('PartitionLog.open after rot', () => {
  it(`stops, or gives every byte as it was; only a tail that rotted with its proof may be gone (seed=${SEED})`, () => {
    fc.assert(
      fc.property(rot, ({ slot, position, length, isConfirmed, change }) => {
        const { disk, log } = newSimulated({ readySegments: 0 });
        commitBlocks(disk, log, BLOCKS);
        expect(log.stats().segmentCount).toBe(2);
        if (isConfirmed) log.confirmTail();
        disk.runAll();
        disk.crash('process');
        const end = Math.min(SLOT_BYTES, position + length);
        for (let at = position; at < end; at++) disk.corrupt(slotPath(slot), at, change);
        let count: number;
        try {
          const again = openSimulated(disk, { readySegments: 0 });
          count = again.nextOffset;
          expect(replayedOffsets(again)).toEqual(range(0, count));
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_LOG_DAMAGED' });
          expect(error).toBeInstanceOf(MokaError);
          return;
        }
        if (count === BLOCKS * 3) return;
        // Cut off: what the rot took together with all that proves it. It is no wider than a page, so two blocks at most.
        expect(count).toBeGreaterThanOrEqual(BLOCKS * 3 - 6);
        const proofEnd = pageOf(BLOCKS - 15) + (isConfirmed ? 4096 : 0);
        expect(slot === 2 && end > proofEnd).toBe(true);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  }, 60_000);
});
