import { type TSchema, Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { compileSchemaCheck, MAX_SCHEMA_ISSUES } from '../../src/topology/schema-check.ts';
import { objectShapes, typesOf, withSafeNumbers } from '../../src/topology/schema-shape.ts';

const Item = Type.Object(
  { sku: Type.String({ minLength: 1 }), qty: Type.Integer({ minimum: 1 }) },
  { additionalProperties: false },
);
const Order = Type.Object(
  { orderId: Type.String(), currency: Type.Enum(['EUR', 'CHF']), items: Type.Array(Item) },
  { additionalProperties: false },
);
const good = { orderId: 'a', currency: 'EUR', items: [{ sku: 'x', qty: 1 }] };

/** Pointer and detail of each issue in one line. */
function issuesOf(schema: TSchema, value: unknown): string[] {
  const { check, errors } = compileSchemaCheck(withSafeNumbers(schema));
  const issues = errors(value);
  expect(check(value)).toBe(issues.length === 0);
  return issues.map(
    ({ pointer, detail, code }) => `${pointer} ${detail}${code === 'ERR_EVENT_SCHEMA' ? '' : ` [${code}]`}`,
  );
}

describe('compileSchemaCheck', () => {
  it.each<[string, unknown, string[]]>([
    ['nothing wrong', good, []],
    ['no object', 7, [' must be object']],
    ['an array', [], [' must be object']],
    ['a missing member', { orderId: 'a', currency: 'EUR' }, ['/items is missing']],
    ['a wrong type', { ...good, orderId: 7 }, ['/orderId must be string']],
    ['a member nobody knows', { ...good, 'no/te': 1 }, ['/no~1te is not a known member']],
    ['a slip of the finger', { ...good, curency: 1 }, ['/curency is not a known member; did you mean currency']],
    ['a choice that is none', { ...good, currency: 'USD' }, ['/currency must be one of "EUR", "CHF"']],
    [
      'something deep inside',
      {
        ...good,
        items: [
          { sku: 'x', qty: 1 },
          { sku: '', qty: 0 },
        ],
      },
      ['/items/1/sku must not have fewer than 1 characters', '/items/1/qty must be >= 1'],
    ],
    ['half a number', { ...good, items: [{ sku: 'x', qty: 1.5 }] }, ['/items/0/qty must be integer']],
  ])('reports %s', (_, value, issues) => {
    expect(issuesOf(Order, value)).toEqual(issues);
  });

  it('reports 8 issues at most, and cuts what it repeats of the body', () => {
    const items = Array.from({ length: 100 }, () => ({ sku: 1, qty: 'x' }));
    expect(issuesOf(Order, { ...good, items })).toHaveLength(MAX_SCHEMA_ISSUES);
    expect(issuesOf(Order, { ...good, ['x'.repeat(10_000)]: 1 })[0]?.length).toBeLessThan(200);
  });

  const Kind = Type.Union([
    Type.Object(
      { type: Type.Optional(Type.Literal('placed')), id: Type.String(), cents: Type.Integer() },
      { additionalProperties: false },
    ),
    Type.Object({ type: Type.Literal('ready'), id: Type.String() }, { additionalProperties: false }),
    Type.Object({ type: Type.Union([Type.Literal('x'), Type.Literal('y')]), n: Type.Integer() }),
  ]);

  it.each<[string, unknown, string[]]>([
    ['the variant that is named', { type: 'ready', id: 7 }, ['/id must be string']],
    ['the variant that needs no name', { id: 'a' }, ['/cents is missing']],
    ['the variant of several names', { type: 'y', n: '' }, ['/n must be integer']],
    ['a name that no variant has', { type: 'gone', id: 'a' }, ['/type must be one of "placed", "ready", "x", "y"']],
    ['no object', null, [' must be object']],
    ['nothing wrong', { type: 'x', n: 1 }, []],
  ])('holds an event of a union against %s', (_, value, issues) => {
    expect(issuesOf(Kind, value)).toEqual(issues);
  });

  it('reports what every variant finds where none can be told to be meant', () => {
    const Either = Type.Union([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })]);
    expect(issuesOf(Either, {})).toEqual(['/a is missing', '/b is missing', ' must match a schema in anyOf']);
  });
});

describe('withSafeNumbers', () => {
  const beyond = 2 ** 53;
  const Numbers = Type.Object({
    whole: Type.Optional(Type.Integer()),
    money: Type.Optional(Type.Integer({ minimum: 0, maximum: 1e300 })),
    any: Type.Optional(Type.Number()),
    coarse: Type.Optional(Type.Number({ minimum: -1e300, maximum: 1e300 })),
    list: Type.Optional(Type.Array(Type.Union([Type.Integer(), Type.Null()]))),
    type: Type.Optional(Type.Integer()),
    fixed: Type.Optional(Type.Literal(beyond)),
  });

  it.each<[string, unknown, string[]]>([
    ['the greatest exact integer', { whole: beyond - 1, money: beyond - 1, any: -(beyond - 1) }, []],
    ['an integer beyond', { whole: beyond }, ['/whole']],
    ['an integer below', { whole: -beyond }, ['/whole']],
    ['an integer whose own maximum is beyond', { money: beyond }, ['/money']],
    ['a number beyond', { any: beyond }, ['/any']],
    ['a number whose own bounds are wider', { coarse: 1e299 }, []],
    ['infinity, as 1e400 is read', { any: Number.POSITIVE_INFINITY }, ['/any']],
    [
      'a number inside a list and a union',
      { list: [1, null, beyond] },
      expect.arrayContaining(['/list/2']) as unknown as string[],
    ],
    ['a member that is called type', { type: beyond }, ['/type']],
    ['a constant that the author chose', { fixed: beyond }, []],
  ])('bounds %s', (_, value, pointers) => {
    const { errors } = compileSchemaCheck(withSafeNumbers(Numbers));
    const issues = errors(value);
    expect(issues.map(({ pointer }) => pointer)).toEqual(pointers);
    if (issues.length === 1) {
      expect(issues[0]).toMatchObject({
        code: 'ERR_EVENT_NUMBER_RANGE',
        detail: 'must lie within ±9007199254740991 (2^53 - 1)',
      });
    }
  });

  it('leaves the schema it is given as it was', () => {
    const before = JSON.stringify(Numbers);
    withSafeNumbers(Numbers);
    expect(JSON.stringify(Numbers)).toBe(before);
  });
});

describe('objectShapes', () => {
  it('is the object, or each of a union, or null', () => {
    expect(objectShapes(Order)?.map((shape) => shape.required)).toEqual([['orderId', 'currency', 'items']]);
    expect(objectShapes(Type.Union([Order, Type.Union([Item, Item])]))).toHaveLength(3);
    expect(objectShapes(Type.Union([Order, Type.String()]))).toBeNull();
    expect(objectShapes(Type.String())).toBeNull();
  });
});

describe('typesOf', () => {
  it('names what a member may be', () => {
    expect(typesOf(Type.Integer())).toEqual(['integer']);
    expect(typesOf(Type.Literal('x'))).toEqual(['string']);
    expect(typesOf(Type.Union([Type.String(), Type.Null()]))).toEqual(['string', 'null']);
    expect(typesOf(Type.Enum(['a', 1]))).toEqual(['string', 'number']);
    expect(typesOf(Type.Unknown())).toEqual([]);
  });
});
