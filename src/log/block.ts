// data plane
import { crc32 } from 'node:zlib';
import { assert } from '../base/assert.ts';

/**
 * A block: what is written and flushed together. Little endian; a block starts on a page of the file and is written
 * with zeros up to the next page.
 *
 * ```
 *   0         4       8         12       16        17     18          20            24      28         32
 *   +---------+-------+---------+--------+---------+------+-----------+-------------+-------+----------+
 *   | "MOKB"  | crc32 | prevCrc | length | version | kind | partition | recordCount | epoch | sequence |
 *   +---------+-------+---------+--------+---------+------+-----------+-------------+-------+----------+
 *   | firstOffset f64 | logTime f64      | durableThrough f64         | position      | flushedTo      |
 *   +-----------------+------------------+----------------------------+---------------+----------------+ 64
 *   | records (see record/layout), back to back …                                                      |
 *   +--------------------------------------------------------------------------------------------------+ length
 * ```
 * - `crc32` covers bytes 8 to `length` and starts from the log's salt, a secret number: nobody outside can put
 *   something into an order that reads as a block.
 * - `prevCrc` is the `crc32` of the block before it in the log (0 before the first): the chain.
 * - `length` counts header and records, a multiple of 8.
 * - `epoch` is raised at every open; `sequence` is that of the segment, `position` the block's own place in its file: a
 *   block left over from an earlier use of the slot, or written to the wrong place, names itself.
 * - `logTime` never falls, in ms.
 * - `durableThrough` is the last offset known to be flushed when the block was sealed (-1: none), and `flushedTo` the
 *   position in this file below which all was flushed: the proof that what stands before was acknowledged.
 *
 * A block of kind `CHAINED` is part of the log; without records it carries an epoch and takes no offset. A block of
 * kind `TAIL` is a note after the last block: it says that what stands before it is flushed, is not part of the chain,
 * and the next block is written over it.
 */
export const BLOCK_HEADER_BYTES = 64;
export const BLOCK_VERSION = 1;
export const BLOCK_MAGIC = 0x424b4f4d;

/** A write never touches a page that holds acknowledged bytes, and a full page needs no read before it is written. */
export const PAGE_BYTES = 4096;
export const BLOCK_CHAINED = 0;
export const BLOCK_TAIL = 1;

/** Greatest `maxBlockBytes`; a length beyond it in a header is rot. */
export const MAX_BLOCK_BYTES = 16 * 1024 * 1024;

const MAGIC_WORD = 0;
const CRC_WORD = 1;
const PREV_CRC_WORD = 2;
const LENGTH_WORD = 3;
const KIND_WORD = 4;
const KIND_BYTE = 17;
const RECORD_COUNT_WORD = 5;
const EPOCH_WORD = 6;
const SEQUENCE_WORD = 7;
const FIRST_OFFSET_DOUBLE = 4;
const LOG_TIME_DOUBLE = 5;
const DURABLE_THROUGH_DOUBLE = 6;
const POSITION_WORD = 14;
const FLUSHED_TO_WORD = 15;
const CRC_START = 8;

/** Results of `Block.check`. */
export const BLOCK_OK = 0;
export const BLOCK_BLANK = -1;
export const BLOCK_MALFORMED = -2;
export const BLOCK_CORRUPT = -3;
export const BLOCK_MISPLACED = -4;

