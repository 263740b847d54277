/**
 * What a decoder can know from a stream's schema before it has seen a byte: which members come, in which order, of what
 * type, and how long or large they may be. Decoders are compiled from it. It says nothing about patterns, formats or
 * single values: a node that is not *complete* leaves them to the schema's check.
 */
export type PlanNode = ScalarNode | ObjectNode | VariantsNode | ArrayNode | AnyNode;

interface AnyPlanNode {
  readonly isNullable: boolean;
  /** Whether what follows the node fits the schema: it says nothing that the node does not. */
  readonly isComplete: boolean;
}

/** A string, number or boolean; several of them if the schema allows several. */
export interface ScalarNode extends AnyPlanNode, Bounds {
  readonly kind: 'scalar';
  readonly isText: boolean;
  readonly isInteger: boolean;
  readonly isNumber: boolean;
  readonly isBoolean: boolean;
}

export interface ObjectNode extends AnyPlanNode {
  readonly kind: 'object';
  readonly members: readonly PlanMember[];
}

/** One of several objects. */
export interface VariantsNode extends AnyPlanNode {
  readonly kind: 'variants';
  readonly variants: readonly ObjectNode[];
}

export interface ArrayNode extends AnyPlanNode, Bounds {
  readonly kind: 'array';
  readonly item: PlanNode;
}

/** A schema that a plan cannot follow: whatever is valid in the encoding. */
export interface AnyNode extends AnyPlanNode {
  readonly kind: 'any';
}

/** Of a number, of the length of a text in characters, of the count of an array's items; both included. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
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
  return { kind: 'object', members, isNullable: node.isNullable, isComplete: false };
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
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** What a schema may say, by its type, for its node to be complete. */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  string: ['type', 'minLength', 'maxLength'],
  integer: ['type', 'minimum', 'maximum'],
  number: ['type', 'minimum', 'maximum'],
  boolean: ['type'],
  null: ['type'],
  array: ['type', 'items', 'minItems', 'maxItems'],
  object: ['type', 'properties', 'required', 'additionalProperties'],
  anyOf: ['anyOf'],
};
/** Says nothing about a value. */
const ANNOTATIONS = ['title', 'description', 'examples', 'default', 'deprecated', '~kind', '~optional'];

const ANY: AnyNode = { kind: 'any', isNullable: true, isComplete: false };
const UNBOUNDED: Bounds = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
/** Deeper than any order: a schema that refers to itself ends here. */
const MAX_PLAN_DEPTH = 16;

/** Undefined for a schema that a plan cannot follow. */
function nodeOf(schema: JsonSchema, depth: number): PlanNode | undefined {
  if (depth > MAX_PLAN_DEPTH) return undefined;
  if (schema.allOf !== undefined) return intersectionOf(schema.allOf, depth);
  if (schema.anyOf !== undefined) return unionOf(schema.anyOf, depth, saysOnly(schema, 'anyOf'));
  if (schema.enum !== undefined) {
    return unionOfScalars(
      schema.enum.map((value) => scalarOf(typeNameOf(value))),
      false,
    );
  }
  switch (schema.type) {
    case 'object':
      return objectOf(schema, depth);
    case 'array': {
      if (schema.items === undefined || Array.isArray(schema.items)) return undefined;
      const item = nodeOf(schema.items as JsonSchema, depth + 1) ?? ANY;
      const isComplete = saysOnly(schema, 'array') && item.isComplete;
      return { kind: 'array', item, ...boundsOf(schema.minItems, schema.maxItems), isNullable: false, isComplete };
    }
    case undefined:
      return schema.const === undefined ? undefined : scalarOf(typeNameOf(schema.const));
    default:
      return scalarOf(schema.type, schema);
  }
}

/** Whether there is nothing in it that a node of this type does not say. */
function saysOnly(schema: JsonSchema, type: string): boolean {
  const known = KEYWORDS[type];
  if (known === undefined) return false;
  // Refinements and codecs of typebox are members that are not enumerated.
  return Reflect.ownKeys(schema).every((name) => {
    return typeof name === 'string' && (ANNOTATIONS.includes(name) || known.includes(name));
  });
}

function boundsOf(min = UNBOUNDED.min, max = UNBOUNDED.max): Bounds {
  return { min, max };
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
  const isComplete =
    saysOnly(schema, 'object') &&
    [...required].every((name) => Object.hasOwn(properties, name)) &&
    members.every((member) => member.node.isComplete);
  return { kind: 'object', members, isNullable: false, isComplete };
}

/** @param schema missing: more is said about the value than its type */
function scalarOf(type: string, schema?: JsonSchema): ScalarNode | undefined {
  if (!['string', 'integer', 'number', 'boolean', 'null'].includes(type)) return undefined;
  const isText = type === 'string';
  return {
    kind: 'scalar',
    isText,
    isInteger: type === 'integer',
    isNumber: type === 'number',
    isBoolean: type === 'boolean',
    ...(isText ? boundsOf(schema?.minLength, schema?.maxLength) : boundsOf(schema?.minimum, schema?.maximum)),
    isNullable: type === 'null',
    isComplete: schema !== undefined && saysOnly(schema, type),
  };
}

function typeNameOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

/** @param saysAll whether the union says nothing besides its alternatives */
function unionOfScalars(nodes: readonly (PlanNode | undefined)[], saysAll: boolean): ScalarNode | undefined {
  if (!nodes.every((node) => node !== undefined && node.kind === 'scalar')) return undefined;
  const scalars = nodes as readonly ScalarNode[];
  const [only, ...others] = scalars.filter((node) => !isNull(node));
  // Which bounds hold depends on the type, if there are several.
  const { min, max } = only === undefined || others.length > 0 ? UNBOUNDED : only;
  return {
    kind: 'scalar',
    isText: scalars.some((node) => node.isText),
    isInteger: scalars.some((node) => node.isInteger),
    isNumber: scalars.some((node) => node.isNumber),
    isBoolean: scalars.some((node) => node.isBoolean),
    min,
    max,
    isNullable: scalars.some((node) => node.isNullable),
    isComplete: saysAll && others.length === 0 && scalars.every((node) => node.isComplete),
  };
}

function unionOf(schemas: readonly JsonSchema[], depth: number, saysAll: boolean): PlanNode | undefined {
  const nodes = schemas.map((schema) => nodeOf(schema, depth + 1));
  const scalars = unionOfScalars(nodes, saysAll);
  if (scalars !== undefined) return scalars;
  const rest = nodes.filter((node) => !isNull(node));
  const isNullable = rest.length < nodes.length || rest.some((node) => node?.isNullable === true);
  const isComplete = saysAll && nodes.every((node) => node?.isComplete === true);
  const first = rest[0];
  if (rest.length === 1 && first !== undefined) return { ...first, isNullable, isComplete };
  const variants: ObjectNode[] = [];
  for (const node of rest) {
    if (node?.kind === 'object') variants.push(node);
    else if (node?.kind === 'variants') variants.push(...node.variants);
    else return undefined;
  }
  return { kind: 'variants', variants, isNullable, isComplete };
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
  return { kind: 'object', members: [...members.values()], isNullable: false, isComplete: false };
}

/** The same member of two variants: of the same type, or of any. */
function mergedMember(one: PlanMember, other: PlanMember): PlanMember {
  const scalar = unionOfScalars([one.node, other.node], false);
  const isSame = JSON.stringify(one.node) === JSON.stringify(other.node);
  return { name: one.name, node: scalar ?? (isSame ? one.node : ANY), isOptional: one.isOptional || other.isOptional };
}
