import fc from 'fast-check';
import { type TSchema, Type } from 'typebox';

/** A schema and a value that has its members and types, and is now and then longer or larger than it allows. */
export interface SchemaCase {
  readonly schema: TSchema;
  readonly value: unknown;
}

interface Shape {
  readonly schema: TSchema;
  readonly values: fc.Arbitrary<unknown>;
}

const text = fc.string({
  unit: fc.constantFrom('a', 'b', '7', ' ', 'ü', '☕', '🥐', '"', '\\', '\n', '/'),
  maxLength: 40,
});
const plainText = fc.stringMatching(/^[a-z0-9-]{0,40}$/);
const integer = fc.oneof(
  { weight: 6, arbitrary: fc.integer() },
  { weight: 2, arbitrary: fc.constantFrom(0, -1, 255, 256, 65536, 1763600000000) },
  { weight: 1, arbitrary: fc.maxSafeInteger() },
);
const real = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value));
const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer().map((value) => value / 100) },
  { weight: 1, arbitrary: real.filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value)) },
);

const scalar = fc.constantFrom<Shape>(
  { schema: Type.String(), values: fc.oneof(plainText, text) },
  { schema: Type.String({ minLength: 1, maxLength: 8 }), values: fc.oneof(plainText, text) },
  { schema: Type.String({ minLength: 3 }), values: fc.oneof(plainText, text) },
  { schema: Type.Integer(), values: integer },
  { schema: Type.Integer({ minimum: -1, maximum: 256 }), values: integer },
  { schema: Type.Number({ minimum: 0 }), values: fc.oneof(integer, number) },
  { schema: Type.Number(), values: fc.oneof(integer, number) },
  { schema: Type.Boolean(), values: fc.boolean() },
  { schema: Type.Null(), values: fc.constant(null) },
  { schema: Type.Union([Type.String(), Type.Null()]), values: fc.option(plainText) },
  { schema: Type.Union([Type.Integer(), Type.Boolean()]), values: fc.oneof(integer, fc.boolean()) },
  { schema: Type.Union([Type.Literal('placed'), Type.Literal(7)]), values: fc.constantFrom('placed', 7) },
  { schema: Type.Enum(['S', 'M', 'L']), values: fc.constantFrom('S', 'M', 'L') },
);

const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'id', 'type', 'größe', 'x y', '7', 'longer-name'), {
  minLength: 1,
  maxLength: 5,
});

const { node } = fc.letrec<{ node: Shape; object: Shape }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: tie('node').map(arrayOf) },
    { weight: 1, arbitrary: tie('object') },
    { weight: 1, arbitrary: tie('object').map(nullable) },
  ),
  object: fc
    .tuple(
      names,
      fc.array(tie('node'), { minLength: 5, maxLength: 5 }),
      fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    )
    .map(([members, nodes, optional]) => objectOf(members, nodes as Shape[], optional)),
}));

const object = fc
  .tuple(names, fc.array(node, { minLength: 5, maxLength: 5 }), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }))
  .map(([members, nodes, optional]) => objectOf(members, nodes, optional));

function arrayOf(item: Shape): Shape {
  return {
    schema: Type.Array(item.schema, { minItems: 1, maxItems: 3 }),
    values: fc.array(item.values, { maxLength: 4 }),
  };
}

function nullable(inner: Shape): Shape {
  return { schema: Type.Union([inner.schema, Type.Null()]), values: fc.option(inner.values) };
}

function objectOf(members: readonly string[], nodes: readonly Shape[], optional: readonly boolean[]): Shape {
  const schemas: Record<string, TSchema> = {};
  const values: Record<string, fc.Arbitrary<unknown>> = {};
  const required: string[] = [];
  for (const [index, name] of members.entries()) {
    const { schema, values: own } = nodes[index] as Shape;
    const isOptional = optional[index] === true;
    schemas[name] = isOptional ? Type.Optional(schema) : schema;
    values[name] = own;
    if (!isOptional) required.push(name);
  }
  return {
    schema: Type.Object(schemas),
    values: fc.record(values, { requiredKeys: required }).map((value) => ({ ...value })),
  };
}

/** One object schema, or a union of two, with a value for it. */
export const schemaCase: fc.Arbitrary<SchemaCase> = fc
  .oneof(
    { weight: 3, arbitrary: object },
    {
      weight: 1,
      arbitrary: fc.tuple(object, object).map(([one, other]) => ({
        schema: Type.Union([one.schema, other.schema]),
        values: fc.oneof(one.values, other.values),
      })),
    },
  )
  .chain(({ schema, values }) => values.map((value) => ({ schema, value })));
