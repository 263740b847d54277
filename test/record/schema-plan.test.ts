import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { planOf, recordFields } from '../../src/record/schema-plan.ts';

const TEXT = {
  kind: 'scalar',
  isText: true,
  isInteger: false,
  isNumber: false,
  isBoolean: false,
  isNullable: false,
} as const;
const INTEGER = { ...TEXT, isText: false, isInteger: true };
const ANY = { kind: 'any', isNullable: true };

describe('planOf', () => {
  it('follows objects, arrays and scalars', () => {
    const schema = Type.Object({ a: Type.String(), b: Type.Optional(Type.Array(Type.Integer())) });
    expect(planOf(schema)).toEqual({
      kind: 'object',
      isNullable: false,
      members: [
        { name: 'a', isOptional: false, node: TEXT },
        { name: 'b', isOptional: true, node: { kind: 'array', isNullable: false, item: INTEGER } },
      ],
    });
  });

  it('merges the types of scalars', () => {
    expect(planOf(Type.Union([Type.Literal('a'), Type.Literal('b')]))).toEqual(TEXT);
    expect(planOf(Type.Enum(['a', 7]))).toEqual({ ...TEXT, isNumber: true });
    expect(planOf(Type.Union([Type.String(), Type.Null(), Type.Boolean()]))).toEqual({
      ...TEXT,
      isBoolean: true,
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
