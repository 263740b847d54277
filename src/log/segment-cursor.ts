// data plane
import { BLOCK_OK, BLOCK_TAIL, type Block, pageAlign } from './block.ts';
import type { BlockReader } from './block-reader.ts';
import { Chain } from './chain.ts';
import { logDamaged } from './damage.ts';
import type { Disk, DiskFile } from './disk.ts';
import type { Segment } from './segment.ts';
import { SEGMENT_DATA_POSITION } from './segment-header.ts';

/**
 * Reads the blocks of retained segments in order, each CRC and the chain between them checked. What it reads was found
 * or made durable before, so a block that does not fit is damage.
 */
export class SegmentCursor {
  private readonly disk: Disk;
  private readonly reader: BlockReader;
  private readonly partition: number;
  private readonly chain = new Chain();
  private file: DiskFile | null = null;
  private segment: Segment | null = null;
  private position = 0;
  private isChained = false;

  constructor(disk: Disk, reader: BlockReader, partition: number) {
    this.disk = disk;
    this.reader = reader;
    this.partition = partition;
  }

  get block(): Block {
    return this.reader.block;
  }

  /** Begins with the block at this position, as the index of the segment gave it, or with the first one. */
  enter(segment: Segment, position: number): void {
    const file = this.disk.openSync(segment.path, 'read');
    this.leave();
    this.file = file;
    this.reader.attach(file, segment.header.sequence, segment.header.slotBytes);
    this.segment = segment;
    this.position = position < 0 ? SEGMENT_DATA_POSITION : position;
    if (this.position === SEGMENT_DATA_POSITION) {
      this.chain.startAt(segment.header);
      this.isChained = true;
    } else {
      this.isChained = false;
    }
  }

  /**
   * Goes on to the block that holds this offset by the headers alone, the next `next` reads and checks it. A header
   * that lies leads to a block that does not fit, or to none.
   */
  seek(offset: number): void {
    const segment = this.segment as Segment;
    const { reader } = this;
    let position = this.position;
    while (position < segment.endPosition && reader.readHeader(position) === BLOCK_OK) {
      const { block } = reader;
      if (block.kind === BLOCK_TAIL || block.firstOffset + block.recordCount > offset) break;
      segment.index.add(block.firstOffset, position, block.logTime);
      position += pageAlign(block.length);
      this.isChained = false;
    }
    this.position = position;
  }

  leave(): void {
    this.file?.closeSync();
    this.file = null;
    this.segment = null;
  }

  /**
   * Reads the next block of the segment into `block`; false at its end.
   * @throws ERR_LOG_DAMAGED
   */
  next(): boolean {
    const segment = this.segment as Segment;
    const { reader, chain, position } = this;
    if (position >= segment.endPosition) return this.ended(segment);
    const code = reader.read(position);
    const { block } = reader;
    if (code === BLOCK_OK && !this.isChained) {
      chain.crc = block.prevCrc;
      chain.nextOffset = block.firstOffset;
      chain.epoch = block.epoch;
      chain.logTime = block.logTime;
      this.isChained = true;
    }
    if (code !== BLOCK_OK || block.kind === BLOCK_TAIL || !chain.fits(block)) return this.ended(segment);
    chain.follow(block);
    segment.index.add(block.firstOffset, position, block.logTime);
    this.position = position + pageAlign(block.length);
    return true;
  }

  /** A segment ends where its last record is; anything before that is missing. */
  private ended(segment: Segment): boolean {
    if (this.isChained && this.chain.nextOffset === segment.endOffset) return false;
    const place = { partition: this.partition, path: segment.path, position: this.position };
    throw logDamaged({
      ...place,
      offset: this.chain.nextOffset,
      evidence: `retained through=${segment.endOffset - 1}`,
    });
  }
}
