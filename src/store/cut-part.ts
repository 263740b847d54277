import type { RowSink } from './checkpoint.ts';

/** A part of a partition's state as a cut sees it. One cut at a time: begin, hand over, then confirm or abandon. */
export interface CutPart {
  /** Freezes what changed since the last confirmed cut; the part may go on changing. */
  beginCut(): void;
  /**
   * Hands over about `maxBytes`.
   * @returns what it cost of the slice when all is handed over, else -1: call again
   */
  handOver(sink: RowSink, maxBytes: number): number;
  /** What was handed over is durable. */
  confirmCut(): void;
  /** It is not; it belongs to the next cut. */
  abandonCut(): void;
}
