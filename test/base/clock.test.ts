import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';

it('systemClock.now is the wall clock in ms', () => {
  const before = Date.now();
  const now = systemClock.now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});
