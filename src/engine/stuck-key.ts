import type { Disk } from '../log/disk.ts';
import { LogReader } from '../log/reader.ts';
import { INTAKE_EVENT_COUNT, INTAKE_HEADER_BYTES } from '../record/intake-message.ts';
import {
  RECORD_CODEC,
  RECORD_HEADER_BYTES,
  RECORD_KEY_HASH,
  RECORD_LENGTH,
  RECORD_STREAM_ID,
  RECORD_VALUE_LENGTH,
} from '../record/layout.ts';
import { EMPTY, SpscRing } from '../ring/spsc-ring.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import { type StreamRuntime, streamRuntimes } from '../worker/stream-runtime.ts';
import type { StuckUnit } from '../worker/stuck-notes.ts';
import { logDirectory } from './data-directory.ts';
import type { StuckLane } from './stuck-unit.ts';

/** Where a record stands. */
export interface Place {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly position: number;
}

/**
 * The key of a stuck event: its record is in the log, or still in the intake ring, which the stuck thread has not given back.
 * @returns null when it is found in neither, or the unit is no event
 */
export function findKey(
  disk: Disk,
  dataDir: string,
  { unit, partition, offset, isLogged }: StuckLane,
  topology: CompiledTopology,
  intake: SharedArrayBuffer,
): string | null {
  if (unit?.kind !== 'event' && unit?.kind !== 'examined') return null;
  const stream = streamRuntimes(topology)[unit.stream] as StreamRuntime;
  try {
    if (isLogged) return keyInLog(disk, logDirectory(dataDir, partition), partition, offset, stream);
    // Events of one key lie side by side in one ring: any of them tells the key.
    const found = findInRing(new SpscRing(intake), (place) => isOf(place, unit));
    return found === null ? null : keyOf(found, stream);
  } catch {
    // A report without a key says more than none.
    return null;
  }
}

function keyInLog(
  disk: Disk,
  directory: string,
  partition: number,
  offset: number,
  stream: StreamRuntime,
): string | null {
  const log = LogReader.open(disk, directory, partition, { offset });
  if (log === null) return null;
  try {
    for (const { view, position } of log.records()) return keyOf({ ...view, position }, stream);
    return null;
  } finally {
    log.close();
  }
}

/** @param isMeant asked of each event that the ring was not given back, with its number, from 1 */
export function findInRing(ring: SpscRing, isMeant: (place: Place, number: number) => boolean): Place | null {
  const { u8, u32 } = ring;
  let number = 0;
  for (let index = ring.poll(); index !== EMPTY; index = ring.poll()) {
    let position = index + INTAKE_HEADER_BYTES;
    const end = index + ring.polledLength;
    for (let left = u32[(index + INTAKE_EVENT_COUNT) >>> 2] as number; left > 0 && position < end; left--) {
      const place = { u8, u32, position };
      number += 1;
      if (isMeant(place, number)) return place;
      position += u32[(position + RECORD_LENGTH) >>> 2] as number;
    }
    ring.release();
  }
  return null;
}

export function streamIdAt({ u8, position }: Place): number {
  return (u8[position + RECORD_STREAM_ID] as number) | ((u8[position + RECORD_STREAM_ID + 1] as number) << 8);
}

function isOf(place: Place, { stream, keyLow, keyHigh }: Extract<StuckUnit, { kind: 'event' | 'examined' }>): boolean {
  const { u32, position } = place;
  const word = (position + RECORD_KEY_HASH) >>> 2;
  return streamIdAt(place) === stream && u32[word] === keyLow && u32[word + 1] === keyHigh;
}

function keyOf({ u8, u32, position }: Place, stream: StreamRuntime): string {
  const start = position + RECORD_HEADER_BYTES;
  const end = start + (u32[(position + RECORD_VALUE_LENGTH) >>> 2] as number);
  const bytes = new Uint8Array(u8.subarray(start, end));
  const decoder = stream.decoders[u8[position + RECORD_CODEC] as number];
  const event = decoder?.decode(Buffer.from(bytes), 0, bytes.length) as Record<string, unknown>;
  return String(event[stream.keyField]);
}
