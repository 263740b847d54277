import { assert } from '../base/assert.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { ERRORS } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { MIB } from '../base/limits.ts';
import { type Block, PAGE_BYTES, pageAlign } from './block.ts';
import type { Disk, Done } from './disk.ts';
import { type EpochStart, EpochStarts } from './epoch-starts.ts';
import { createLogIdentity, type LogIdentity, readLogIdentity } from './log-identity.ts';
import { LogTail } from './log-tail.ts';
import { LogWriter } from './log-writer.ts';
import type { RecordView } from './record-finder.ts';
import { RecordLookup } from './record-lookup.ts';
import { type RecoveredLog, recoverLog } from './recovery.ts';
import { findOffsetOfTime, replaySegments } from './replay.ts';
import { expiredCount, type RetentionPolicy } from './retention.ts';
import type { Segment } from './segment.ts';
import { SEGMENT_DATA_POSITION } from './segment-header.ts';
import { SegmentSlots, type Slot } from './segment-slots.ts';
import { SlotRelease } from './slot-release.ts';
import { isDiskFull, systemCodeOf } from './system-error.ts';

export interface PartitionLogOptions {
  readonly partition: number;
  readonly segmentBytes: number;
  readonly maxBlockBytes: number;
  /** The offset that the current checkpoint reflects; -1 without one. The log must reach it, and reach back to it. */
  readonly checkpointOffset: number;
  /** As `epochStarts` gave it to that checkpoint. */
  readonly epochStarts?: readonly EpochStart[];
  /** Bytes of the file system that new segments leave free. */
  readonly reserveBytes: number;
  readonly clock?: Clock;
  readonly retention?: RetentionPolicy;
  /** Segments that stand ready beyond the one in use. */
  readonly readySegments?: number;
  /** Announce a block as written before it is flushed (`durability: os`); costs a second trip to the pool per block. */
  readonly announcesWritten?: boolean;
  /** Salt of a log that is made by this open; a simulation gives its own. */
  readonly salt?: number;
}

export interface LogStats {
  readonly segmentCount: number;
  readonly readySlotCount: number;
  readonly retainedBytes: number;
  readonly blockCount: number;
  readonly writtenBytes: number;
  readonly flushMsTotal: number;
  readonly flushMsMax: number;
}

const DEFAULT_READY_SEGMENTS = 2;
const DEFAULT_RETENTION: RetentionPolicy = { bytes: 1024 * MIB, ms: 7 * 24 * 60 * 60 * 1000 };
/** Blocks of room in the last segment below which no intake is admitted: what control records may still use. */
const CONTROL_RESERVE_BLOCKS = 2;

/**
 * The only truth of a partition: its append-only, durable sequence of blocks. One thread owns it.
 *
 * The owner appends records to `open`, and when the log `isIdle` hands the block over with `commit`; `onDurable` is
 * called when it is flushed, and meanwhile the next block fills. A failed write or flush ends the log: `onFailed`, and
 * nothing after it.
 */
export class PartitionLog {
  readonly identity: LogIdentity;
  private readonly disk: Disk;
  private readonly maxBlockBytes: number;
  private readonly retention: RetentionPolicy;
  private readonly segments: Segment[];
  private readonly epochs: EpochStarts;
  private readonly slots: SegmentSlots;
  private readonly release: SlotRelease;
  private readonly writer: LogWriter;
  private readonly lookup: RecordLookup;

  /**
   * Recovers the log in this directory, or begins it, and raises its epoch durably. Blocks the thread.
   * @throws ERR_LOG_DAMAGED, ERR_DATA_VERSION, ERR_DISK_FULL, ERR_DISK_IO
   */
  static open(disk: Disk, directory: string, options: PartitionLogOptions): PartitionLog {
    const { partition, checkpointOffset, maxBlockBytes, salt } = options;
    try {
      const identity =
        readLogIdentity(disk, directory, partition) ?? createLogIdentity(disk, directory, partition, salt);
      const epochs = new EpochStarts(options.epochStarts);
      const recovered = recoverLog(disk, directory, identity, checkpointOffset, maxBlockBytes, epochs);
      return new PartitionLog(disk, directory, identity, options, recovered, epochs);
    } catch (cause) {
      const systemCode = systemCodeOf(cause);
      if (systemCode === null) throw cause;
      const code = isDiskFull(cause) ? 'ERR_DISK_FULL' : 'ERR_DISK_IO';
      throw new MokaError(code, `log cannot be opened path=${directory} cause=${systemCode}`, { partition, cause });
    }
  }

