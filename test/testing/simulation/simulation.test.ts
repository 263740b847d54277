import { describe, expect, it, vi } from 'vitest';
import { SABOTAGES } from '../../../src/testing/simulation/sabotage.ts';
import { Simulation } from '../../../src/testing/simulation/simulation.ts';

const FIRST_SEED = Number(process.env['MOKA_SIM_SEED'] ?? 1);
const SEEDS = 40;
const SEEDS_TO_NOTICE = 100;

/** Nothing but computing: a machine that is busy takes its time. */
vi.setConfig({ testTimeout: 60_000 });

describe('Simulation', () => {
  it(`finds nothing wrong in ${SEEDS} lives of crashes, torn writes, failed flushes and full disks`, () => {
    let acked = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const result = new Simulation(seed).run();
      expect(result.violations, `seed=${seed}`).toEqual([]);
      acked += result.acked;
    }
    expect(acked).toBeGreaterThan(10 * SEEDS);
  });

  it('repeats a seed exactly', () => {
    expect(new Simulation(FIRST_SEED).run()).toEqual(new Simulation(FIRST_SEED).run());
  });

  // From the first seed on, whatever MOKA_SIM_SEED says: the README names the seeds.
  it.each(SABOTAGES)(`notices %s within ${SEEDS_TO_NOTICE} seeds`, (sabotage) => {
    let seed = 1;
    while (seed <= SEEDS_TO_NOTICE && new Simulation(seed, sabotage).run().violations.length === 0) seed += 1;
    expect(seed).toBeLessThanOrEqual(SEEDS_TO_NOTICE);
  });
});
