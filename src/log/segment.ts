import { SEGMENT_DATA_POSITION, type SegmentHeader } from './segment-header.ts';
import { SparseIndex } from './sparse-index.ts';

/** A retained part of the log: the slot it lives in and what is known of its blocks. */
export class Segment {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly index = new SparseIndex();
  /** Where its blocks end; of a segment that recovery had no reason to read, the end of its slot. */
  endPosition: number;
  /** Offset after its last record. */
  endOffset: number;
  /** Log time of its last block, or a later one. */
  lastLogTime: number;

  constructor(path: string, header: SegmentHeader) {
    this.path = path;
    this.header = header;
    this.endPosition = SEGMENT_DATA_POSITION;
    this.endOffset = header.firstOffset;
    this.lastLogTime = header.logTime;
  }
}
