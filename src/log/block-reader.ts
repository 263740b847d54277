// data plane
import { BLOCK_BLANK, BLOCK_CORRUPT, BLOCK_HEADER_BYTES, BLOCK_OK, Block, MAX_BLOCK_BYTES } from './block.ts';
import type { DiskFile } from './disk.ts';

/** One read of the file serves many small blocks. */
export const SCAN_AHEAD_BYTES = 1024 * 1024;
/** For single look-ups: a record is wanted, not a segment. */
export const LOOKUP_AHEAD_BYTES = 64 * 1024;

/**
 * Reads blocks of one segment at a time out of its file, through one read-ahead buffer. `block` is the one memory all
 * of them are read into; it is replaced by a larger one when a block needs that.
 */
export class BlockReader {
  block: Block;
  private readonly partition: number;
  private readonly salt: number;
  private readonly ahead: Buffer;
  private aheadStart = 0;
  private aheadLength = 0;
  private file: DiskFile | null = null;
  private sequence = 0;
  private slotBytes = 0;

  constructor(partition: number, salt: number, blockBytes: number, aheadBytes: number) {
    this.partition = partition;
    this.salt = salt;
    this.ahead = Buffer.from(new ArrayBuffer(aheadBytes));
    this.block = new Block(blockBytes);
  }

  /** Turns to another segment, or to the same one after it was written to. The file stays the caller's. */
  attach(file: DiskFile, sequence: number, slotBytes: number): void {
    this.file = file;
    this.sequence = sequence;
    this.slotBytes = slotBytes;
    this.aheadStart = 0;
    this.aheadLength = 0;
  }

  /** Reads and checks the block at this position into `block`: BLOCK_OK or what is wrong with it. */
  read(position: number): number {
    const code = this.readHeader(position);
    if (code !== BLOCK_OK) return code;
    const { length } = this.block;
    if (length > this.block.u8.length) {
      this.block = new Block(Math.min(length * 2, MAX_BLOCK_BYTES));
      this.readHeader(position);
    }
    const block = this.block;
    const start = position - this.aheadStart;
    if (start + length <= this.aheadLength) {
      this.ahead.copy(block.u8, BLOCK_HEADER_BYTES, start + BLOCK_HEADER_BYTES, start + length);
    } else {
      const bodyLength = length - BLOCK_HEADER_BYTES;
      const bodyPosition = position + BLOCK_HEADER_BYTES;
      const count = (this.file as DiskFile).readSync(block.u8, BLOCK_HEADER_BYTES, bodyLength, bodyPosition);
      if (count < bodyLength) return BLOCK_CORRUPT;
    }
    return block.isIntact(this.salt) ? BLOCK_OK : BLOCK_CORRUPT;
  }

  /** Reads the header alone; its CRC is not checked, so an answer drawn from it must not matter if it is wrong. */
  readHeader(position: number): number {
    if (position + BLOCK_HEADER_BYTES > this.slotBytes) return BLOCK_BLANK;
    if (position < this.aheadStart || position + BLOCK_HEADER_BYTES > this.aheadStart + this.aheadLength) {
      const length = Math.min(this.ahead.length, this.slotBytes - position);
      this.aheadStart = position;
      this.aheadLength = (this.file as DiskFile).readSync(this.ahead, 0, length, position);
      if (this.aheadLength < BLOCK_HEADER_BYTES) return BLOCK_BLANK;
    }
    const start = position - this.aheadStart;
    this.ahead.copy(this.block.u8, 0, start, start + BLOCK_HEADER_BYTES);
    return this.block.readHeader(this.partition, this.sequence, position, this.slotBytes - position);
  }
}
