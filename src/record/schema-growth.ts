/** What a schema says besides what a value looks like. */
const ANNOTATIONS = new Set([
  '$id',
  '$schema',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
]);
/** Bounds that a greater number makes stricter, and a smaller one. */
const LOWER_BOUNDS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems'];
const UPPER_BOUNDS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems'];
/** Members more or fewer than a schema names make no difference to who reads those that it names. */
const LOOKED_INTO = new Set([
  ...['type', 'properties', 'required', 'additionalProperties', 'items', 'anyOf', 'oneOf', 'const', 'enum'],
  ...LOWER_BOUNDS,
  ...UPPER_BOUNDS,
]);

type Schema = Readonly<Record<string, unknown>>;

/**
 * Whether every value that fits one schema can be read by who expects another: members may have been added that are
 * optional, and what a member may be may have become more. In doubt it cannot.
 *
 * @returns where and why not; null if it can
 */
export function whyNotReadable(before: unknown, after: unknown, pointer = ''): string | null {
  const [from, to] = [plain(before), plain(after)];
  if (Object.keys(to).length === 0 || JSON.stringify(from) === JSON.stringify(to)) return null;
  const was = variantsOf(from);
  if (was !== null) return firstOf(was.map((variant) => whyNotReadable(variant, to, pointer)));
  const is = variantsOf(to);
  if (is !== null) {
    const complaints = is.map((variant) => whyNotReadable(from, variant, pointer));
    return complaints.includes(null) ? null : `${place(pointer)} is none of its variants now`;
  }
  const values = valuesOf(from);
  if (values !== null) return whyNotAmong(values, to, pointer);
  if (valuesOf(to) !== null) return `${place(pointer)} is one of fewer values now`;
  if (from['type'] !== to['type'] && !(from['type'] === 'integer' && to['type'] === 'number')) {
    return `${place(pointer)} was of type ${String(from['type'])} and is of type ${String(to['type'])} now`;
  }
  const other = Object.keys(to).find((word) => !LOOKED_INTO.has(word) && !isSame(from[word], to[word]));
  if (other !== undefined) return `${place(pointer)} has another ${other} now`;
  return whyOutOfBounds(from, to, pointer) ?? whyNotMembers(from, to, pointer) ?? whyNotItems(from, to, pointer);
}

function whyNotMembers(from: Schema, to: Schema, pointer: string): string | null {
  const [was, is] = [membersOf(from), membersOf(to)];
  const wasRequired = (from['required'] as readonly string[] | undefined) ?? [];
  const required = ((to['required'] as readonly string[] | undefined) ?? []).find(
    (name) => !wasRequired.includes(name),
  );
  if (required !== undefined) return `${pointer}/${required} is required now`;
  const members = Object.entries(is).filter(([name]) => was[name] !== undefined);
  return firstOf(members.map(([name, schema]) => whyNotReadable(was[name], schema, `${pointer}/${name}`)));
}

function whyNotItems(from: Schema, to: Schema, pointer: string): string | null {
  if (to['items'] === undefined) return null;
  if (from['items'] === undefined) return `${place(pointer)} could have any items`;
  // Of a tuple each item has a schema.
  if (Array.isArray(to['items']))
    return isSame(from['items'], to['items']) ? null : `${place(pointer)} has other items now`;
  return whyNotReadable(from['items'], to['items'], `${pointer}/*`);
}

function whyOutOfBounds(from: Schema, to: Schema, pointer: string): string | null {
  const isStricter = (word: string, sign: number): boolean =>
    to[word] !== undefined &&
    !(sign * ((from[word] as number | undefined) ?? Number.NaN) >= sign * (to[word] as number));
  const word = LOWER_BOUNDS.find((one) => isStricter(one, 1)) ?? UPPER_BOUNDS.find((one) => isStricter(one, -1));
  return word === undefined ? null : `${place(pointer)} has a stricter ${word} now`;
}

function whyNotAmong(values: readonly unknown[], to: Schema, pointer: string): string | null {
  const known = valuesOf(to);
  const isLeft = (value: unknown): boolean => {
    if (known !== null) return known.includes(value);
    return Object.keys(to).length === 1 && typeof value === to['type'];
  };
  const gone = values.find((value) => !isLeft(value));
  return gone === undefined ? null : `${place(pointer)} may not be ${JSON.stringify(gone)} any more`;
}

function variantsOf(schema: Schema): readonly unknown[] | null {
  const variants = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(variants) ? variants : null;
}

function valuesOf(schema: Schema): readonly unknown[] | null {
  if ('const' in schema) return [schema['const']];
  return Array.isArray(schema['enum']) ? schema['enum'] : null;
}

function membersOf(schema: Schema): Readonly<Record<string, unknown>> {
  return (schema['properties'] as Record<string, unknown> | undefined) ?? {};
}

function plain(schema: unknown): Schema {
  if (typeof schema !== 'object' || schema === null) return {};
  return Object.fromEntries(Object.entries(schema).filter(([word]) => !ANNOTATIONS.has(word)));
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function firstOf(complaints: readonly (string | null)[]): string | null {
  return complaints.find((complaint) => complaint !== null) ?? null;
}

function place(pointer: string): string {
  return pointer === '' ? 'it' : pointer;
}
