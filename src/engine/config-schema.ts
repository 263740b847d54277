import { availableParallelism } from 'node:os';
import {
  DEFAULT_INTAKE_RING_BYTES,
  DEFAULT_MAX_BLOCK_BYTES,
  DEFAULT_MAX_EVENT_BYTES,
  DEFAULT_SEGMENT_BYTES,
  KIB,
  MAX_EVENT_BYTES,
  MAX_INTAKE_MESSAGE_BYTES,
  MAX_PARTITIONS,
  MIB,
  MIN_SEGMENT_BYTES,
} from '../base/limits.ts';
import { type Static, type TSchema, Type } from '../base/typebox.ts';
import { DEFAULT_MAX_PRODUCERS } from '../store/store-limits.ts';

/**
 * Everything a user may tune, with default, allowed range and meaning: the one source of the types, of the checks, of
 * the environment variables, of `config/moka.schema.json` and of what an error message calls allowed.
 */
const GIB = 1024 * MIB;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * One core is left to the ingress; of two cores it leaves most to the workers (two workers: 845 k binary orders/s over
 * WebSocket against 500 k with one, HTTP the same).
 */
const CORES = availableParallelism();
const DEFAULT_WORKERS = Math.min(CORES <= 2 ? CORES : CORES - 1, 8);

function whole(
  defaultValue: number,
  minimum: number,
  maximum: number,
  description: string,
): ReturnType<typeof Type.Integer> {
  return Type.Integer({ default: defaultValue, minimum, maximum, description });
}

function section<P extends Record<string, TSchema>>(properties: P): ReturnType<typeof Type.Object<P>> {
  return Type.Object(properties, { additionalProperties: false });
}

const host = (description: string): ReturnType<typeof Type.String> =>
  Type.String({ default: '127.0.0.1', minLength: 1, maxLength: 253, description });

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export const EVICTIONS = ['lru', 'lfu', 'fifo'] as const;

