/**
 * What a decoder can know from a stream's schema before it has seen a byte: which members come, in which order, and of
 * what type. Decoders are compiled from it. It says nothing about ranges, patterns or formats: the schema's check does.
 */
export type PlanNode = ScalarNode | ObjectNode | VariantsNode | ArrayNode | AnyNode;

/** A string, number or boolean; several of them if the schema allows several. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly isText: boolean;
  readonly isInteger: boolean;
  readonly isNumber: boolean;
  readonly isBoolean: boolean;
  readonly isNullable: boolean;
}

export interface ObjectNode {
  readonly kind: 'object';
  readonly members: readonly PlanMember[];
  readonly isNullable: boolean;
}

/** One of several objects. */
export interface VariantsNode {
  readonly kind: 'variants';
  readonly variants: readonly ObjectNode[];
  readonly isNullable: boolean;
}

export interface ArrayNode {
  readonly kind: 'array';
  readonly item: PlanNode;
  readonly isNullable: boolean;
}

/** A schema that a plan cannot follow: whatever is valid in the encoding. */
export interface AnyNode {
  readonly kind: 'any';
  readonly isNullable: boolean;
}

export interface PlanMember {
  readonly name: string;
  readonly node: PlanNode;
  readonly isOptional: boolean;
}

/** @param schema a JSON schema, as typebox builds it. */
export function planOf(schema: unknown): PlanNode {
  const node = nodeOf(schema as JsonSchema, 0);
  return node ?? ANY;
}

/**
 * An object plan of all variants in one, in the order in which their members first appear: what a positional record of
 * the stream carries. A member is optional unless every variant requires it.
 */
export function mergedObject(node: ObjectNode | VariantsNode): ObjectNode {
  if (node.kind === 'object') return node;
  const merged = new Map<string, PlanMember>();
  for (const variant of node.variants) {
    for (const member of variant.members) {
      const earlier = merged.get(member.name);
      merged.set(member.name, earlier === undefined ? member : mergedMember(earlier, member));
    }
  }
  const members = [...merged.values()].map((member) => {
    const isRequired = node.variants.every((variant) =>
      variant.members.some((own) => own.name === member.name && !own.isOptional),
    );
    return { ...member, isOptional: !isRequired };
  });
  return { kind: 'object', members, isNullable: node.isNullable };
}

/** The order of a stream's fields in CODEC_MSGPACK_RECORD. Empty for a schema that is no object. */
export function recordFields(schema: unknown): string[] {
  const node = planOf(schema);
  if (node.kind !== 'object' && node.kind !== 'variants') return [];
  return mergedObject(node).members.map((member) => member.name);
}

interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

const ANY: AnyNode = { kind: 'any', isNullable: true };
/** Deeper than any order: a schema that refers to itself ends here. */
const MAX_PLAN_DEPTH = 16;

/** Undefined for a schema that a plan cannot follow. */
function nodeOf(schema: JsonSchema, depth: number): PlanNode | undefined {
  if (depth > MAX_PLAN_DEPTH) return undefined;
  if (schema.allOf !== undefined) return intersectionOf(schema.allOf, depth);
  if (schema.anyOf !== undefined) return unionOf(schema.anyOf, depth);
  if (schema.enum !== undefined) return unionOfScalars(schema.enum.map((value) => scalarOf(typeNameOf(value))));
  switch (schema.type) {
    case 'object':
      return objectOf(schema, depth);
    case 'array': {
      if (schema.items === undefined || Array.isArray(schema.items)) return undefined;
      return { kind: 'array', item: nodeOf(schema.items as JsonSchema, depth + 1) ?? ANY, isNullable: false };
    }
    case undefined:
      return schema.const === undefined ? undefined : scalarOf(typeNameOf(schema.const));
    default:
      return scalarOf(schema.type);
  }
}

function objectOf(schema: JsonSchema, depth: number): ObjectNode | undefined {
  const properties = schema.properties;
  if (properties === undefined || Object.keys(properties).length === 0) return undefined;
  const required = new Set(schema.required ?? []);
  const members = Object.entries(properties).map(([name, property]) => ({
    name,
    node: nodeOf(property, depth + 1) ?? ANY,
    isOptional: !required.has(name),
  }));
  return { kind: 'object', members, isNullable: false };
}

function scalarOf(type: string): ScalarNode | undefined {
  if (!['string', 'integer', 'number', 'boolean', 'null'].includes(type)) return undefined;
  return {
    kind: 'scalar',
    isText: type === 'string',
    isInteger: type === 'integer',
    isNumber: type === 'number',
    isBoolean: type === 'boolean',
    isNullable: type === 'null',
  };
}

function typeNameOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function unionOfScalars(nodes: readonly (PlanNode | undefined)[]): ScalarNode | undefined {
  if (!nodes.every((node) => node !== undefined && node.kind === 'scalar')) return undefined;
  const scalars = nodes as readonly ScalarNode[];
  return {
    kind: 'scalar',
    isText: scalars.some((node) => node.isText),
    isInteger: scalars.some((node) => node.isInteger),
    isNumber: scalars.some((node) => node.isNumber),
    isBoolean: scalars.some((node) => node.isBoolean),
    isNullable: scalars.some((node) => node.isNullable),
  };
}

function unionOf(schemas: readonly JsonSchema[], depth: number): PlanNode | undefined {
  const nodes = schemas.map((schema) => nodeOf(schema, depth + 1));
  const scalars = unionOfScalars(nodes);
  if (scalars !== undefined) return scalars;
  const rest = nodes.filter((node) => !isNull(node));
  const isNullable = rest.length < nodes.length || rest.some((node) => node?.isNullable === true);
  const first = rest[0];
  if (rest.length === 1 && first !== undefined) return { ...first, isNullable };
  const variants: ObjectNode[] = [];
  for (const node of rest) {
    if (node?.kind === 'object') variants.push(node);
    else if (node?.kind === 'variants') variants.push(...node.variants);
    else return undefined;
  }
  return { kind: 'variants', variants, isNullable };
}

function isNull(node: PlanNode | undefined): boolean {
  return (
    node?.kind === 'scalar' && node.isNullable && !(node.isText || node.isInteger || node.isNumber || node.isBoolean)
  );
}

function intersectionOf(schemas: readonly JsonSchema[], depth: number): ObjectNode | undefined {
  const members = new Map<string, PlanMember>();
  for (const schema of schemas) {
    const node = nodeOf(schema, depth + 1);
    if (node?.kind !== 'object') return undefined;
    for (const member of node.members) {
      const earlier = members.get(member.name);
      const isOptional = member.isOptional && (earlier?.isOptional ?? true);
      members.set(member.name, { ...(earlier ?? member), isOptional });
    }
  }
  return { kind: 'object', members: [...members.values()], isNullable: false };
}

/** The same member of two variants: of the same type, or of any. */
function mergedMember(one: PlanMember, other: PlanMember): PlanMember {
  const scalar = unionOfScalars([one.node, other.node]);
  const isSame = JSON.stringify(one.node) === JSON.stringify(other.node);
  return { name: one.name, node: scalar ?? (isSame ? one.node : ANY), isOptional: one.isOptional || other.isOptional };
}
