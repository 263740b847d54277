import { isPowerOfTwo } from '../base/bits.ts';
import { KIB, MAX_FRAME_EVENTS } from '../base/limits.ts';
import { recordLength } from '../record/layout.ts';
import type { ConfigShape } from './config-schema.ts';
import { EVERYTHING } from './config-sources.ts';

/**
 * What two settings must not say together. Each rule returns a line that names both, or nothing. Checked only when
 * each setting that it reads is allowed by itself.
 */
type Rule = (config: ConfigShape) => string | undefined;

/** What an event costs on a ring beyond its value. */
const RECORD_OVERHEAD_BYTES = recordLength(0, 0);
const DISK_PAGE_BYTES = 4 * KIB;

const RULES: readonly Rule[] = [
  ({ ring }) => unless(isPowerOfTwo(ring.bytes), `ring.bytes=${ring.bytes}: must be a power of two`),
  ({ log }) =>
    unless(
      log.segmentBytes % DISK_PAGE_BYTES === 0,
      `log.segmentBytes=${log.segmentBytes}: must be a multiple of ${DISK_PAGE_BYTES}`,
    ),
  ({ log }) =>
    unless(
      log.maxBlockBytes % DISK_PAGE_BYTES === 0,
      `log.maxBlockBytes=${log.maxBlockBytes}: must be a multiple of ${DISK_PAGE_BYTES}`,
    ),
  ({ log }) =>
    unless(
      log.maxBlockBytes * 4 <= log.segmentBytes,
      `log.maxBlockBytes=${log.maxBlockBytes}: must be at most a quarter of log.segmentBytes=${log.segmentBytes}`,
    ),
  ({ log }) =>
    unless(
      log.retentionBytes === 0 || log.retentionBytes >= log.segmentBytes,
      `log.retentionBytes=${log.retentionBytes}: must be 0 or at least log.segmentBytes=${log.segmentBytes}`,
    ),
  ({ log, dedupe }) =>
    unless(
      log.retentionMs >= dedupe.windowMs,
      `log.retentionMs=${log.retentionMs}: must be at least dedupe.windowMs=${dedupe.windowMs}, ` +
        'a repeated event is compared with its first in the log',
    ),
  ({ dedupe }) =>
    unless(
      dedupe.maxEntries >= Math.ceil(dedupe.windowMs / 1000),
      `dedupe.maxEntries=${dedupe.maxEntries}: must be at least ${Math.ceil(dedupe.windowMs / 1000)}, ` +
        `one event per second of dedupe.windowMs=${dedupe.windowMs}`,
    ),
  ({ checkpoint }) =>
    unless(
      checkpoint.maxIntervalMs >= checkpoint.maxTailMs,
      `checkpoint.maxIntervalMs=${checkpoint.maxIntervalMs}: must be at least ` +
        `checkpoint.maxTailMs=${checkpoint.maxTailMs}`,
    ),
  ({ websocket }) =>
    unless(
      websocket.maxFrameBytes <= websocket.creditBytes,
      `websocket.maxFrameBytes=${websocket.maxFrameBytes}: must be at most ` +
        `websocket.creditBytes=${websocket.creditBytes}`,
    ),
  ({ websocket }) =>
    unless(
      websocket.creditBytes <= websocket.stagingBytes,
      `websocket.creditBytes=${websocket.creditBytes}: must be at most ` +
        `websocket.stagingBytes=${websocket.stagingBytes}`,
    ),
  ({ websocket, ring }) =>
    unless(
      frameRingBytes(websocket.maxFrameBytes) <= ring.bytes / 2,
      `websocket.maxFrameBytes=${websocket.maxFrameBytes}: with the headers of ${MAX_FRAME_EVENTS} events must fit ` +
        `half of ring.bytes=${ring.bytes}`,
    ),
  ({ http, websocket }) =>
    unless(
      http.maxEventBytes <= websocket.maxFrameBytes,
      `http.maxEventBytes=${http.maxEventBytes}: must be at most websocket.maxFrameBytes=${websocket.maxFrameBytes}`,
    ),
  ({ http }) =>
    unless(
      http.allowedOrigins.length <= 1 || !http.allowedOrigins.includes('*'),
      `http.allowedOrigins=${JSON.stringify(http.allowedOrigins)}: * must stand alone`,
    ),
  ({ http, admin }) =>
    unless(
      http.port === 0 || http.port !== admin.port || http.host !== admin.host,
      `admin.port=${admin.port}: must differ from http.port=${http.port} on the same host`,
    ),
  ({ workers, partitions }) =>
    unless(
      partitions === 0 || workers <= partitions,
      `workers=${workers}: must be at most partitions=${partitions}, a worker without a partition has nothing to do`,
    ),
];

/** @param unclear settings and sections with a mistake of their own: what a rule says of those is not told */
export function contradictionsOf(config: ConfigShape, unclear: ReadonlySet<string> = new Set()): string[] {
  if (unclear.has(EVERYTHING)) return [];
  const lines: string[] = [];
  for (const rule of RULES) {
    const read = new Set<string>();
    const line = rule(noting(config, read, ''));
    if (line !== undefined && ![...read].some((path) => unclear.has(path))) lines.push(line);
  }
  return lines;
}

/** The same object; what is read of it, section and setting, is noted. */
function noting<T extends object>(object: T, read: Set<string>, prefix: string): T {
  return new Proxy(object, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof name !== 'string') return value;
      read.add(prefix + name);
      const isSection = prefix === '' && typeof value === 'object' && value !== null;
      return isSection ? noting(value, read, `${name}.`) : value;
    },
  });
}

function unless(isFine: boolean, line: string): string | undefined {
  return isFine ? undefined : line;
}

/** The most one frame takes on one ring: every event of it for the same partition. */
function frameRingBytes(frameBytes: number): number {
  return frameBytes + MAX_FRAME_EVENTS * (RECORD_OVERHEAD_BYTES + 8);
}
