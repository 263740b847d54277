import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/limits.ts';
import { ConnectionCredit, CreditBudget } from '../../src/ingress/credit.ts';
import { DEFAULT_INTAKE_LIMITS, type IntakeLimits } from '../../src/ingress/limits.ts';

function connection(changes: Partial<IntakeLimits> = {}, shared?: CreditBudget): [ConnectionCredit, CreditBudget] {
  const limits = { ...DEFAULT_INTAKE_LIMITS, ...changes };
  const budget = shared ?? new CreditBudget(limits);
  return [new ConnectionCredit(budget, limits), budget];
}

const LEAST = 68 * KIB;

describe('ConnectionCredit', () => {
  it('has its window free at first, and less by what is in flight', () => {
    const [credit, budget] = connection();
    expect(credit.open()).toBe(true);
    expect([credit.freeEvents, credit.freeBytes]).toEqual([65_536, 512 * KIB]);
    expect(budget.grantedBytes).toBe(1 * MIB);
    credit.take(10, 1000);
    expect([credit.freeEvents, credit.freeBytes]).toEqual([65_526, 512 * KIB - 1000]);
    credit.settle(10, 1000, false);
    expect([credit.freeEvents, credit.freeBytes]).toEqual([65_536, 512 * KIB]);
    credit.close();
    expect(budget.grantedBytes).toBe(0);
  });

  it('bears one window too much and no byte more', () => {
    const [credit] = connection({ creditBytes: 1 });
    credit.open();
    expect(credit.take(1, 2 * LEAST)).toBe(true);
    expect(credit.freeBytes).toBe(0);
    expect(credit.take(0, 1)).toBe(false);
  });

  it('doubles while half of it is used, up to the greatest', () => {
    const [credit, budget] = connection({ creditBytes: 2 * MIB });
    credit.open();
    for (const expected of [1 * MIB, 2 * MIB, 2 * MIB]) {
      const half = credit.windowBytes / 2;
      credit.take(1, half);
      credit.settle(1, half, false);
      expect(credit.windowBytes).toBe(expected);
    }
    expect(budget.grantedBytes).toBe(4 * MIB);
  });

  it('shrinks under pressure to the longest frame, so that no limit goes back', () => {
    const [credit, budget] = connection();
    credit.open();
    const limit = credit.limitBytes;
    credit.take(1, 100 * KIB);
    credit.settle(1, 100 * KIB, true);
    expect(credit.limitBytes).toBe(limit);
    expect(credit.windowBytes).toBe(412 * KIB);
    for (let n = 0; n < 20; n++) {
      credit.take(1, 60 * KIB);
      credit.settle(1, 60 * KIB, true);
    }
    expect(credit.windowBytes).toBe(100 * KIB);
    expect(budget.grantedBytes).toBe(200 * KIB);
  });

  it('is the least for connections that come while credit is scarce, and none when it is gone', () => {
    const changes = { stagingBytes: 3 * MIB };
    const [first, budget] = connection(changes);
    first.open();
    const windows = [first.windowBytes];
    let isOpen = true;
    while (isOpen) {
      const [next] = connection(changes, budget);
      isOpen = next.open();
      if (isOpen) windows.push(next.windowBytes);
    }
    expect(windows.slice(0, 2)).toEqual([512 * KIB, 512 * KIB]);
    expect(new Set(windows.slice(2))).toEqual(new Set([LEAST]));
    expect(windows.at(-1)).toBe(LEAST);
    expect(windows.reduce((sum, window) => sum + 2 * window, 0)).toBe(budget.grantedBytes);
    expect(budget.grantedBytes).toBeLessThanOrEqual(3 * MIB);
  });

  it('keeps the sum of all windows within the memory whatever comes', () => {
    const changes = { stagingBytes: 8 * MIB };
    const budget = new CreditBudget({ ...DEFAULT_INTAKE_LIMITS, ...changes });
    const open: { credit: ConnectionCredit; inFlight: number[] }[] = [];
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed % below;
    };
    for (let step = 0; step < 5000; step++) {
      const each = open[random(open.length + 1)];
      if (each === undefined) {
        const [credit] = connection(changes, budget);
        if (credit.open()) open.push({ credit, inFlight: [] });
      } else if (random(10) === 0) {
        each.credit.close();
        open.splice(open.indexOf(each), 1);
      } else if (random(2) === 0) {
        const bytes = random(each.credit.freeBytes + 1);
        expect(each.credit.take(1, bytes)).toBe(true);
        each.inFlight.push(bytes);
      } else if (each.inFlight.length > 0) {
        const limit = each.credit.limitBytes;
        each.credit.settle(1, each.inFlight.shift() as number, random(3) === 0);
        expect(each.credit.limitBytes).toBeGreaterThanOrEqual(limit);
      }
      const granted = open.reduce((sum, { credit }) => sum + 2 * credit.windowBytes, 0);
      expect(budget.grantedBytes).toBe(granted);
      expect(granted).toBeLessThanOrEqual(8 * MIB);
    }
  });
});
