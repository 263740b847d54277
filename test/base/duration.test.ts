import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/base/duration.ts';

describe('parseDuration', () => {
  it.each([
    [0, 0],
    [1500, 1500],
    ['0s', 0],
    ['250ms', 250],
    ['10s', 10_000],
    ['5m', 300_000],
    ['1 h', 3_600_000],
    ['2d', 172_800_000],
  ])('%j is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    -1,
    1.5,
    Number.NaN,
    Infinity,
    '',
    '10',
    's',
    '1.5h',
    '-1s',
    '1w',
    '10S',
    '999999999999d',
    null,
    undefined,
    {},
  ])('%j is no duration', (value) => {
    expect(parseDuration(value)).toBeNull();
  });
});
