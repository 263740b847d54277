import type { Block } from '../log/block.ts';
import type { RecordView } from '../log/record-finder.ts';
import { parseJson } from '../record/json-decoder.ts';
import {
  CODEC_JSON,
  KIND_ANSWER,
  KIND_EVENT,
  KIND_MOVED,
  KIND_TICK,
  RECORD_CODEC,
  RECORD_EVENT_TIME,
  RECORD_HEADER_BYTES,
  RECORD_KIND,
  RECORD_STREAM_ID,
  RECORD_VALUE_LENGTH,
} from '../record/layout.ts';
import { parseMsgpack } from '../record/msgpack-decoder.ts';

/** A record for people and programs. */
export interface LogRecord {
  readonly event: 'record';
  readonly partition: number;
  readonly offset: number;
  readonly epoch: number;
  /** ISO 8601, as are all times here. */
  readonly logTime: string;
  readonly eventTime: string | null;
  readonly kind: string;
  /** Number of the stream in its topology. */
  readonly stream: number;
  /** Its name, where the data directory knows it. */
  readonly streamName: string | null;
  /** The value, or `null` with its bytes in `base64` when it does not read as what it says it is. */
  readonly value: unknown;
  readonly base64?: string;
}

const KINDS: Readonly<Record<number, string>> = {
  [KIND_EVENT]: 'event',
  [KIND_TICK]: 'tick',
  [KIND_MOVED]: 'moved',
  [KIND_ANSWER]: 'answer',
};

/** @param streamNames by number */
export function recordOf(
  partition: number,
  { view, position, offset }: RecordView,
  streamNames: readonly string[] = [],
): LogRecord {
  const { u8, u32, f64 } = view;
  const kind = u8[position + RECORD_KIND] as number;
  const eventTime = f64[(position + RECORD_EVENT_TIME) >>> 3] as number;
  const stream = u8.readUInt16LE(position + RECORD_STREAM_ID);
  const start = position + RECORD_HEADER_BYTES;
  const end = start + (u32[(position + RECORD_VALUE_LENGTH) >>> 2] as number);
  return {
    event: 'record',
    partition,
    offset,
    epoch: view.epoch,
    logTime: timeText(view.logTime),
    eventTime: kind === KIND_EVENT ? timeText(eventTime) : null,
    kind: KINDS[kind] ?? String(kind),
    stream,
    streamName: kind === KIND_EVENT ? (streamNames[stream] ?? null) : null,
    ...payloadOf(u8, start, end, u8[position + RECORD_CODEC] as number),
  };
}

function payloadOf(u8: Buffer, start: number, end: number, codec: number): { value: unknown; base64?: string } {
  if (start === end) return { value: null };
  try {
    return { value: codec === CODEC_JSON ? parseJson(u8, start, end) : parseMsgpack(u8, start, end) };
  } catch {
    return { value: null, base64: u8.toString('base64', start, end) };
  }
}

export function recordLine(record: LogRecord): string {
  const { partition, offset, logTime, kind, stream, streamName, value, base64 } = record;
  return `${partition}:${offset}  ${logTime}  ${kind} stream=${streamName ?? stream}  ${base64 ?? JSON.stringify(value)}`;
}

/** A block without its records, for people and programs. */
export interface LogBlock {
  readonly event: 'block';
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly records: number;
  readonly bytes: number;
  readonly epoch: number;
  readonly logTime: string;
  readonly durableThrough: number;
  readonly segment: number;
  readonly position: number;
  readonly crc: string;
}

export function blockOf(partition: number, block: Block): LogBlock {
  return {
    event: 'block',
    partition,
    firstOffset: block.firstOffset,
    lastOffset: block.lastOffset,
    records: block.recordCount,
    bytes: block.length,
    epoch: block.epoch,
    logTime: timeText(block.logTime),
    durableThrough: block.durableThrough,
    segment: block.sequence,
    position: block.position,
    crc: block.crc.toString(16).padStart(8, '0'),
  };
}

export function blockLine(block: LogBlock): string {
  const { partition, firstOffset, lastOffset, records, bytes, epoch, logTime, durableThrough, segment, position } =
    block;
  const place = `segment=${segment} position=${position} crc=${block.crc}`;
  return `${partition}:${firstOffset}-${lastOffset}  ${logTime}  records=${records} bytes=${bytes} epoch=${epoch} durableThrough=${durableThrough} ${place}`;
}

/** Times that no calendar has, out of a damaged or foreign file, stay numbers. */
function timeText(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}
