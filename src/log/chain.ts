import type { Block } from './block.ts';
import type { SegmentHeader } from './segment-header.ts';

/** What the next block of the log must fit: the CRC chain, no gap in offsets, no epoch and no time that goes back. */
export class Chain {
  crc = 0;
  nextOffset = 0;
  epoch = 0;
  logTime = 0;
  /** The last offset that some block says was flushed. */
  durableThrough = -1;

  /** Starts at a segment whose past is not read. */
  startAt(header: SegmentHeader): void {
    this.crc = header.prevCrc;
    this.nextOffset = header.firstOffset;
    this.epoch = header.epoch;
    this.logTime = header.logTime;
    this.durableThrough = header.firstOffset - 1;
  }

  fits(block: Block): boolean {
    return (
      block.prevCrc === this.crc &&
      block.firstOffset === this.nextOffset &&
      block.epoch >= this.epoch &&
      block.logTime >= this.logTime
    );
  }

  follow(block: Block): void {
    this.crc = block.crc;
    this.nextOffset = block.firstOffset + block.recordCount;
    this.epoch = block.epoch;
    this.logTime = block.logTime;
    this.durableThrough = block.durableThrough;
  }

  /** Whether a segment with this header goes on exactly where the chain stands. */
  joins(header: SegmentHeader): boolean {
    return header.prevCrc === this.crc && header.firstOffset === this.nextOffset && header.epoch >= this.epoch;
  }

  /** Goes on into a segment that joins; its first block, which these come from, may be torn. */
  enter(header: SegmentHeader): void {
    this.epoch = header.epoch;
    this.logTime = Math.max(this.logTime, header.logTime);
  }
}
