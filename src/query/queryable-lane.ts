import type { ScanCursor, ScanOptions } from '../store/state-store.ts';

/** What the server of queries must know of the partition it answers for. The partition's thread owns all of it. */
export interface QueryableLane {
  readonly partition: number;
  readonly epoch: number;
  /** Last offset whose changes the stores hold; -1 for none. */
  readonly processedOffset: number;
  /** Last offset that a flush covers; may lie before or behind `processedOffset`. */
  readonly durableOffset: number;
  view(viewId: number): ViewStore;
  /**
   * The epoch that wrote this offset or, beyond the end, will write it; -1 if that is not known any more. What an older
   * epoch gave there was lost.
   */
  epochAt(offset: number): number;
  /** Whether what events through this offset have sent to other partitions is processed and durable there. */
  isTakenThrough?(offset: number): boolean;
  /** What is known of a producer; -1, -1 if nothing is. */
  producerState?(low: number, high: number): { readonly epoch: number; readonly sequence: number };
}

/** The rows of one view in one partition, in UTF-8 order of their keys. */
export interface ViewStore {
  /** `undefined`: no such row. */
  get(key: string): unknown;
  /** Shows at each slice what the view is then. */
  scan(options: ScanOptions): ScanCursor;
}