export function pageAlign(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

/**
 * The memory of one block, filled by the partition and written by the log, or filled from a file and read. Records
 * start at `BLOCK_HEADER_BYTES`; whoever appends writes at `length` and then raises `length` (a multiple of 8) and
 * `recordCount`. The fields are the truth while a block is open; `seal` writes them to the header.
 */
export class Block {
  readonly capacity: number;
  readonly u8: Buffer;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  length = BLOCK_HEADER_BYTES;
  recordCount = 0;
  firstOffset = 0;
  logTime = 0;
  epoch = 0;
  sequence = 0;
  position = 0;
  crc = 0;
  prevCrc = 0;
  durableThrough = -1;
  flushedTo = 0;
  kind = BLOCK_CHAINED;

  constructor(capacity: number) {
    assert(capacity >= BLOCK_HEADER_BYTES && capacity <= MAX_BLOCK_BYTES, `block capacity=${capacity}`);
    const memory = new ArrayBuffer(pageAlign(capacity));
    this.capacity = capacity;
    this.u8 = Buffer.from(memory);
    this.u32 = new Uint32Array(memory);
    this.f64 = new Float64Array(memory);
  }

  /** Empties the block; its first record will take `firstOffset`. */
  reset(firstOffset: number): void {
    this.length = BLOCK_HEADER_BYTES;
    this.recordCount = 0;
    this.firstOffset = firstOffset;
    this.logTime = 0;
    this.epoch = 0;
    this.sequence = 0;
    this.position = 0;
    this.crc = 0;
    this.prevCrc = 0;
    this.durableThrough = -1;
    this.flushedTo = 0;
    this.kind = BLOCK_CHAINED;
  }

  /** Byte index of the first record. */
  get start(): number {
    return BLOCK_HEADER_BYTES;
  }

  /** Offset of the last record, or one less than `firstOffset`. */
  get lastOffset(): number {
    return this.firstOffset + this.recordCount - 1;
  }

  get remainingBytes(): number {
    return this.capacity - this.length;
  }

  /** Writes the header from the fields, zeros up to the page, and the CRC. Returns the bytes to write. */
  seal(partition: number, salt: number): number {
    const { u8, u32, f64, length } = this;
    const writtenLength = pageAlign(length);
    u8.fill(0, length, writtenLength);
    u32[MAGIC_WORD] = BLOCK_MAGIC;
    u32[PREV_CRC_WORD] = this.prevCrc;
    u32[LENGTH_WORD] = length;
    u32[KIND_WORD] = BLOCK_VERSION | (this.kind << 8) | (partition << 16);
    u32[RECORD_COUNT_WORD] = this.recordCount;
    u32[EPOCH_WORD] = this.epoch;
    u32[SEQUENCE_WORD] = this.sequence;
    f64[FIRST_OFFSET_DOUBLE] = this.firstOffset;
    f64[LOG_TIME_DOUBLE] = this.logTime;
    f64[DURABLE_THROUGH_DOUBLE] = this.durableThrough;
    u32[POSITION_WORD] = this.position;
    u32[FLUSHED_TO_WORD] = this.flushedTo;
    this.crc = crc32(u8.subarray(CRC_START, length), salt);
    u32[CRC_WORD] = this.crc;
    return writtenLength;
  }

  /**
   * Takes the fields over from the header in memory. Only the header needs to be there: the answer says whether it can
   * be the header of a block at this place, and `length` how much more has to be read before `isIntact`.
   */
  readHeader(partition: number, sequence: number, position: number, availableBytes: number): number {
    const { u8, u32, f64 } = this;
    if (u32[MAGIC_WORD] !== BLOCK_MAGIC) return BLOCK_BLANK;
    const length = u32[LENGTH_WORD] as number;
    this.length = length;
    this.crc = u32[CRC_WORD] as number;
    this.prevCrc = u32[PREV_CRC_WORD] as number;
    this.recordCount = u32[RECORD_COUNT_WORD] as number;
    this.epoch = u32[EPOCH_WORD] as number;
    this.sequence = u32[SEQUENCE_WORD] as number;
    this.firstOffset = f64[FIRST_OFFSET_DOUBLE] as number;
    this.logTime = f64[LOG_TIME_DOUBLE] as number;
    this.durableThrough = f64[DURABLE_THROUGH_DOUBLE] as number;
    this.position = u32[POSITION_WORD] as number;
    this.flushedTo = u32[FLUSHED_TO_WORD] as number;
    this.kind = u8[KIND_BYTE] as number;
    if (length < BLOCK_HEADER_BYTES || length > availableBytes || length > MAX_BLOCK_BYTES || length % 8 !== 0) {
      return BLOCK_MALFORMED;
    }
    if (u32[KIND_WORD] !== (BLOCK_VERSION | (this.kind << 8) | (partition << 16))) return BLOCK_MALFORMED;
    if (this.kind > BLOCK_TAIL) return BLOCK_MALFORMED;
    if (this.sequence !== sequence || this.position !== position) return BLOCK_MISPLACED;
    return BLOCK_OK;
  }

  /** Whether the CRC fits; all `length` bytes must be in memory. */
  isIntact(salt: number): boolean {
    return crc32(this.u8.subarray(CRC_START, this.length), salt) === this.crc;
  }
}
