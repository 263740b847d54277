import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkKey, compareKeys, isInRange, rangeOf } from '../../src/query/key-range.ts';

const text = fc.string({
  unit: fc.constantFrom('a', 'b', '~', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}'),
  maxLength: 4,
});

describe('compareKeys', () => {
  it('orders as UTF-8 bytes do', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  it('puts an emoji behind U+FFFF, unlike the order of UTF-16', () => {
    expect(compareKeys('😀', '\uffff')).toBeGreaterThan(0);
    expect('😀' < '\uffff').toBe(true);
  });
});

describe('rangeOf', () => {
  it('takes exactly the keys with the prefix', () => {
    fc.assert(
      fc.property(text, text, (prefix, key) => {
        expect(isInRange(key, rangeOf({ prefix }))).toBe(key.startsWith(prefix));
      }),
    );
  });

  it('leaves sides open that are not given', () => {
    expect(rangeOf({})).toEqual({ from: null, to: null });
    expect(rangeOf({ from: 'b' })).toEqual({ from: 'b', to: null });
    expect(rangeOf({ to: 'b' })).toEqual({ from: null, to: 'b' });
    expect(rangeOf({ prefix: '' })).toEqual({ from: null, to: null });
  });

  it('includes from and excludes to', () => {
    const range = rangeOf({ from: 'b', to: 'd' });
    expect(['a', 'b', 'c', 'd'].filter((key) => isInRange(key, range))).toEqual(['b', 'c']);
  });

  it.each([
    ['prefix excludes from and to', { prefix: 'a', from: 'a' }],
    ['prefix excludes from and to', { prefix: '', to: 'a' }],
    ['from lies after to', { from: 'b', to: 'a' }],
    ['prefix too long: bytes=1025 max=1024', { prefix: 'x'.repeat(1025) }],
    ['from too long: bytes=1026 max=1024', { from: 'é'.repeat(513) }],
    ['to too long: bytes=1025 max=1024', { to: 'x'.repeat(1025) }],
  ])('refuses: %s', (message, query) => {
    expect(() => rangeOf(query)).toThrow(expect.objectContaining({ code: 'ERR_VIEW_QUERY', message }));
  });
});

describe('checkKey', () => {
  it('refuses an empty key and one that is too long', () => {
    expect(() => checkKey('')).toThrow('key is empty');
    expect(() => checkKey('x'.repeat(1025))).toThrow('key too long: bytes=1025 max=1024');
    expect(() => checkKey('x'.repeat(1024))).not.toThrow();
  });
});