export const CONFIG_SCHEMA = section({
  dataDir: Type.String({
    default: './data',
    minLength: 1,
    maxLength: 4096,
    description: 'Directory of logs and checkpoints, as seen from the working directory. One engine at a time.',
  }),
  topology: Type.String({
    default: '',
    maxLength: 4096,
    description: 'Module that exports `topology`, as seen from the working directory. Empty: the coffee shop.',
  }),
  development: Type.Boolean({
    default: false,
    description: 'Checks that cost time: mutated values, pooled objects released twice.',
  }),
  logLevel: Type.Enum([...LOG_LEVELS], { default: 'info', description: 'Least severe message that is logged.' }),
  workers: Type.Integer({
    default: DEFAULT_WORKERS,
    minimum: 0,
    maximum: MAX_PARTITIONS,
    description:
      'Worker threads. 0: everything on one thread, for debugging. Default: one per core but one, at least two where there are two cores, at most 8.',
  }),
  partitions: whole(
    0,
    0,
    MAX_PARTITIONS,
    'Lanes of ordered processing, fixed when the data directory is made. 0: as made; in a new one, one per worker.',
  ),
  http: section({
    host: host('Address that takes events and answers queries.'),
    port: whole(8080, 0, 65535, 'Its port; 0 takes a free one.'),
    maxEventBytes: whole(DEFAULT_MAX_EVENT_BYTES, KIB, MAX_EVENT_BYTES, 'Largest value of one event.'),
    allowedOrigins: Type.Array(Type.String({ pattern: '^(\\*|https?://[^/\\s]+)$', maxLength: 300 }), {
      default: [],
      maxItems: 64,
      description: 'Web origins whose pages may connect, such as `https://shop.example`; `*` alone allows all.',
    }),
    quotaEventsPerSecond: whole(
      0,
      0,
      10_000_000,
      'Events a client address may post in a second for good; beyond: 429. 0: no quota. Behind a proxy all are one.',
    ),
    quotaBurst: whole(1000, 1, 10_000_000, 'Events it may post at once after a pause; without a quota of no effect.'),
  }),
  admin: section({
    host: host('Address of health, metrics and control; keep it off public networks.'),
    port: whole(8081, 0, 65535, 'Its port; 0 takes a free one.'),
  }),
  ring: section({
    bytes: whole(
      DEFAULT_INTAKE_RING_BYTES,
      4 * MAX_INTAKE_MESSAGE_BYTES,
      256 * MIB,
      'Intake ring of each partition; a power of two.',
    ),
  }),
  log: section({
    segmentBytes: whole(
      DEFAULT_SEGMENT_BYTES,
      MIN_SEGMENT_BYTES,
      GIB,
      'Size of one preallocated log file; a multiple of 4096.',
    ),
    maxBlockBytes: whole(
      DEFAULT_MAX_BLOCK_BYTES,
      MAX_INTAKE_MESSAGE_BYTES + 4 * KIB,
      16 * MIB,
      'Most that is written and flushed at once.',
    ),
    retentionBytes: whole(GIB, 0, 1024 * GIB, 'Log kept per partition beyond what recovery needs.'),
    retentionMs: whole(7 * DAY_MS, 0, 3650 * DAY_MS, 'Age after which log that recovery does not need is given back.'),
    reserveBytes: whole(256 * MIB, 0, 1024 * GIB, 'Free disk space below which no event is taken.'),
  }),
  state: section({
    cacheBytes: whole(256 * MIB, MIB, 256 * GIB, 'State held in memory per partition; the rest is read from disk.'),
    eviction: Type.Enum([...EVICTIONS], { default: 'lru', description: 'Which rows leave a full cache first.' }),
  }),
  checkpoint: section({
    maxTailMs: whole(500, 50, HOUR_MS, 'Replay time a crash may cost before a checkpoint is due.'),
    maxTailBytes: whole(256 * MIB, MIB, 64 * GIB, 'Log per partition a crash may replay before a checkpoint is due.'),
    maxIntervalMs: whole(MINUTE_MS, SECOND_MS, DAY_MS, 'Longest time between two checkpoints while events arrive.'),
    maxCommits: whole(4096, 1, 1_000_000, 'Checkpoints into one environment before a fresh one takes its place.'),
  }),
  dedupe: section({
    windowMs: whole(
      10 * MINUTE_MS,
      SECOND_MS,
      365 * DAY_MS,
      'Time for which a repeated event is guaranteed to be recognised.',
    ),
    maxEntries: whole(8_000_000, 1000, 500_000_000, 'Identities remembered per partition; full before its time: 503.'),
    maxProducers: whole(
      DEFAULT_MAX_PRODUCERS,
      100,
      10_000_000,
      'Producers remembered per partition; all of them heard of within the window: 503 for a new one.',
    ),
  }),
  websocket: section({
    creditEvents: whole(65_536, 1, 4_194_304, 'Events one connection may have sent without an ack.'),
    creditBytes: whole(4 * MIB, 4 * KIB, 256 * MIB, 'Bytes one connection may have sent without an ack.'),
    maxFrameBytes: whole(MIB, KIB, 16 * MIB, 'Largest message of a connection.'),
    stagingBytes: whole(64 * MIB, MIB, 16 * GIB, 'Credit in bytes of all connections together.'),
  }),
  drainTimeoutMs: whole(30 * SECOND_MS, 0, HOUR_MS, 'Time a shutdown may take to answer what it took in.'),
  watchdogMs: whole(30 * SECOND_MS, SECOND_MS, HOUR_MS, 'Time a thread may be silent before the process is ended.'),
  setAsidePartly: Type.Boolean({
    default: false,
    description:
      'Set aside what does not return at a recovery also where other partitions hold what it sent: that stands.',
  }),
});

export type ConfigShape = Static<typeof CONFIG_SCHEMA>;

/** One setting: where it stands, what it may be, and the environment variable that sets it. */
export interface Setting {
  readonly path: string;
  readonly variable: string;
  readonly schema: SettingSchema;
}

/** What the code reads of a setting's schema. */
export interface SettingSchema extends TSchema {
  readonly type?: 'integer' | 'string' | 'boolean' | 'array';
  readonly enum?: readonly string[];
  readonly default: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly description: string;
}

export const SETTINGS: ReadonlyMap<string, Setting> = new Map(
  settingsOf('', CONFIG_SCHEMA).map((setting) => [setting.path, setting]),
);

function settingsOf(prefix: string, schema: TSchema): Setting[] {
  const { properties } = schema as { properties?: Record<string, TSchema> };
  if (properties === undefined) {
    return [{ path: prefix, variable: variableOf(prefix), schema: schema as SettingSchema }];
  }
  return Object.entries(properties).flatMap(([name, inner]) => settingsOf(prefix ? `${prefix}.${name}` : name, inner));
}

/** `log.segmentBytes` → `MOKA_LOG_SEGMENT_BYTES` */
function variableOf(path: string): string {
  return `MOKA_${path
    .replaceAll('.', '_')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase()}`;
}
