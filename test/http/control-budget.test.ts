import { describe, expect, it } from 'vitest';
import { ControlBudget } from '../../src/http/control-budget.ts';

function taken(budget: ControlBudget, nowMs: number, count: number): number {
  let number = 0;
  for (let n = 0; n < count; n++) if (budget.take(nowMs)) number += 1;
  return number;
}

describe('ControlBudget.take', () => {
  it('allows 64 frames at once and no more', () => {
    expect(taken(new ControlBudget(0), 0, 100)).toBe(64);
  });

  it('allows a frame every 16th of a second for ever', () => {
    const budget = new ControlBudget(0);
    for (let n = 1; n <= 1000; n++) expect(budget.take(n * 62.5)).toBe(true);
  });

  it('fills up again, to 64 and not beyond', () => {
    const budget = new ControlBudget(0);
    expect(taken(budget, 0, 64)).toBe(64);
    expect(taken(budget, 60_000, 100)).toBe(64);
  });
});
