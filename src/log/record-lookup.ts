import { BlockReader, LOOKUP_AHEAD_BYTES } from './block-reader.ts';
import { logDamaged } from './damage.ts';
import type { Disk } from './disk.ts';
import type { LogIdentity } from './log-identity.ts';
import type { LogWriter } from './log-writer.ts';
import { RecordFinder, type RecordView } from './record-finder.ts';
import type { Segment } from './segment.ts';
import { SegmentCursor } from './segment-cursor.ts';

/** Finds single records: in the open block, in the one in flight, in the block read last, and then on disk. */
export class RecordLookup {
  private readonly identity: LogIdentity;
  private readonly writer: LogWriter;
  private readonly segments: readonly Segment[];
  private readonly finder: RecordFinder;
  private readonly cursor: SegmentCursor;
  private hasBlock = false;

  constructor(disk: Disk, identity: LogIdentity, writer: LogWriter, segments: readonly Segment[]) {
    this.identity = identity;
    this.writer = writer;
    this.segments = segments;
    this.finder = new RecordFinder(writer.open);
    const reader = new BlockReader(identity.partition, identity.salt, LOOKUP_AHEAD_BYTES, LOOKUP_AHEAD_BYTES);
    this.cursor = new SegmentCursor(disk, reader, identity.partition);
  }

  /** The record, or null if the log does not hold this offset (any more, or yet). */
  find(offset: number): RecordView | null {
    const { open, inFlight } = this.writer;
    if (offset >= open.firstOffset) return offset <= open.lastOffset ? this.finder.find(open, offset) : null;
    if (inFlight !== null && offset >= inFlight.firstOffset) return this.finder.find(inFlight, offset);
    const { block } = this.cursor;
    const isHere = this.hasBlock && offset >= block.firstOffset && offset <= block.lastOffset;
    if (!isHere && !this.readBlockOf(offset)) return null;
    return this.finder.find(this.cursor.block, offset);
  }

  private readBlockOf(offset: number): boolean {
    const segment = segmentOf(this.segments, offset);
    if (segment === null) return false;
    this.hasBlock = false;
    this.finder.forget();
    this.cursor.enter(segment, segment.index.positionOfOffset(offset));
    try {
      this.cursor.seek(offset);
      this.hasBlock = this.cursor.next();
    } finally {
      this.cursor.leave();
    }
    const { block } = this.cursor;
    if (this.hasBlock && offset >= block.firstOffset && offset <= block.lastOffset) return true;
    this.hasBlock = false;
    const place = { partition: this.identity.partition, path: segment.path, position: block.position };
    throw logDamaged({ ...place, offset, evidence: `retained through=${segment.endOffset - 1}` });
  }
}

/** The retained segment that holds this offset, or null. */
export function segmentOf(segments: readonly Segment[], offset: number): Segment | null {
  for (let index = segments.length - 1; index >= 0; index--) {
    const segment = segments[index] as Segment;
    if (offset >= segment.header.firstOffset) return offset < segment.endOffset ? segment : null;
  }
  return null;
}