  private constructor(
    disk: Disk,
    directory: string,
    identity: LogIdentity,
    options: PartitionLogOptions,
    recovered: RecoveredLog,
    epochs: EpochStarts,
  ) {
    const { maxBlockBytes, segmentBytes, reserveBytes, announcesWritten = false } = options;
    const slotBytesMin = SEGMENT_DATA_POSITION + (CONTROL_RESERVE_BLOCKS + 1) * pageAlign(maxBlockBytes);
    const isWhole = segmentBytes >= slotBytesMin && segmentBytes % PAGE_BYTES === 0;
    assert(isWhole, `segment bytes=${segmentBytes} min=${slotBytesMin}`);
    this.disk = disk;
    this.identity = identity;
    this.maxBlockBytes = maxBlockBytes;
    this.retention = options.retention ?? DEFAULT_RETENTION;
    this.segments = recovered.segments;
    this.epochs = epochs;
    const slotOptions = {
      slotBytes: segmentBytes,
      slotBytesMin,
      readyTarget: options.readySegments ?? DEFAULT_READY_SEGMENTS,
      reserveBytes,
      clock: options.clock ?? systemClock,
    };
    this.slots = new SegmentSlots(disk, directory, slotOptions, recovered.nextSlotNumber);
    this.release = new SlotRelease(disk, identity.salt, (slot) => this.slots.add(slot));
    for (const slot of recovered.unused) {
      // Blank is blank on the medium; that a slot is free may be known to the page cache alone.
      if (slot.reading.kind === 'blank') this.slots.add(slot);
      else this.release.add(slot);
    }
    const host = {
      takeSlot: (): Slot => this.slots.take() ?? this.release.takeSync() ?? this.slots.makeSync(),
      segmentBegun: (segment: Segment): void => void this.segments.push(segment),
    };
    const fileMode = announcesWritten ? 'write' : 'write-durable';
    const tail = new LogTail(disk, identity, host, fileMode, recovered.chain);
    this.writer = new LogWriter(tail, { partition: identity.partition, maxBlockBytes, announcesWritten });
    this.lookup = new RecordLookup(disk, identity, this.writer, this.segments);
    this.writer.begin(this.segments.at(-1) ?? null);
    this.epochs.note(this.nextOffset, this.epoch);
    this.release.start();
    this.slots.replenish();
  }

  /** The block that records are appended to; another one after every `commit`. */
  get open(): Block {
    return this.writer.open;
  }

  get epoch(): number {
    return this.writer.tail.epoch;
  }

  /** Offset of the next record, those in `open` counted. */
  get nextOffset(): number {
    return this.writer.open.firstOffset + this.writer.open.recordCount;
  }

  get writtenThrough(): number {
    return this.writer.writtenThrough;
  }

  get durableThrough(): number {
    return this.writer.tail.durableThrough;
  }

  /** Log time of the last block; the next one is not before it. */
  get lastLogTime(): number {
    return this.writer.tail.lastLogTime;
  }

  get firstRetainedOffset(): number {
    return (this.segments[0] as Segment).header.firstOffset;
  }

  set onWritten(callback: (throughOffset: number) => void) {
    this.writer.onWritten = callback;
  }

  set onDurable(callback: (throughOffset: number) => void) {
    this.writer.onDurable = callback;
  }

  /** ERR_DISK_FLUSH, ERR_DISK_IO or ERR_DISK_FULL; called once, and nothing else after it. */
  set onFailed(callback: (error: MokaError) => void) {
    this.writer.onFailed = callback;
  }

  /** Called when `canAdmit` or `blockedReason` may have another answer although nothing was written. */
  set onRoomChanged(callback: () => void) {
    this.slots.onChanged = callback;
  }

  /** Whether the next block may be committed: nothing is in flight. */
  isIdle(): boolean {
    return this.writer.isIdle;
  }

  /**
   * Whether records from outside may be appended to `open`: room for it is certain, and some is left for control
   * records after it. Ask before every batch; asking is also what tries again to get space on a full disk.
   */
  canAdmit(): boolean {
    this.slots.replenish();
    return this.hasRoomFor(CONTROL_RESERVE_BLOCKS + 1);
  }

  /** Whether the open block can be committed without waiting for space: what control records need, and no more. */
  canCommit(): boolean {
    return this.hasRoomFor(1);
  }

