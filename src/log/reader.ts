import { BLOCK_OK, BLOCK_TAIL, type Block, pageAlign } from './block.ts';
import { BlockReader, SCAN_AHEAD_BYTES } from './block-reader.ts';
import { Chain } from './chain.ts';
import type { Disk, DiskFile } from './disk.ts';
import { type LogIdentity, readLogIdentity } from './log-identity.ts';
import { lookOnInSegment, lookOnInUnusedSlots } from './look-on.ts';
import { RecordFinder, type RecordView } from './record-finder.ts';
import type { Segment } from './segment.ts';
import { SEGMENT_DATA_POSITION } from './segment-header.ts';
import { readSlotDirectory, type SlotDirectory } from './slot-directory.ts';

/**
 * Why there is no further block.
 *
 * - `confirmed`: the log says itself that this is its end.
 * - `open`: nothing stands there, or a torn block that nobody was told about. The last block may be one of these.
 * - `damaged`: something that was acknowledged cannot be read; `detail` says what proves it.
 */
export interface LogEnd {
  readonly kind: 'confirmed' | 'open' | 'damaged';
  readonly nextOffset: number;
  readonly path: string;
  readonly position: number;
  readonly detail: string;
}

export interface LogStart {
  readonly offset?: number;
  /** Log time in ms. */
  readonly time?: number;
}

/**
 * Reads a log from outside, every CRC and the whole chain checked, and never writes: for people, checkers and copies.
 * A log in use may be read too; what is trimmed meanwhile then looks damaged.
 *
 * Legal order: `open`, `next` until null, `end`, `close`.
 */
export class LogReader {
  readonly identity: LogIdentity;
  /** Where reading stopped; null while there may be more. */
  end: LogEnd | null = null;
  /** Blocks without records included. */
  blockCount = 0;
  recordCount = 0;
  private readonly disk: Disk;
  private readonly slots: SlotDirectory;
  private readonly reader: BlockReader;
  private readonly chain = new Chain();
  private readonly fromOffset: number;
  private readonly fromTime: number;
  private index: number;
  private file: DiskFile | null = null;
  private position = SEGMENT_DATA_POSITION;

  /**
   * @returns null if there is no log in this directory
   * @throws ERR_LOG_DAMAGED, ERR_DATA_VERSION
   */
  static open(disk: Disk, directory: string, partition: number, start: LogStart = {}): LogReader | null {
    const identity = readLogIdentity(disk, directory, partition);
    return identity === null ? null : new LogReader(disk, directory, identity, start);
  }

  private constructor(disk: Disk, directory: string, identity: LogIdentity, start: LogStart) {
    this.disk = disk;
    this.identity = identity;
    this.slots = readSlotDirectory(disk, directory, identity);
    this.reader = new BlockReader(identity.partition, identity.salt, SCAN_AHEAD_BYTES, SCAN_AHEAD_BYTES);
    this.fromOffset = start.offset ?? 0;
    this.fromTime = start.time ?? 0;
    this.index = this.startIndex();
    const first = this.slots.segments[this.index];
    if (first === undefined) this.end = this.endAt('open', directory, 0, 'no segment');
    else this.enter(first, true);
  }

  get firstOffset(): number {
    return this.slots.segments[0]?.header.firstOffset ?? 0;
  }

  /** Bytes of all retained segments: what a progress bar counts towards. */
  get retainedBytes(): number {
    return this.slots.segments.reduce((bytes, segment) => bytes + segment.header.slotBytes, 0);
  }

  /** Bytes of them that were read or skipped. */
  get passedBytes(): number {
    const passed = this.slots.segments.slice(0, this.index);
    return passed.reduce((bytes, segment) => bytes + segment.header.slotBytes, 0) + this.position;
  }

  /**
   * The next block with a record at or after the start; its memory is reused. Null at the end, which `end` explains.
   */
  next(): Block | null {
    while (this.end === null) {
      const code = this.reader.read(this.position);
      const { block } = this.reader;
      if (code !== BLOCK_OK || block.kind === BLOCK_TAIL || !this.chain.fits(block)) {
        this.leaveSegment(code === BLOCK_OK && block.kind === BLOCK_TAIL);
        continue;
      }
      this.chain.follow(block);
      this.position += pageAlign(block.length);
      this.blockCount += 1;
      this.recordCount += block.recordCount;
      const isWanted = block.lastOffset >= this.fromOffset && block.logTime >= this.fromTime;
      if (block.recordCount > 0 && isWanted) return block;
    }
    return null;
  }

  /** Every record at or after the start. A view is good until the next one. */
  *records(): Generator<RecordView, void, undefined> {
    const finder = new RecordFinder(this.reader.block);
    for (let block = this.next(); block !== null; block = this.next()) {
      finder.forget();
      const first = Math.max(block.firstOffset, this.fromOffset);
      for (let offset = first; offset <= block.lastOffset; offset++) yield finder.find(block, offset);
    }
  }

  close(): void {
    this.file?.closeSync();
    this.file = null;
  }

  /** The last segment that begins at or before the start. */
  private startIndex(): number {
    let start = 0;
    this.slots.segments.forEach(({ header }, index) => {
      if (header.firstOffset <= this.fromOffset && this.fromOffset > 0) start = index;
      if (header.logTime < this.fromTime) start = index;
    });
    return start;
  }

  private enter(segment: Segment, isFirst: boolean): void {
    this.close();
    this.file = this.disk.openSync(segment.path, 'read');
    this.reader.attach(this.file, segment.header.sequence, segment.header.slotBytes);
    this.position = SEGMENT_DATA_POSITION;
    if (isFirst) this.chain.startAt(segment.header);
    else this.chain.enter(segment.header);
  }

  private leaveSegment(isConfirmed: boolean): void {
    const { chain, reader, position, slots, disk } = this;
    const segment = slots.segments[this.index] as Segment;
    const next = slots.segments[this.index + 1];
    if (next !== undefined && chain.joins(next.header)) {
      this.index += 1;
      return this.enter(next, false);
    }
    if (next !== undefined) {
      const detail = `later-segment path=${next.path} firstOffset=${next.header.firstOffset}`;
      this.end = this.endAt('damaged', segment.path, position, detail);
      return;
    }
    const proof =
      lookOnInSegment(reader, segment, position, chain) ??
      lookOnInUnusedSlots(disk, reader, slots.unused, segment.header.sequence, chain);
    const kind = proof !== null ? 'damaged' : isConfirmed ? 'confirmed' : 'open';
    this.end = this.endAt(kind, segment.path, position, proof ?? '');
  }

  private endAt(kind: LogEnd['kind'], path: string, position: number, detail: string): LogEnd {
    return { kind, nextOffset: this.chain.nextOffset, path, position, detail };
  }
}
