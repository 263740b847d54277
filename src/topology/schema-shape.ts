import type { TSchema } from 'typebox';

/** What the engine needs to know of one way an event can look. */
export interface ObjectShape {
  readonly schema: TSchema;
  readonly properties: Readonly<Record<string, TSchema>>;
  readonly required: readonly string[];
}

type JsonSchema = Readonly<Record<string, unknown>>;

/** The plain object a schema describes, or each one of a union; `null` when it describes anything else. */
export function objectShapes(schema: TSchema): ObjectShape[] | null {
  const json = schema as JsonSchema;
  const variants = json['anyOf'] ?? json['oneOf'];
  if (Array.isArray(variants)) {
    const shapes = variants.map((variant) => objectShapes(variant as TSchema));
    return shapes.length > 0 && shapes.every((shape) => shape !== null) ? shapes.flat() : null;
  }
  if (json['type'] !== 'object' || typeof json['properties'] !== 'object') return null;
  return [
    {
      schema,
      properties: json['properties'] as Record<string, TSchema>,
      required: (json['required'] as string[] | undefined) ?? [],
    },
  ];
}

/** What a member of an object may be, as JSON Schema names it; empty when the schema leaves it open. */
export function typesOf(schema: TSchema): string[] {
  const json = schema as JsonSchema;
  const variants = json['anyOf'] ?? json['oneOf'];
  if (Array.isArray(variants)) return variants.flatMap((variant) => typesOf(variant as TSchema));
  if ('const' in json) return [typeof json['const']];
  if (Array.isArray(json['enum'])) return json['enum'].map((value) => typeof value);
  return typeof json['type'] === 'string' ? [json['type']] : [];
}

const SCHEMA_MAPS = new Set(['properties', 'patternProperties', '$defs']);
const SCHEMA_PARTS = new Set([
  ...['items', 'additionalProperties', 'contains', 'propertyNames', 'not', 'if', 'then', 'else'],
  ...['anyOf', 'oneOf', 'allOf', 'prefixItems'],
]);

/**
 * The schema with every number bounded to ±(2^53 - 1), beyond which a double is not the number that was sent. Bounds of
 * the schema's own stay; for a `number`, whose author may mean a coarse double, they also lift the limit.
 */
export function withSafeNumbers(schema: TSchema): TSchema {
  return bounded(schema) as TSchema;
}

function bounded(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(bounded);
  if (typeof node !== 'object' || node === null) return node;
  // With descriptors, since typebox keeps what is not JSON Schema in hidden members.
  const copy = Object.create(Object.getPrototypeOf(node), Object.getOwnPropertyDescriptors(node)) as Record<
    string,
    unknown
  >;
  for (const [keyword, part] of Object.entries(node)) {
    if (SCHEMA_PARTS.has(keyword)) copy[keyword] = bounded(part);
    else if (SCHEMA_MAPS.has(keyword)) copy[keyword] = boundedMap(part as object);
  }
  if ('const' in copy || 'enum' in copy) return copy;
  if (copy['type'] === 'integer') {
    copy['minimum'] = Math.max(numberOr(copy['minimum'], Number.MIN_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);
    copy['maximum'] = Math.min(numberOr(copy['maximum'], Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  } else if (copy['type'] === 'number') {
    if (copy['exclusiveMinimum'] === undefined) copy['minimum'] ??= Number.MIN_SAFE_INTEGER;
    if (copy['exclusiveMaximum'] === undefined) copy['maximum'] ??= Number.MAX_SAFE_INTEGER;
  }
  return copy;
}

function boundedMap(schemas: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, bounded(schema)]));
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
