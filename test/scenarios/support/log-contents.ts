import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { NodeDisk } from '../../../src/log/node-disk.ts';
import { type LogEnd, LogReader } from '../../../src/log/reader.ts';
import {
  KIND_EVENT,
  RECORD_HEADER_BYTES,
  RECORD_KIND,
  RECORD_STREAM_ID,
  RECORD_VALUE_LENGTH,
} from '../../../src/record/layout.ts';

export interface LoggedEvent {
  readonly partition: number;
  readonly offset: number;
  readonly stream: number;
  /** The bytes as received. */
  readonly bytes: Buffer;
}

/**
 * Every event that came in from outside, as the logs of a data directory hold it, partition by partition, every checksum
 * checked. What partitions send each other, and ticks, are passed over.
 */
export function readLogs(data: string): LoggedEvent[] {
  return partitionsOf(data).flatMap((partition) => readLog(data, partition).events);
}

export function readLog(data: string, partition: number): { events: LoggedEvent[]; end: LogEnd | null } {
  const reader = LogReader.open(new NodeDisk(), join(data, 'log', String(partition)), partition);
  if (reader === null) return { events: [], end: null };
  const events: LoggedEvent[] = [];
  for (const { view, position, offset } of reader.records()) {
    if (view.u8[position + RECORD_KIND] !== KIND_EVENT) continue;
    const start = position + RECORD_HEADER_BYTES;
    const length = view.u32[(position + RECORD_VALUE_LENGTH) >>> 2] as number;
    const stream = view.u8.readUInt16LE(position + RECORD_STREAM_ID);
    events.push({ partition, offset, stream, bytes: Buffer.from(view.u8.subarray(start, start + length)) });
  }
  reader.close();
  return { events, end: reader.end };
}

function partitionsOf(data: string): number[] {
  return readdirSync(join(data, 'log'))
    .map(Number)
    .sort((a, b) => a - b);
}
