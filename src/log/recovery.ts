import { failpoint } from '../base/failpoint.ts';
import { BLOCK_OK, BLOCK_TAIL, pageAlign } from './block.ts';
import { BlockReader, SCAN_AHEAD_BYTES } from './block-reader.ts';
import { Chain } from './chain.ts';
import { logDamaged } from './damage.ts';
import type { Disk } from './disk.ts';
import type { EpochStarts } from './epoch-starts.ts';
import type { LogIdentity } from './log-identity.ts';
import { lookOnInSegment, lookOnInUnusedSlots } from './look-on.ts';
import type { Segment } from './segment.ts';
import { SEGMENT_DATA_POSITION } from './segment-header.ts';
import { readSlotDirectory, type UnusedSlot } from './slot-directory.ts';

export interface RecoveredLog {
  /** Oldest first; the last one is where the log goes on. Empty: nothing was ever acknowledged. */
  readonly segments: Segment[];
  readonly unused: readonly UnusedSlot[];
  readonly nextSlotNumber: number;
  /** Stands after the last block. */
  readonly chain: Chain;
}

/**
 * Finds the end of the log and makes certain of it: reads the blocks from the checkpoint on, tells a torn tail from
 * damage, and puts the blocks that no later one proves flushed onto the medium once more, before anybody hears of them.
 * Changes nothing else: a crash in the middle leaves what it found, so it can begin again any number of times.
 *
 * @param epochs is told of every epoch that began in what is read
 * @throws ERR_LOG_DAMAGED, ERR_DATA_VERSION, and the system's error when the rewrite or its flush fails
 */
export function recoverLog(
  disk: Disk,
  directory: string,
  identity: LogIdentity,
  checkpointOffset: number,
  blockBytes: number,
  epochs: EpochStarts,
): RecoveredLog {
  removeHalfMadeSlots(disk, directory);
  const { segments, unused, nextNumber } = readSlotDirectory(disk, directory, identity);
  const reader = new BlockReader(identity.partition, identity.salt, blockBytes, SCAN_AHEAD_BYTES);
  const chain = new Chain();
  const { partition } = identity;
  let unprovenFrom = 0;
  const first = firstSegmentToRead(segments, checkpointOffset, partition);
  for (let index = first; index < segments.length; index++) {
    const segment = segments[index] as Segment;
    const next = segments[index + 1];
    const file = disk.openSync(segment.path, 'read');
    try {
      if (index === first) chain.startAt(segment.header);
      else chain.enter(segment.header);
      epochs.note(segment.header.firstOffset, segment.header.epoch);
      reader.attach(file, segment.header.sequence, segment.header.slotBytes);
      unprovenFrom = followSegment(reader, segment, chain, epochs);
      const evidence = next === undefined ? lookOnInSegment(reader, segment, segment.endPosition, chain) : null;
      const isJoined = next === undefined || chain.joins(next.header);
      if (isJoined && evidence === null) continue;
      throw logDamaged({
        partition,
        path: segment.path,
        position: segment.endPosition,
        offset: chain.nextOffset,
        evidence: evidence ?? `later-segment path=${next?.path} firstOffset=${next?.header.firstOffset}`,
      });
    } finally {
      file.closeSync();
    }
  }
  const tail = segments.at(-1);
  const evidence =
    lookOnInUnusedSlots(disk, reader, unused, tail?.header.sequence ?? 0, chain) ??
    (checkpointOffset >= chain.nextOffset ? `checkpoint offset=${checkpointOffset}` : null);
  if (evidence !== null) {
    const place = { path: tail?.path ?? directory, position: tail?.endPosition ?? 0 };
    throw logDamaged({ partition, ...place, offset: chain.nextOffset, evidence });
  }
  if (tail !== undefined) rewriteUnproven(disk, tail, unprovenFrom);
  disk.flushDirectorySync(directory);
  failpoint('recovery.after-flush');
  return { segments, unused, nextSlotNumber: nextNumber, chain };
}

/** Half-made slots of an earlier life hold nothing. */
function removeHalfMadeSlots(disk: Disk, directory: string): void {
  for (const name of disk.listSync(directory)) {
    if (name.startsWith('slot-') && name.endsWith('.tmp')) disk.removeSync(`${directory}/${name}`);
  }
}

/**
 * The last segment that begins at or before the offset after the checkpoint. Those before it get their ends from it.
 */
function firstSegmentToRead(segments: readonly Segment[], checkpointOffset: number, partition: number): number {
  if (segments.length === 0) return 0;
  const target = checkpointOffset + 1;
  const oldest = segments[0] as Segment;
  if (oldest.header.firstOffset > target) {
    const place = { partition, path: oldest.path, position: 0, offset: target };
    throw logDamaged({ ...place, evidence: `log-begins-after-checkpoint firstOffset=${oldest.header.firstOffset}` });
  }
  let first = 0;
  for (let index = 1; index < segments.length; index++) {
    const segment = segments[index] as Segment;
    const before = segments[index - 1] as Segment;
    before.endOffset = segment.header.firstOffset;
    before.endPosition = before.header.slotBytes;
    before.lastLogTime = segment.header.logTime;
    if (segment.header.firstOffset <= target) first = index;
  }
  return first;
}

/** Follows the chain through one segment; returns the position from which on no block proves the others flushed. */
function followSegment(reader: BlockReader, segment: Segment, chain: Chain, epochs: EpochStarts): number {
  let position = SEGMENT_DATA_POSITION;
  let unprovenFrom = 0;
  while (reader.read(position) === BLOCK_OK && chain.fits(reader.block)) {
    const { block } = reader;
    unprovenFrom = block.flushedTo;
    if (block.kind === BLOCK_TAIL) {
      chain.durableThrough = block.durableThrough;
      break;
    }
    chain.follow(block);
    epochs.note(block.firstOffset, block.epoch);
    segment.index.add(block.firstOffset, position, block.logTime);
    position += pageAlign(block.length);
  }
  segment.endPosition = position;
  segment.endOffset = chain.nextOffset;
  segment.lastLogTime = chain.logTime;
  return unprovenFrom;
}

/**
 * The page cache may hold as clean what a failed flush of an earlier life never brought to the medium. Only writing the
 * bytes again makes the next flush mean them.
 */
function rewriteUnproven(disk: Disk, tail: Segment, from: number): void {
  const file = disk.openSync(tail.path, 'write');
  try {
    const length = tail.endPosition - from;
    const bytes = new Uint8Array(length);
    file.readSync(bytes, 0, length, from);
    failpoint('recovery.before-rewrite');
    if (length > 0) file.writeSync(bytes, 0, length, from);
    failpoint('recovery.before-flush');
    file.flushSync();
  } finally {
    file.closeSync();
  }
}
