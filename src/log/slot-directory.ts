import { MokaError } from '../base/errors.ts';
import { PAGE_BYTES } from './block.ts';
import { logDamaged } from './damage.ts';
import type { Disk } from './disk.ts';
import type { LogIdentity } from './log-identity.ts';
import { Segment } from './segment.ts';
import { type HeaderReading, readSegmentHeader, SEGMENT_VERSION } from './segment-header.ts';

/** A slot that no retained segment lives in, and what its first page looked like. */
export interface UnusedSlot {
  readonly path: string;
  readonly slotBytes: number;
  readonly reading: HeaderReading;
}

export interface SlotDirectory {
  /** The retained segments, oldest first, without a hole. */
  readonly segments: Segment[];
  readonly unused: UnusedSlot[];
  /** Number for the next slot file. */
  readonly nextNumber: number;
}

const SLOT_NAME = /^slot-(\d+)$/;

/**
 * Reads the headers of all slots of a log and sorts out which hold segments. Half-made slots (`*.tmp`) are not looked
 * at.
 * @throws ERR_DATA_VERSION, ERR_LOG_DAMAGED for a hole between segments, two of one number, or a slot cut short
 */
export function readSlotDirectory(disk: Disk, directory: string, identity: LogIdentity): SlotDirectory {
  const segments: Segment[] = [];
  const unused: UnusedSlot[] = [];
  const page = new Uint8Array(PAGE_BYTES);
  let nextNumber = 1;
  for (const name of disk.listSync(directory)) {
    const match = SLOT_NAME.exec(name);
    if (match === null) continue;
    nextNumber = Math.max(nextNumber, Number(match[1]) + 1);
    const path = `${directory}/${name}`;
    const slotBytes = readFirstPage(disk, path, page);
    const reading = readSegmentHeader(page, identity.partition, identity.salt);
    if (reading.kind === 'version') {
      const versions = `found=${reading.version} expected=${SEGMENT_VERSION}`;
      throw new MokaError('ERR_DATA_VERSION', `segment version ${versions} path=${path}`, identity);
    }
    if (reading.kind !== 'valid') {
      unused.push({ path, slotBytes, reading });
      continue;
    }
    const { header } = reading;
    if (slotBytes < header.slotBytes) {
      const place = { partition: identity.partition, path, position: slotBytes, offset: header.firstOffset };
      throw logDamaged({ ...place, evidence: `cut-short expected=${header.slotBytes}` });
    }
    segments.push(new Segment(path, header));
  }
  segments.sort((a, b) => a.header.sequence - b.header.sequence);
  assertNoHole(segments, identity.partition);
  return { segments, unused, nextNumber };
}

/** Returns the size of the file; a page that is not whole reads as zeros where it ends. */
function readFirstPage(disk: Disk, path: string, page: Uint8Array): number {
  const file = disk.openSync(path, 'read');
  try {
    page.fill(0);
    file.readSync(page, 0, PAGE_BYTES, 0);
    return file.sizeSync();
  } finally {
    file.closeSync();
  }
}

function assertNoHole(segments: readonly Segment[], partition: number): void {
  for (let index = 1; index < segments.length; index++) {
    const before = segments[index - 1] as Segment;
    const after = segments[index] as Segment;
    if (after.header.sequence === before.header.sequence + 1) continue;
    const evidence = `hole-between-segments sequence=${before.header.sequence} next=${after.header.sequence}`;
    throw logDamaged({ partition, path: after.path, position: 0, offset: before.header.firstOffset, evidence });
  }
}
