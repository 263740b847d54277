// data plane
import { BLOCK_CHAINED, BLOCK_TAIL, Block, PAGE_BYTES } from './block.ts';
import type { Chain } from './chain.ts';
import type { Disk, DiskFile, OpenMode } from './disk.ts';
import type { LogIdentity } from './log-identity.ts';
import { Segment } from './segment.ts';
import { type SegmentHeader, writeSegmentHeader } from './segment-header.ts';
import type { Slot } from './segment-slots.ts';

/** What the end of the log needs from the log around it. */
export interface TailHost {
  /**
   * The slot for the next segment; called only when a block does not fit the present one.
   * @throws the error of the system when none stands ready and none can be made
   */
  takeSlot(): Slot;
  segmentBegun(segment: Segment): void;
}

/** The end of the log: the segment it goes on in, its files, and what the next block must carry to fit. */
export class LogTail {
  segment: Segment | null = null;
  readonly epoch: number;
  lastLogTime: number;
  durableThrough: number;
  /** First page of the segment that a rolling block begins. */
  readonly headerPage = new Uint8Array(PAGE_BYTES);
  /** Blocks are written here. */
  file: DiskFile | null = null;
  /** The same file for a note that needs no flush. */
  side: DiskFile | null = null;
  private readonly disk: Disk;
  private readonly identity: LogIdentity;
  private readonly host: TailHost;
  private readonly fileMode: OpenMode;
  private readonly note = new Block(PAGE_BYTES);
  private chainCrc: number;

  /** @param chain as it stands after recovery; the epoch is raised here */
  constructor(disk: Disk, identity: LogIdentity, host: TailHost, fileMode: OpenMode, chain: Chain) {
    this.disk = disk;
    this.identity = identity;
    this.host = host;
    this.fileMode = fileMode;
    this.chainCrc = chain.crc;
    this.epoch = chain.epoch + 1;
    this.lastLogTime = chain.logTime;
    this.durableThrough = chain.nextOffset - 1;
  }

  /** Bytes left in the segment. */
  get room(): number {
    return this.segment === null ? 0 : this.segment.header.slotBytes - this.segment.endPosition;
  }

  /**
   * Gives a block its place and seals it; true if it begins a segment, whose `headerPage` is then to be written before
   * it.
   */
  place(block: Block, writtenLength: number): boolean {
    const isRolling = this.room < writtenLength;
    if (isRolling) this.roll(block);
    block.kind = BLOCK_CHAINED;
    this.seal(block, isRolling ? 0 : (this.segment as Segment).endPosition);
    return isRolling;
  }

  /** A block that stands flushed at its place. */
  append(block: Block, writtenLength: number): void {
    const segment = this.segment as Segment;
    segment.index.add(block.firstOffset, block.position, block.logTime);
    segment.endPosition = block.position + writtenLength;
    segment.endOffset = block.firstOffset + block.recordCount;
    segment.lastLogTime = block.logTime;
    this.chainCrc = block.crc;
    this.lastLogTime = block.logTime;
    this.durableThrough = block.lastOffset;
  }

  /** An empty block for the chain, of one page: it carries the epoch. */
  epochMarker(): Block {
    this.note.reset(this.durableThrough + 1);
    this.note.logTime = this.lastLogTime;
    return this.note;
  }

  /** The note that all before it is flushed, sealed, of one page; null when the segment has no page left. */
  tailNote(): Block | null {
    if (this.room < PAGE_BYTES) return null;
    const note = this.epochMarker();
    note.kind = BLOCK_TAIL;
    this.seal(note, (this.segment as Segment).endPosition);
    return note;
  }

  enter(segment: Segment): void {
    this.segment = segment;
    this.file = this.disk.openSync(segment.path, this.fileMode);
    this.side = this.disk.openSync(segment.path, 'write');
  }

  leave(): void {
    this.file?.closeSync();
    this.side?.closeSync();
    this.file = null;
    this.side = null;
  }

  private seal(block: Block, flushedTo: number): void {
    const segment = this.segment as Segment;
    block.epoch = this.epoch;
    block.sequence = segment.header.sequence;
    block.position = segment.endPosition;
    block.prevCrc = this.chainCrc;
    block.durableThrough = this.durableThrough;
    block.flushedTo = flushedTo;
    block.seal(this.identity.partition, this.identity.salt);
  }

  private roll(block: Block): void {
    const slot = this.host.takeSlot();
    const header: SegmentHeader = {
      partition: this.identity.partition,
      sequence: (this.segment?.header.sequence ?? 0) + 1,
      epoch: this.epoch,
      prevCrc: this.chainCrc,
      slotBytes: slot.slotBytes,
      firstOffset: block.firstOffset,
      logTime: block.logTime,
    };
    writeSegmentHeader(this.headerPage, header, this.identity.salt);
    const segment = new Segment(slot.path, header);
    this.leave();
    this.enter(segment);
    this.host.segmentBegun(segment);
  }
}
