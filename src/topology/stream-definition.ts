import type { Static, TSchema } from 'typebox';
import { closestName } from '../base/closest-name.ts';
import { DEFAULT_MAX_FUTURE_SKEW_MS } from '../base/limits.ts';
import type { WatermarkRule } from '../operators/source-clock.ts';
import { recordFields } from '../record/schema-plan.ts';
import { checkChoice, checkDuration, checkFunction, checkName, checkOptions, kindOf } from './checks.ts';
import type { Durability, Guarantee, IdentitySpec, StreamSpec } from './compiled.ts';
import { EVOLUTION_OPTIONS } from './evolution.ts';
import type { TopologyGraph } from './graph.ts';
import { compileSchemaCheck } from './schema-check.ts';
import { type ObjectShape, objectShapes, typesOf, withSafeNumbers } from './schema-shape.ts';
import type { StreamOptions, WatermarkOptions } from './stream-options.ts';

const OPTIONS = [
  'schema',
  'key',
  'id',
  'eventTime',
  'watermark',
  'maxFutureSkewMs',
  'guarantee',
  'durability',
  'description',
  ...EVOLUTION_OPTIONS,
];
const GUARANTEES: readonly Guarantee[] = ['at-most-once', 'at-least-once', 'exactly-once'];
const DURABILITIES: readonly Durability[] = ['fsync', 'os'];
const KEY_TYPES = ['string', 'integer'];
const IDENTITY_TYPES = ['string', 'integer', 'number'];
const TIME_TYPES = ['integer', 'number'];

/** Any of the options, as they come from JavaScript that no compiler has looked at. */
type LooseOptions = { readonly [Option in keyof StreamOptions<TSchema>]?: unknown };

/** Reads a stream's options, noting every mistake; with mistakes the result is of no use. */
export function defineStream<Schema extends TSchema>(
  graph: TopologyGraph,
  name: string,
  given: StreamOptions<Schema>,
): Omit<StreamSpec, 'id'> {
  const label = `stream '${name}'`;
  checkName(graph, 'stream', name);
  checkOptions(graph, label, given, OPTIONS);
  const options: LooseOptions = given ?? {};
  const shapes = shapesOf(graph, label, options.schema);
  const schema = shapes === null ? ({ type: 'object' } as TSchema) : withSafeNumbers(options.schema as TSchema);

  checkField(graph, label, shapes, 'key', options.key, KEY_TYPES, true);
  if (options.eventTime !== undefined) {
    checkField(graph, label, shapes, 'eventTime', options.eventTime, TIME_TYPES, false);
  }
  checkGuarantee(graph, label, options);
  return {
    name,
    description: options.description as string | undefined,
    keyField: options.key as string,
    guarantee: (options.guarantee ?? 'exactly-once') as Guarantee,
    durability: (options.durability ?? 'fsync') as Durability,
    identities: identitiesOf<Static<Schema>>(graph, label, shapes, options.id),
    eventTimeField: (options.eventTime ?? null) as string | null,
    maxFutureSkewMs: (options.maxFutureSkewMs ?? DEFAULT_MAX_FUTURE_SKEW_MS) as number,
    watermark: watermarkOf(graph, label, options.watermark),
    schema,
    ...compileSchemaCheck(schema),
    fields: recordFields(schema),
  };
}

function watermarkOf(graph: TopologyGraph, label: string, given: unknown): WatermarkRule | null {
  if (given === undefined) return null;
  if (typeof given === 'function') {
    checkFunction(graph, label, 'watermark', given, '(event) => ms | null');
    return {
      outOfOrdernessMs: 0,
      idleAfterMs: Number.POSITIVE_INFINITY,
      followsClock: false,
      fromEvent: given as WatermarkRule['fromEvent'],
    };
  }
  checkOptions(graph, `${label} watermark`, given, ['outOfOrderness', 'idleAfter', 'whenIdle']);
  const { outOfOrderness, idleAfter, whenIdle } = (given ?? {}) as {
    readonly [option in keyof WatermarkOptions]?: unknown;
  };
  const isEverIdle = idleAfter !== undefined;
  checkChoice(graph, label, 'watermark.whenIdle', whenIdle, ['stand-still', 'follow-clock']);
  if (whenIdle === 'follow-clock' && !isEverIdle) {
    graph.complain(
      label,
      'watermark.whenIdle without idleAfter: it is never idle',
      "say how long it must be silent, such as idleAfter: '1m'",
    );
  }
  return {
    outOfOrdernessMs: checkDuration(graph, label, 'watermark.outOfOrderness', outOfOrderness, 0),
    idleAfterMs: isEverIdle
      ? checkDuration(graph, label, 'watermark.idleAfter', idleAfter, 1)
      : Number.POSITIVE_INFINITY,
    followsClock: whenIdle === 'follow-clock',
    fromEvent: null,
  };
}

