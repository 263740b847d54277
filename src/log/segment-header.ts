import { crc32 } from 'node:zlib';
import { PAGE_BYTES } from './block.ts';

/**
 * The first page of a slot that a segment lives in, written with the segment's first block. Little endian; zeros after
 * it.
 *
 * ```
 *   0         4       8         10          12         16      20        24          32            40          48
 *   +---------+-------+---------+-----------+----------+-------+---------+-----------+-------------+-----------+
 *   | "MOKS"  | crc32 | version | partition | sequence | epoch | prevCrc | slotBytes | firstOffset | logTime   |
 *   +---------+-------+---------+-----------+----------+-------+---------+-----------+-------------+-----------+
 * ```
 * `crc32` covers bytes 8 to 48 and starts from the log's salt. `sequence` counts segments from 1. `epoch`,
 * `firstOffset` and `logTime` are those of the first block, `prevCrc` the CRC of the last block of the segment before:
 * a segment is entered only when everything before it is flushed, so its header proves where the one before ends.
 *
 * A slot whose segment was let go has the same page with "MOKF" and zeros for the rest of the 48 bytes: it is free,
 * also for a process that does not know any more that it was trimmed.
 */
export interface SegmentHeader {
  readonly partition: number;
  readonly sequence: number;
  readonly epoch: number;
  readonly prevCrc: number;
  readonly slotBytes: number;
  readonly firstOffset: number;
  readonly logTime: number;
}

export const SEGMENT_VERSION = 1;
export const SEGMENT_HEADER_BYTES = 48;
/** Position of the first block. */
export const SEGMENT_DATA_POSITION = PAGE_BYTES;

const MAGIC = 0x534b4f4d;
const FREE_MAGIC = 0x464b4f4d;
const CRC_START = 8;

export function writeSegmentHeader(page: Uint8Array, header: SegmentHeader, salt: number): void {
  page.fill(0, 0, PAGE_BYTES);
  const view = new DataView(page.buffer, page.byteOffset, PAGE_BYTES);
  view.setUint32(0, MAGIC, true);
  view.setUint16(8, SEGMENT_VERSION, true);
  view.setUint16(10, header.partition, true);
  view.setUint32(12, header.sequence, true);
  view.setUint32(16, header.epoch, true);
  view.setUint32(20, header.prevCrc, true);
  view.setFloat64(24, header.slotBytes, true);
  view.setFloat64(32, header.firstOffset, true);
  view.setFloat64(40, header.logTime, true);
  view.setUint32(4, crc32(page.subarray(CRC_START, SEGMENT_HEADER_BYTES), salt), true);
}

/** The first page of a slot that holds nothing any more. */
export function writeFreeHeader(page: Uint8Array, salt: number): void {
  page.fill(0, 0, PAGE_BYTES);
  const view = new DataView(page.buffer, page.byteOffset, PAGE_BYTES);
  view.setUint32(0, FREE_MAGIC, true);
  view.setUint32(4, crc32(page.subarray(CRC_START, SEGMENT_HEADER_BYTES), salt), true);
}

/**
 * - `blank`: never used, all zeros as preallocated.
 * - `free`: used once, and let go.
 * - `unreadable`: anything else that is not a header of this log: torn, rotten, or not ours.
 */
export type HeaderReading =
  | { readonly kind: 'valid'; readonly header: SegmentHeader }
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'blank' | 'free' }
  | { readonly kind: 'unreadable' };

export function readSegmentHeader(page: Uint8Array, partition: number, salt: number): HeaderReading {
  const view = new DataView(page.buffer, page.byteOffset, PAGE_BYTES);
  const magic = view.getUint32(0, true);
  if (magic === 0 && page.every((byte) => byte === 0)) return { kind: 'blank' };
  if (magic !== MAGIC && magic !== FREE_MAGIC) return { kind: 'unreadable' };
  if (crc32(page.subarray(CRC_START, SEGMENT_HEADER_BYTES), salt) !== view.getUint32(4, true)) {
    return { kind: 'unreadable' };
  }
  if (magic === FREE_MAGIC) return { kind: 'free' };
  const version = view.getUint16(8, true);
  if (version !== SEGMENT_VERSION) return { kind: 'version', version };
  if (view.getUint16(10, true) !== partition) return { kind: 'unreadable' };
  return {
    kind: 'valid',
    header: {
      partition,
      sequence: view.getUint32(12, true),
      epoch: view.getUint32(16, true),
      prevCrc: view.getUint32(20, true),
      slotBytes: view.getFloat64(24, true),
      firstOffset: view.getFloat64(32, true),
      logTime: view.getFloat64(40, true),
    },
  };
}
