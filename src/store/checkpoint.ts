/**
 * What a checkpoint is to the rest of the engine: rows and the offset they reflect, committed together or not at all.
 * A row is (store id, key in UTF-8, value bytes); rows are kept in the order of store id, then of key bytes.
 */
export interface CheckpointMeta {
  /** Last offset that the rows reflect. The log covers it durably before the commit is asked for. */
  readonly offset: number;
  readonly epoch: number;
  readonly logTime: number;
  /** Bytes of log that were kept at the cut; absent where nobody counts them. */
  readonly logBytes?: number;
  /** Log shall be let go: the environment is to be copied after this commit, whether a copy is due or not. */
  readonly mustRotate?: boolean;
  /** Where the log's epochs began, for the part of it that is not read again; absent where nobody asks. */
  readonly epochStarts?: readonly { readonly offset: number; readonly epoch: number }[];
  /** Of the topology that made the rows. */
  readonly fingerprint: string;
  /** Of the row format; another one is refused. */
  readonly version: number;
  /** The lane's own additions, anything JSON can say. */
  readonly extra: unknown;
}

/** The format of rows that this build reads and writes. */
export const CHECKPOINT_VERSION = 3;

/** Length of a row's value that says the row is gone. */
export const ROW_DELETED = -1;

/** Takes the rows of a cut. */
export interface RowSink {
  /** Whether a row of ordinary size would be taken now. */
  hasRoom(): boolean;
  /**
   * Takes one row, the bytes are copied.
   * @param valueLength ROW_DELETED for a row that is gone
   * @returns false when there is no room: offer the same row again, before any other
   */
  tryRow(
    storeId: number,
    keyBytes: Uint8Array,
    keyStart: number,
    keyLength: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueLength: number,
  ): boolean;
}

/** The way a lane's checkpoints take to whoever writes them: `begin`, rows, `finish`, then a result. One at a time. */
export interface CheckpointSink extends RowSink {
  /** Starts a checkpoint; rows of one that was not finished are dropped. */
  begin(): void;
  /** All rows and `meta` become one commit. False when there is no room yet: try again. */
  finish(meta: CheckpointMeta): boolean;
  result(): 'pending' | 'committed' | 'failed';
  /** After 'committed': makes the lane's reader see it. */
  renewReader(): void;
  /** Offset that the previous environment reflects: the log is kept from there on; -1 keeps everything. */
  readonly floorOffset: number;
  /** Whether the environment is being copied; when that ends, `floorOffset` has risen, or the disk had no room for it. */
  readonly isRotating: boolean;
}

/** Reads the last confirmed checkpoint. Belongs to one thread. What it returns is valid until its next call. */
export interface CheckpointReader {
  /** Of the checkpoint that is read; null when there is none yet. */
  readonly meta: CheckpointMeta | null;
  get(storeId: number, key: Uint8Array, length: number): Uint8Array | null;
  /** Visits rows of one store in key order, from `fromKey` on (null: from the first), until `visit` returns false. */
  scan(storeId: number, fromKey: Uint8Array | null, visit: (key: Uint8Array, value: Uint8Array) => boolean): void;
  /** From here on reads what was committed last. */
  renew(): void;
  close(): void;
}

/** All environments of one partition: the current one, and the previous one as the way back. */
export interface CheckpointEnvironments {
  /** Generation numbers; 0 when there is none. */
  readonly current: number;
  readonly previous: number;
  /** Offset that the previous environment reflects; -1 when there is none. */
  readonly previousOffset: number;
  openForRead(): CheckpointReader;
  /** The current one cannot be used, being damaged or ahead of the log: the previous one takes its place. */
  discardCurrent(): void;
}
