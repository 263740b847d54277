import { describe, expect, it } from 'vitest';
import { drawKillPlan } from '../../../native-bench/crash/kill-plan.ts';
import { Random } from '../../../native-bench/load/random.ts';

describe('drawKillPlan', () => {
  it('is decided by the seed', () => {
    const plans = (seed: number): unknown[] => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => drawKillPlan(random, 500, false));
    };
    expect(plans(7)).toEqual(plans(7));
    expect(plans(7)).not.toEqual(plans(8));
  });

  it('draws every kind of ending, and kills during recovery', () => {
    const random = new Random(1);
    const plans = Array.from({ length: 300 }, () => drawKillPlan(random, 500, false));
    expect(new Set(plans.map((plan) => plan.ending.kind))).toEqual(new Set(['kill', 'failpoint', 'drain']));
    expect(plans.some((plan) => plan.recoveryKills.length > 1)).toBe(true);
  });

  it('ends at the hand-over between partitions only where there is one', () => {
    const points = (movesKeys: boolean): string[] => {
      const random = new Random(1);
      const endings = Array.from({ length: 1000 }, () => drawKillPlan(random, 500, movesKeys).ending);
      const names = endings.flatMap((ending) => (ending.kind === 'failpoint' ? [ending.name] : []));
      return [...new Set(names)].filter((name) => name.startsWith('exchange.')).sort();
    };
    expect(points(false)).toEqual([]);
    expect(points(true)).toEqual([
      'exchange.after-confirm',
      'exchange.after-hand-over',
      'exchange.before-confirm',
      'exchange.before-hand-over',
    ]);
  });
});
