import type { TSchema } from 'typebox';
import type { TLocalizedValidationError } from 'typebox/error';
import { closestName } from '../base/closest-name.ts';
import type { ErrorCode } from '../base/error-catalogue.ts';
import { Compile } from '../base/typebox.ts';
import { type ObjectShape, objectShapes } from './schema-shape.ts';

/** One thing that is wrong with an event. */
export interface SchemaIssue {
  /** JSON pointer to the value (RFC 6901); empty for the event itself. */
  readonly pointer: string;
  readonly detail: string;
  readonly code: Extract<ErrorCode, 'ERR_EVENT_SCHEMA' | 'ERR_EVENT_NUMBER_RANGE'>;
}

/** More than this helps nobody find the fault, and an answer stays small however bad the body is. */
export const MAX_SCHEMA_ISSUES = 8;

/** Parts of the body that come back in an answer are cut at this. */
const MAX_POINTER_LENGTH = 128;

export interface SchemaCheck {
  /** The hot path: no allocation, some 30 ns for an order. */
  check(value: unknown): boolean;
  errors(value: unknown): SchemaIssue[];
}

export function compileSchemaCheck(schema: TSchema): SchemaCheck {
  const validator = Compile(schema);
  const union = discriminatedUnion(schema);
  return {
    check: (value) => validator.Check(value),
    errors: (value) => {
      if (validator.Check(value)) return [];
      return union === null ? issuesOf(schema, validator.Errors(value), value) : union(value);
    },
  };
}

/**
 * A union reports what every variant finds wrong, which buries the one mistake that was made. Where one member with a
 * constant value tells the variants apart, only the variant that was meant is asked.
 */
function discriminatedUnion(schema: TSchema): ((value: unknown) => SchemaIssue[]) | null {
  const shapes = objectShapes(schema);
  if (shapes === null || shapes.length < 2) return null;
  const member = Object.keys((shapes[0] as ObjectShape).properties).find((name) =>
    shapes.every((shape) => constantsOf(shape, name) !== null),
  );
  if (member === undefined) return null;
  const variants = shapes.map((shape) => ({
    constants: constantsOf(shape, member) as unknown[],
    isDefault: !shape.required.includes(member),
    schema: shape.schema,
    validator: Compile(shape.schema),
  }));
  const allowed = variants.flatMap((variant) => variant.constants).map((constant) => JSON.stringify(constant));
  return (value) => {
    if (typeof value !== 'object' || value === null) return [schemaIssue('', 'must be object')];
    const tag = (value as Record<string, unknown>)[member];
    const meant = variants.find((variant) => (tag === undefined ? variant.isDefault : variant.constants.includes(tag)));
    if (meant === undefined) return [schemaIssue(`/${member}`, `must be one of ${allowed.join(', ')}`)];
    return issuesOf(meant.schema, meant.validator.Errors(value), value);
  };
}

function constantsOf(shape: ObjectShape, member: string): unknown[] | null {
  const schema = shape.properties[member] as Record<string, unknown> | undefined;
  if (schema === undefined) return null;
  if ('const' in schema) return [schema['const']];
  if (Array.isArray(schema['enum'])) return schema['enum'] as unknown[];
  if (!Array.isArray(schema['anyOf'])) return null;
  const variants = schema['anyOf'] as Record<string, unknown>[];
  return variants.every((variant) => 'const' in variant) ? variants.map((variant) => variant['const']) : null;
}

function issuesOf(schema: TSchema, errors: readonly TLocalizedValidationError[], value: unknown): SchemaIssue[] {
  const issues: SchemaIssue[] = [];
  for (const error of errors) {
    if (issues.length >= MAX_SCHEMA_ISSUES) break;
    issues.push(...issuesOfError(schema, error, value).slice(0, MAX_SCHEMA_ISSUES - issues.length));
  }
  return issues.length === 0 ? [schemaIssue('', 'does not fit the schema')] : issues;
}

function issuesOfError(schema: TSchema, error: TLocalizedValidationError, value: unknown): SchemaIssue[] {
  const pointer = error.instancePath;
  switch (error.keyword) {
    case 'required':
      return error.params.requiredProperties.map((name) =>
        schemaIssue(`${pointer}/${escapePointer(name)}`, 'is missing'),
      );
    case 'boolean':
      return [unknownMember(schema, pointer)];
    case 'additionalProperties':
    case 'unevaluatedProperties':
      // Reported per member as 'boolean'.
      return [];
    case 'const':
      return [schemaIssue(pointer, `must be ${JSON.stringify(error.params.allowedValue)}`)];
    case 'enum':
      return [
        schemaIssue(
          pointer,
          `must be one of ${error.params.allowedValues.map((one) => JSON.stringify(one)).join(', ')}`,
        ),
      ];
    default:
      return [isBeyondSafe(valueAt(value, pointer)) ? numberIssue(pointer) : schemaIssue(pointer, error.message)];
  }
}

function unknownMember(schema: TSchema, pointer: string): SchemaIssue {
  const name = pointer.slice(pointer.lastIndexOf('/') + 1);
  const isTopLevel = pointer.lastIndexOf('/') === 0;
  const known = isTopLevel ? (objectShapes(schema) ?? []).flatMap((shape) => Object.keys(shape.properties)) : [];
  const meant = name.length > MAX_POINTER_LENGTH ? undefined : closestName(name, known);
  return schemaIssue(
    pointer,
    meant === undefined ? 'is not a known member' : `is not a known member; did you mean ${meant}`,
  );
}

function schemaIssue(pointer: string, detail: string): SchemaIssue {
  return { pointer: pointer.slice(0, MAX_POINTER_LENGTH), detail, code: 'ERR_EVENT_SCHEMA' };
}

function numberIssue(pointer: string): SchemaIssue {
  return {
    pointer: pointer.slice(0, MAX_POINTER_LENGTH),
    detail: `must lie within ±${Number.MAX_SAFE_INTEGER} (2^53 - 1)`,
    code: 'ERR_EVENT_NUMBER_RANGE',
  };
}

function isBeyondSafe(value: unknown): boolean {
  return typeof value === 'number' && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER);
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function valueAt(value: unknown, pointer: string): unknown {
  let at = value;
  for (const part of pointer.split('/').slice(1)) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return at;
}
