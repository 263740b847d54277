import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { CrashModel, type Life } from './crash-model.ts';

/** `MOKA_FUZZ_SEED` brings a run back, `MOKA_FUZZ_RUNS` makes it longer. */
const SEED = Number(process.env['MOKA_FUZZ_SEED'] ?? Date.now() % 0x7fffffff);
const RUNS = Number(process.env['MOKA_FUZZ_RUNS'] ?? 300);

const life: fc.Arbitrary<Life> = fc.record({
  seed: fc.nat(),
  steps: fc.integer({ min: 0, max: 120 }),
  crashAfter: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 300 })),
  crash: fc.constantFrom<'process' | 'power'>('process', 'power'),
  failFlush: fc.oneof(
    { weight: 3, arbitrary: fc.constant(-1) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 12 }) },
  ),
  announcesWritten: fc.boolean(),
  isDiskFull: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  closes: fc.boolean(),
});

describe('PartitionLog', () => {
  it(`open after any crash finds all that was promised, and nothing that was not written (seed=${SEED})`, () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(life, { minLength: 1, maxLength: 8 }), (seed, lives) => {
        const model = new CrashModel(seed);
        for (const each of lives) model.live(each);
        model.verify();
      }),
      { seed: SEED, numRuns: RUNS },
    );
  }, 60_000);
});
