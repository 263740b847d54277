import { BLOCK_OK, PAGE_BYTES } from './block.ts';
import type { BlockReader } from './block-reader.ts';
import type { Chain } from './chain.ts';
import type { Disk } from './disk.ts';
import type { Segment } from './segment.ts';
import { SEGMENT_DATA_POSITION } from './segment-header.ts';
import type { UnusedSlot } from './slot-directory.ts';

/**
 * Looks on past the place where the chain ends, for a block that proves that something was flushed there. The proof is
 * a block of this log that says so itself: `durableThrough` covers the missing offset, or `flushedTo` the place. Blocks
 * of a lower epoch are leavings of a tail that was cut off by a repair; what a slot holds of its earlier use has
 * a lower sequence.
 *
 * Returns what was found, as text for the report, or null: the end is a tail that nobody was told about.
 */
export function lookOnInSegment(reader: BlockReader, segment: Segment, from: number, chain: Chain): string | null {
  if (reader.read(from) === BLOCK_OK && reader.block.epoch >= chain.epoch && !chain.fits(reader.block)) {
    return `chain-broken expectedCrc=${chain.crc} expectedOffset=${chain.nextOffset}`;
  }
  for (let position = from + PAGE_BYTES; position < segment.header.slotBytes; position += PAGE_BYTES) {
    const { block } = reader;
    if (reader.readHeader(position) !== BLOCK_OK || block.epoch < chain.epoch) continue;
    if (block.durableThrough < chain.nextOffset && block.flushedTo <= from) continue;
    if (reader.read(position) === BLOCK_OK) return describe(segment.path, position, reader);
  }
  return null;
}

/** The same in the slots that hold no readable segment: a header may be what rotted. */
export function lookOnInUnusedSlots(
  disk: Disk,
  reader: BlockReader,
  slots: readonly UnusedSlot[],
  lastSequence: number,
  chain: Chain,
): string | null {
  for (const slot of slots) {
    const file = disk.openSync(slot.path, 'read');
    try {
      reader.attach(file, lastSequence + 1, slot.slotBytes);
      const isSuspect = slot.reading.kind === 'unreadable' || reader.readHeader(SEGMENT_DATA_POSITION) === BLOCK_OK;
      if (!isSuspect) continue;
      for (let position = SEGMENT_DATA_POSITION; position < slot.slotBytes; position += PAGE_BYTES) {
        if (reader.readHeader(position) !== BLOCK_OK) continue;
        if (reader.block.durableThrough < chain.nextOffset && reader.block.flushedTo === 0) continue;
        if (reader.read(position) === BLOCK_OK) return describe(slot.path, position, reader);
      }
    } finally {
      file.closeSync();
    }
  }
  return null;
}

function describe(path: string, position: number, { block }: BlockReader): string {
  const says = `durableThrough=${block.durableThrough} epoch=${block.epoch}`;
  return `later-block path=${path} position=${position} ${says}`;
}
