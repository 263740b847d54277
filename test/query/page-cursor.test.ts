import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../src/query/page-cursor.ts';

const key = fc.string({ unit: 'binary', maxLength: 20 });

describe('decodeCursor', () => {
  it('gives back what encodeCursor was given, in characters an address may have', () => {
    fc.assert(
      fc.property(key, fc.option(key), fc.option(key), (last, from, to) => {
        const cursor = { view: 'orders', range: { from, to }, last };
        const text = encodeCursor(cursor);
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(decodeCursor(text, 'orders')).toEqual(cursor);
      }),
    );
  });

  const good = encodeCursor({ view: 'orders', range: { from: null, to: null }, last: 'k' });
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each([
    ['empty', ''],
    ['cut off', good.slice(0, -2)],
    ['padded', `${good}=`],
    ['with a space', `${good} `],
    ['not base64url', 'ä'],
    ['no JSON', Buffer.from('hello').toString('base64url')],
    ['not an array', encoded({})],
    ['of another version', encoded([2, 'orders', null, null, 'k'])],
    ['with too few parts', encoded([1, 'orders', null, null])],
    ['with a number for a key', encoded([1, 'orders', 1, null, 'k'])],
    ['without a last key', encoded([1, 'orders', null, null, null])],
    ['too long', encoded([1, 'orders', null, null, 'x'.repeat(20_000)])],
  ])('refuses one that is %s', (_, text) => {
    expect(() => decodeCursor(text, 'orders')).toThrow(
      expect.objectContaining({ code: 'ERR_VIEW_QUERY', message: 'cursor is none that a page gave' }),
    );
  });

  it('refuses one of another view', () => {
    expect(() => decodeCursor(good, 'open-orders')).toThrow('cursor belongs to another view: view=orders');
  });
});
