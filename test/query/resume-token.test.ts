import { describe, expect, it } from 'vitest';
import { formatToken, isBefore, parseToken } from '../../src/query/resume-token.ts';

describe('parseToken', () => {
  it('gives back what formatToken was given', () => {
    const positions = [
      { offset: 0, n: 0, epoch: 1 },
      { offset: 9_007_199_254_740_991, n: 4_294_967, epoch: 12 },
    ];
    expect(formatToken(positions)).toBe('0.0.1_9007199254740991.4294967.12');
    expect(parseToken(formatToken(positions))).toEqual(positions);
  });

  it.each(['', '1', '1.2', '1.2.3.4', '1.2.3_', '-1.0.1', '1.2.x', '99999999999999999.0.1', '9007199254740992.0.1'])(
    'refuses %j',
    (text) => {
      expect(() => parseToken(text)).toThrow(
        expect.objectContaining({ code: 'ERR_VIEW_QUERY', message: 'resume id is none that a message had' }),
      );
    },
  );
});

describe('isBefore', () => {
  it('compares offsets, then numbers', () => {
    expect(isBefore(1, 9, 2, 0)).toBe(true);
    expect(isBefore(2, 0, 2, 1)).toBe(true);
    expect(isBefore(2, 1, 2, 1)).toBe(false);
    expect(isBefore(3, 0, 2, 1)).toBe(false);
  });
});