  /** Why `canAdmit` says no, as the number of an error; 0 if it says yes. */
  blockedReason(): number {
    if (this.writer.failure !== null) return ERRORS[this.writer.failure.code].id;
    if (this.hasRoomFor(CONTROL_RESERVE_BLOCKS + 1)) return 0;
    return this.slots.blockedReason === 0 ? ERRORS.ERR_OVERLOAD_PARTITION.id : this.slots.blockedReason;
  }

  /**
   * Seals `open` and sends it to the disk; `open` is then a fresh block, and the one before the last is reused. Only
   * when `isIdle` and with at least one record. Where `canCommit` says no it blocks to make a segment, or fails with
   * ERR_DISK_FULL.
   */
  commit(logTime: number): void {
    this.writer.commit(logTime);
  }

  /**
   * Call it when there is nothing to do: notes on disk, once, that the last block is flushed. Free when already noted.
   */
  confirmTail(): void {
    this.writer.confirmTail();
  }

  /**
   * Visits the durable blocks from the one that holds `fromOffset`, in order; the block's memory is reused for the
   * next.
   * @throws ERR_LOG_DAMAGED
   */
  replay(fromOffset: number, visit: (block: Block) => void): void {
    replaySegments(this.disk, this.identity, this.segments, fromOffset, visit);
  }

  /** The first durable offset whose block is not older than this log time; one past the last if all are. */
  offsetOfTime(time: number): number {
    return findOffsetOfTime(this.disk, this.identity, this.segments, time);
  }

  /** How many segments `trim` would let go of. */
  trimmableCount(floorOffset: number, logTime = this.lastLogTime): number {
    return expiredCount(this.segments, floorOffset, this.retention, logTime);
  }

  /**
   * Lets go of whole segments of which every offset is below the floor, as far as the retention policy allows.
   * @param logTime what their age is reckoned from; later than the last block's where a log has stood still
   */
  trim(floorOffset: number, logTime = this.lastLogTime): void {
    const count = this.trimmableCount(floorOffset, logTime);
    for (const segment of this.segments.splice(0, count)) {
      this.release.add({ path: segment.path, slotBytes: segment.header.slotBytes });
    }
    this.release.start();
  }

  /**
   * The epoch that wrote the record at this offset or, beyond the end, will write it; -1 if that is not known any more.
   * A position that an earlier epoch gave there was lost in a crash.
   */
  epochAt(offset: number): number {
    return this.epochs.at(offset);
  }

  /** What `epochAt` knows; the next checkpoint carries it, since the log before it is not read again. */
  epochStarts(): readonly EpochStart[] {
    return this.epochs.list();
  }

  /**
   * The record at this offset, also one not yet flushed; null if it is no longer or not yet there. Reads the disk if it
   * must. The view is reused by the next call.
   * @throws ERR_LOG_DAMAGED
   */
  readRecordSync(offset: number): RecordView | null {
    return this.lookup.find(offset);
  }

  /** Bytes of log from about this offset on: what a replay from there would read. */
  bytesSince(offset: number): number {
    let bytes = this.open.length;
    for (let index = this.segments.length - 1; index >= 0; index--) {
      const segment = this.segments[index] as Segment;
      const isLast = segment.header.firstOffset <= offset;
      const from = isLast ? segment.index.positionOfOffset(offset) : SEGMENT_DATA_POSITION;
      if (offset < segment.endOffset) bytes += segment.endPosition - Math.max(from, SEGMENT_DATA_POSITION);
      if (isLast) break;
    }
    return bytes;
  }

  stats(): LogStats {
    const { blockCount, writtenBytes, flushMsTotal, flushMsMax } = this.writer;
    let retainedBytes = 0;
    for (const segment of this.segments) retainedBytes += segment.header.slotBytes;
    return {
      segmentCount: this.segments.length,
      readySlotCount: this.slots.readyCount,
      retainedBytes,
      blockCount,
      writtenBytes,
      flushMsTotal,
      flushMsMax,
    };
  }

  /**
   * Waits for the block in flight, confirms the tail durably and closes the files. What is in `open` is not written.
   */
  close(done: Done): void {
    this.writer.close((error) => this.release.close(() => this.slots.close(() => done(error))));
  }

  private hasRoomFor(blocks: number): boolean {
    if (this.writer.failure !== null) return false;
    return this.slots.readyCount > 0 || this.writer.tailRoom >= blocks * pageAlign(this.maxBlockBytes);
  }
}