function shapesOf(graph: TopologyGraph, label: string, schema: unknown): ObjectShape[] | null {
  const remedy = 'give it a typebox schema: Type.Object({ … }), or a Type.Union of such';
  if (typeof schema !== 'object' || schema === null) {
    graph.complain(label, `its schema is ${kindOf(schema)}`, remedy);
    return null;
  }
  const shapes = objectShapes(schema);
  if (shapes === null) graph.complain(label, 'its schema does not describe an object', remedy);
  return shapes;
}

function checkField(
  graph: TopologyGraph,
  label: string,
  shapes: readonly ObjectShape[] | null,
  option: string,
  field: unknown,
  types: readonly string[],
  isRequired: boolean,
): void {
  if (typeof field !== 'string') {
    graph.complain(label, `its ${option} is ${kindOf(field)}`, `name a member of the schema: a string`);
    return;
  }
  if (shapes === null) return;
  const owners = shapes.filter((shape) => shape.properties[field] !== undefined);
  if (owners.length === 0 || (isRequired && owners.length < shapes.length)) {
    const members = [...new Set(shapes.flatMap((shape) => Object.keys(shape.properties)))];
    const meant = closestName(field, members);
    const problem =
      owners.length === 0 ? `the schema has no member '${field}'` : `a variant of the schema lacks '${field}'`;
    graph.complain(
      label,
      `${option}: ${problem}`,
      `use one of ${members.join(', ')}${meant ? `; did you mean '${meant}'?` : ''}`,
    );
    return;
  }
  if (isRequired && !owners.every((shape) => shape.required.includes(field))) {
    graph.complain(label, `${option}: the member '${field}' is optional`, 'make it required: every event needs one');
  }
  const wrong = owners
    .flatMap((shape) => typesOf(shape.properties[field] as TSchema))
    .find((type) => !types.includes(type));
  if (wrong !== undefined) {
    graph.complain(
      label,
      `${option}: the member '${field}' may be of type ${wrong}`,
      `it must be of type ${types.join(' or ')}`,
    );
  }
}

function identitiesOf<Value>(
  graph: TopologyGraph,
  label: string,
  shapes: readonly ObjectShape[] | null,
  id: unknown,
): IdentitySpec[] {
  if (id === undefined) return [];
  const entries: unknown[] = Array.isArray(id) ? id : [id];
  return entries.map((entry) => {
    const option =
      typeof entry === 'object' && entry !== null ? (entry as { field?: unknown; when?: unknown }) : { field: entry };
    checkField(graph, label, shapes, 'id', option.field, IDENTITY_TYPES, false);
    if (option !== entry || option.when === undefined) return { field: option.field as string, appliesTo: null };
    checkFunction(graph, label, 'id.when', option.when, '(event) => boolean');
    const when = option.when as (event: Value) => boolean;
    return { field: option.field as string, appliesTo: guarded(when) };
  });
}

/** The condition of an identity is asked at the door, where a throw must neither stop the lane nor lose the identity. */
function guarded<Value>(when: (event: Value) => boolean): (value: unknown) => boolean {
  return (value) => {
    try {
      return when(value as Value) !== false;
    } catch {
      return true;
    }
  };
}

function checkGuarantee(graph: TopologyGraph, label: string, options: LooseOptions): void {
  checkChoice(graph, label, 'guarantee', options.guarantee, GUARANTEES);
  checkChoice(graph, label, 'durability', options.durability, DURABILITIES);
  if (options.guarantee === 'at-most-once' && options.durability !== undefined) {
    graph.complain(
      label,
      'at-most-once is acknowledged on receipt, so a durability has no meaning',
      "leave durability out, or use guarantee 'at-least-once'",
    );
  }
  if (options.id !== undefined && (options.guarantee === 'at-most-once' || options.guarantee === 'at-least-once')) {
    graph.complain(
      label,
      `${options.guarantee} does not look for duplicates, so an id has no meaning`,
      "leave id out, or use guarantee 'exactly-once'",
    );
  }
  const skew = options.maxFutureSkewMs;
  if (skew !== undefined && !(typeof skew === 'number' && Number.isSafeInteger(skew) && skew >= 0)) {
    graph.complain(label, `maxFutureSkewMs is ${String(skew)}`, 'use a whole number of ms, 0 or more');
  }
  if (options.description !== undefined && typeof options.description !== 'string') {
    graph.complain(label, `its description is ${kindOf(options.description)}`, 'use a string');
  }
}
