import type { Block } from './block.ts';
import { BlockReader, SCAN_AHEAD_BYTES } from './block-reader.ts';
import { logDamaged } from './damage.ts';
import type { Disk } from './disk.ts';
import type { LogIdentity } from './log-identity.ts';
import type { Segment } from './segment.ts';
import { SegmentCursor } from './segment-cursor.ts';

/**
 * Visits the blocks of these segments that hold records, from the one with `fromOffset` on.
 * @throws ERR_LOG_DAMAGED, also when the oldest segment begins after that offset
 */
export function replaySegments(
  disk: Disk,
  identity: LogIdentity,
  segments: readonly Segment[],
  fromOffset: number,
  visit: (block: Block) => void,
): void {
  const { partition, salt } = identity;
  const oldest = segments[0];
  if (oldest !== undefined && fromOffset < oldest.header.firstOffset) {
    const place = { partition, path: oldest.path, position: 0, offset: fromOffset };
    throw logDamaged({ ...place, evidence: `log-begins-later firstOffset=${oldest.header.firstOffset}` });
  }
  const cursor = new SegmentCursor(
    disk,
    new BlockReader(partition, salt, SCAN_AHEAD_BYTES, SCAN_AHEAD_BYTES),
    partition,
  );
  try {
    for (const segment of segments) {
      if (segment.endOffset <= fromOffset) continue;
      cursor.enter(segment, segment.index.positionOfOffset(fromOffset));
      while (cursor.next()) {
        const { block } = cursor;
        if (block.recordCount > 0 && block.lastOffset >= fromOffset) visit(block);
      }
    }
  } finally {
    cursor.leave();
  }
}

/** The first offset whose block is not older than this log time; the offset after the last one if all are. */
export function findOffsetOfTime(
  disk: Disk,
  identity: LogIdentity,
  segments: readonly Segment[],
  time: number,
): number {
  const { partition, salt } = identity;
  const segment = segments.findLast(({ header }) => header.logTime < time);
  if (segment === undefined) return segments[0]?.header.firstOffset ?? 0;
  const cursor = new SegmentCursor(
    disk,
    new BlockReader(partition, salt, SCAN_AHEAD_BYTES, SCAN_AHEAD_BYTES),
    partition,
  );
  try {
    cursor.enter(segment, segment.index.positionBeforeTime(time));
    while (cursor.next()) {
      if (cursor.block.recordCount > 0 && cursor.block.logTime >= time) return cursor.block.firstOffset;
    }
    return segment.endOffset;
  } finally {
    cursor.leave();
  }
}
