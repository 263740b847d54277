import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { planOf, recordFields } from '../../src/record/schema-plan.ts';

const TEXT = {
  kind: 'scalar',
  isText: true,
  isInteger: false,
  isNumber: false,
  isBoolean: false,
  min: Number.NEGATIVE_INFINITY,
  max: Number.POSITIVE_INFINITY,
  isNullable: false,
  isComplete: true,
} as const;
const INTEGER = { ...TEXT, isText: false, isInteger: true };
const ANY = { kind: 'any', isNullable: true, isComplete: false };

describe('planOf', () => {
  it('follows objects, arrays and scalars', () => {
    const list = Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: 3 });
    const schema = Type.Object({ a: Type.String({ maxLength: 9 }), b: Type.Optional(list) });
    const item = { ...INTEGER, min: 0 };
    expect(planOf(schema)).toEqual({
      kind: 'object',
      isNullable: false,
      isComplete: true,
      members: [
        { name: 'a', isOptional: false, node: { ...TEXT, max: 9 } },
        {
          name: 'b',
          isOptional: true,
          node: { kind: 'array', isNullable: false, isComplete: true, min: 1, max: 3, item },
        },
      ],
    });
  });

  it('merges the types of scalars', () => {
    const some = { ...TEXT, isComplete: false };
    expect(planOf(Type.Union([Type.Literal('a'), Type.Literal('b')]))).toEqual(some);
    expect(planOf(Type.Enum(['a', 7]))).toEqual({ ...some, isNumber: true });
    expect(planOf(Type.Union([Type.String(), Type.Null(), Type.Boolean()]))).toEqual({
      ...some,
      isBoolean: true,
      isNullable: true,
    });
    expect(planOf(Type.Union([Type.String({ minLength: 2 }), Type.Null()]))).toEqual({
      ...TEXT,
      min: 2,
      isNullable: true,
    });
  });

  it('tells what may be null from what may be several objects', () => {
    const one = Type.Object({ a: Type.String() });
    const other = Type.Object({ b: Type.String() });
    expect(planOf(Type.Union([one, Type.Null()]))).toMatchObject({ kind: 'object', isNullable: true });
    expect(planOf(Type.Union([one, other, Type.Null()]))).toMatchObject({ kind: 'variants', isNullable: true });
    expect(planOf(Type.Union([Type.Union([one, other]), one]))).toMatchObject({ variants: { length: 3 } });
  });

  it('joins an intersection of objects', () => {
    const schema = Type.Intersect([
      Type.Object({ a: Type.String() }),
      Type.Object({ b: Type.Optional(Type.String()) }),
    ]);
    expect(planOf(schema)).toMatchObject({
      kind: 'object',
      members: [
        { name: 'a', isOptional: false },
        { name: 'b', isOptional: true },
      ],
    });
  });

  it('is complete unless the schema says more', () => {
    const whole = Type.Object(
      { a: Type.Integer({ description: 'told' }) },
      { additionalProperties: false, title: 'A' },
    );
    expect(planOf(whole)).toMatchObject({ isComplete: true });
    expect(planOf(Type.Union([whole, Type.Object({ b: Type.Null() }), Type.Null()]))).toMatchObject({
      isComplete: true,
    });
    const more = [
      Type.String({ pattern: '^a' }),
      Type.String({ format: 'date' }),
      Type.Integer({ multipleOf: 5 }),
      Type.Number({ exclusiveMinimum: 0 }),
      Type.Array(Type.Integer(), { uniqueItems: true }),
      Type.Literal('a'),
      Type.Enum(['a', 'b']),
      Type.Object({ c: Type.Boolean() }, { minProperties: 1 }),
      Type.Refine(Type.String(), () => false),
      Type.Intersect([whole, Type.Object({ b: Type.Null() })]),
      Type.Unknown(),
    ];
    for (const inner of more) {
      expect(planOf(inner)).toMatchObject({ isComplete: false });
      expect(planOf(Type.Object({ a: inner }))).toMatchObject({ isComplete: false });
      expect(planOf(Type.Array(inner))).toMatchObject({ isComplete: false });
      expect(planOf(Type.Union([Type.Object({ a: inner }), whole]))).toMatchObject({ isComplete: false });
    }
    const both = { type: 'string', anyOf: [{ type: 'string' }, { type: 'null' }] };
    expect(planOf(both)).toMatchObject({ isComplete: false });
    expect(planOf({ type: 'object', properties: { a: { type: 'null' } }, required: ['b'] })).toMatchObject({
      isComplete: false,
    });
  });

  it('gives up at what has no fixed members', () => {
    const schemas = [
      Type.Unknown(),
      Type.Record(Type.String(), Type.Integer()),
      Type.Tuple([Type.String()]),
      Type.Union([Type.String(), Type.Object({ a: Type.String() })]),
      { $ref: '#' },
      true,
    ];
    for (const schema of schemas) expect(planOf(schema)).toEqual(ANY);
    expect(planOf(Type.Object({ a: Type.Unknown() }))).toMatchObject({ members: [{ node: ANY }] });
  });
});

describe('recordFields', () => {
  it('are the members in the order of the schema', () => {
    expect(recordFields(Type.Object({ b: Type.String(), a: Type.String() }))).toEqual(['b', 'a']);
  });

  it('are the members of all variants, in the order of their first appearance', () => {
    const placed = Type.Object({ orderId: Type.String(), total: Type.Integer() });
    const changed = Type.Object({ type: Type.Literal('changed'), orderId: Type.String(), note: Type.String() });
    expect(recordFields(Type.Union([placed, changed]))).toEqual(['orderId', 'total', 'type', 'note']);
  });

  it('are none without an object', () => {
    expect(recordFields(Type.String())).toEqual([]);
  });
});
