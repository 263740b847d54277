import type { Parameters } from 'fast-check';

/** For `fc.assert`: a seed that is printed, and taken back from MOKA_FUZZ_SEED; MOKA_TEST_RUNS multiplies the runs. */
export function fuzzRuns(numRuns: number): Parameters<unknown> {
  const given = process.env['MOKA_FUZZ_SEED'];
  const seed = given === undefined ? Date.now() | 0 : Number(given);
  const factor = Number(process.env['MOKA_TEST_RUNS'] ?? 1);
  console.log(`MOKA_FUZZ_SEED=${seed}`);
  return { seed, numRuns: numRuns * factor };
}
