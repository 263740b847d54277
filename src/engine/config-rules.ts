import { isPowerOfTwo } from '../base/bits.ts';
import { KIB, MAX_FRAME_EVENTS } from '../base/limits.ts';
import { recordLength } from '../record/layout.ts';
import type { ConfigShape } from './config-schema.ts';

/**
 * What two settings must not say together. Each rule returns a line that names both, or nothing. Checked only when
 * every setting by itself is allowed.
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

export function contradictionsOf(config: ConfigShape): string[] {
  return RULES.map((rule) => rule(config)).filter((line) => line !== undefined);
}

function unless(isFine: boolean, line: string): string | undefined {
  return isFine ? undefined : line;
}

/** The most one frame takes on one ring: every event of it for the same partition. */
function frameRingBytes(frameBytes: number): number {
  return frameBytes + MAX_FRAME_EVENTS * (RECORD_OVERHEAD_BYTES + 8);
}
