import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { whyNotReadable } from '../../src/record/schema-growth.ts';

const Sale = Type.Object({ sku: Type.String(), cents: Type.Integer({ minimum: 0 }), tags: Type.Array(Type.String()) });

describe('whyNotReadable', () => {
  it.each([
    ['the same', Sale, Type.Object({ ...Sale.properties }, { description: 'a sale' })],
    ['an optional member more', Sale, Type.Object({ ...Sale.properties, note: Type.Optional(Type.String()) })],
    ['a member less', Sale, Type.Object({ sku: Type.String() })],
    ['a member that was required', Sale, Type.Partial(Sale)],
    ['a wider bound', Sale, Type.Object({ ...Sale.properties, cents: Type.Integer({ minimum: -5 }) })],
    ['no bound', Sale, Type.Object({ ...Sale.properties, cents: Type.Number() })],
    ['another variant', Sale, Type.Union([Type.Object({ id: Type.String() }), Sale])],
    ['anything', Sale, Type.Unknown()],
    ['a literal more', Type.Literal('a'), Type.Union([Type.Literal('a'), Type.Literal('b')])],
    ['text instead of a literal', Type.Enum(['a', 'b']), Type.String()],
  ])('lets through %s', (_, before, after) => {
    expect(whyNotReadable(before, after)).toBeNull();
  });

  it.each([
    ['a member more', { ...Sale.properties, at: Type.Integer() }, '/at is required now'],
    [
      'another type',
      { ...Sale.properties, cents: Type.String() },
      '/cents was of type integer and is of type string now',
    ],
    [
      'a stricter bound',
      { ...Sale.properties, cents: Type.Integer({ minimum: 1 }) },
      '/cents has a stricter minimum now',
    ],
    ['a new bound', { ...Sale.properties, sku: Type.String({ maxLength: 9 }) }, '/sku has a stricter maxLength now'],
    ['a pattern', { ...Sale.properties, sku: Type.String({ pattern: 'x' }) }, '/sku has another pattern now'],
    [
      'other items',
      { ...Sale.properties, tags: Type.Array(Type.Integer()) },
      '/tags/* was of type string and is of type integer now',
    ],
    ['a literal', { ...Sale.properties, sku: Type.Literal('a') }, '/sku is one of fewer values now'],
  ])('tells of %s', (_, members, complaint) => {
    expect(whyNotReadable(Sale, Type.Object(members))).toBe(complaint);
  });

  it('tells of a variant that is gone', () => {
    const Return = Type.Object({ id: Type.String() });
    expect(whyNotReadable(Type.Union([Sale, Return]), Sale)).toBe('/sku is required now');
    expect(whyNotReadable(Type.Integer(), Type.Union([Type.String(), Type.Boolean()]))).toBe(
      'it is none of its variants now',
    );
    expect(whyNotReadable(Type.Enum(['a', 'b']), Type.Literal('a'))).toBe('it may not be "b" any more');
  });
});
