import { expect, it, vi } from 'vitest';
import { ExchangeSimulation } from '../../../src/testing/simulation/exchange-simulation.ts';

const FIRST_SEED = Number(process.env['MOKA_SIM_SEED'] ?? 1);
const SEEDS = 12;

/** Nothing but computing: a machine that is busy takes its time. */
vi.setConfig({ testTimeout: 90_000 });

it(`what lanes send each other arrives once and in order, in ${SEEDS} runs with crashes, small rings and late starters`, () => {
  let moved = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    const result = new ExchangeSimulation(seed).run();
    expect(result.violations, `seed=${seed}`).toEqual([]);
    moved += result.moved;
  }
  expect(moved).toBeGreaterThan(100 * SEEDS);
});

it('repeats a seed exactly', () => {
  expect(new ExchangeSimulation(FIRST_SEED).run()).toEqual(new ExchangeSimulation(FIRST_SEED).run());
});
