// data plane
import { assert } from '../base/assert.ts';
import { MokaError } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import { BLOCK_CHAINED, BLOCK_TAIL, Block, PAGE_BYTES, pageAlign } from './block.ts';
import type { Chain } from './chain.ts';
import type { Disk, DiskFile, Done } from './disk.ts';
import type { LogIdentity } from './log-identity.ts';
import { Segment } from './segment.ts';
import { type SegmentHeader, writeSegmentHeader } from './segment-header.ts';
import type { Slot } from './segment-slots.ts';
import { isDiskFull } from './system-error.ts';

/**
 * ```
 *            commit                  written              flushed
 *   IDLE ──────────► (HEADER) ─► WRITING ─────► FLUSHING ───────► IDLE ──close──► CLOSED
 *     └─confirmTail─► MARKING ─► IDLE                │ any error                    │
 *                                                    └──────────► FAILED ◄──────────┘
 * ```
 * HEADER is passed when the block begins a segment. A file whose writes are durable skips FLUSHING.
 */
export const WRITER_IDLE = 0;
export const WRITER_HEADER = 1;
export const WRITER_WRITING = 2;
export const WRITER_FLUSHING = 3;
export const WRITER_MARKING = 4;
export const WRITER_CLOSED = 5;
export const WRITER_FAILED = 6;

const TRANSITIONS: readonly (readonly number[])[] = [
  [WRITER_HEADER, WRITER_WRITING, WRITER_MARKING, WRITER_CLOSED, WRITER_FAILED],
  [WRITER_WRITING, WRITER_FAILED],
  [WRITER_FLUSHING, WRITER_IDLE, WRITER_FAILED],
  [WRITER_IDLE, WRITER_FAILED],
  [WRITER_IDLE, WRITER_FAILED],
  [],
  [WRITER_CLOSED],
];

/** Blocks that take turns: one open, one in flight, one whose records the owner may still be working on. */
const BLOCK_COUNT = 3;

/** What the writer needs from the log around it. */
export interface WriterHost {
  /**
   * The slot for the next segment; called only when the block does not fit the present one.
   * @throws the error of the system when none stands ready and none can be made
   */
  takeSlot(): Slot;
  segmentBegun(segment: Segment): void;
}

export interface WriterOptions {
  readonly maxBlockBytes: number;
  /** Whether a block is announced as written before it is flushed: two trips to the pool instead of one. */
  readonly announcesWritten: boolean;
}

/** The end of the log: seals, writes and flushes one block at a time. */
export class LogWriter {
  open: Block;
  inFlight: Block | null = null;
  tail: Segment | null = null;
  epoch: number;
  lastLogTime: number;
  writtenThrough: number;
  durableThrough: number;
  state = WRITER_IDLE;
  onWritten: (throughOffset: number) => void = noop;
  onDurable: (throughOffset: number) => void = noop;
  onFailed: (error: MokaError) => void = noop;
  blockCount = 0;
  writtenBytes = 0;
  flushMsTotal = 0;
  flushMsMax = 0;
  private readonly disk: Disk;
  private readonly identity: LogIdentity;
  private readonly host: WriterHost;
  private readonly options: WriterOptions;
  private readonly blocks: Block[] = [];
  private readonly marker = new Block(PAGE_BYTES);
  private readonly headerPage = new Uint8Array(PAGE_BYTES);
  private blockIndex = 0;
  private inFlightBytes = 0;
  private sealedAtMs = 0;
  private chainCrc: number;
  private isTailConfirmed = true;
  private failure: MokaError | null = null;
  private onIdle: Done | null = null;
  /** Writes go here; `side` is the same file for what needs no flush, and for reading. */
  private file: DiskFile | null = null;
  private side: DiskFile | null = null;
  private readonly onHeaderReturned = (error: Error | null): void => this.headerReturned(error);
  private readonly onWriteReturned = (error: Error | null): void => this.writeReturned(error);
  private readonly onFlushReturned = (error: Error | null): void => this.flushReturned(error);
  private readonly onMarkerReturned = (error: Error | null): void => this.markerReturned(error);

  constructor(disk: Disk, identity: LogIdentity, host: WriterHost, options: WriterOptions, chain: Chain) {
    this.disk = disk;
    this.identity = identity;
    this.host = host;
    this.options = options;
    this.chainCrc = chain.crc;
    this.epoch = chain.epoch + 1;
    this.lastLogTime = chain.logTime;
    this.writtenThrough = chain.nextOffset - 1;
    this.durableThrough = chain.nextOffset - 1;
    for (let index = 0; index < BLOCK_COUNT; index++) this.blocks.push(new Block(options.maxBlockBytes));
    this.open = this.blocks[0] as Block;
    this.open.reset(chain.nextOffset);
  }

  /** Whether a block can be committed; behind the note of `confirmTail` it waits for that to be written. */
  get isIdle(): boolean {
    return this.state === WRITER_IDLE || (this.state === WRITER_MARKING && this.inFlight === null);
  }

  /** Bytes left in the tail segment after the block in flight. */
  get tailRoom(): number {
    if (this.tail === null) return 0;
    return this.tail.header.slotBytes - this.tail.endPosition - (this.inFlight === null ? 0 : this.inFlightBytes);
  }

  get error(): MokaError | null {
    return this.failure;
  }

  /** Goes on in the segment that recovery ended in, and makes the new epoch durable. */
  begin(tail: Segment | null): void {
    if (tail !== null) this.enter(tail);
    const marker = this.marker;
    marker.reset(this.durableThrough + 1);
    const isRolling = this.tailRoom < PAGE_BYTES;
    this.address(marker, this.lastLogTime, isRolling);
    const length = marker.seal(this.identity.partition, this.identity.salt);
    const file = this.file as DiskFile;
    failpoint('recovery.before-epoch');
    if (isRolling) file.writeSync(this.headerPage, 0, PAGE_BYTES, 0);
    file.writeSync(marker.u8, 0, length, marker.position);
    file.flushSync();
    failpoint('recovery.after-epoch');
    this.advance(marker, length);
  }

  /** Seals the open block and sends it on its way. `logTime` is raised to the last one if it lies before it. */
  commit(logTime: number): void {
    const block = this.open;
    assert(this.isIdle, 'commit only when the log is idle');
    assert(block.recordCount > 0 && block.length <= block.capacity, 'commit of a block with records that fit');
    block.logTime = Math.max(logTime, this.lastLogTime);
    this.inFlight = block;
    this.inFlightBytes = pageAlign(block.length);
    this.blockIndex = (this.blockIndex + 1) % BLOCK_COUNT;
    this.open = this.blocks[this.blockIndex] as Block;
    this.open.reset(block.firstOffset + block.recordCount);
    if (this.state === WRITER_IDLE) this.start();
  }

  /**
   * Writes a note after the last block that all of it is flushed, if no later block says so yet; without a flush. The
   * next block goes over it. Does nothing while a block is in flight.
   */
  confirmTail(): void {
    if (this.state !== WRITER_IDLE || this.isTailConfirmed || this.tailRoom < PAGE_BYTES) return;
    this.isTailConfirmed = true;
    const length = this.sealTailMarker();
    this.transitionTo(WRITER_MARKING);
    (this.side as DiskFile).write(this.marker.u8, 0, length, this.marker.position, this.onMarkerReturned);
  }

  /** Confirms the tail durably and closes the files as soon as nothing is in flight; commits nothing that is open. */
  close(done: Done): void {
    assert(this.onIdle === null, 'a log is closed once');
    this.onIdle = done;
    if (this.state === WRITER_IDLE || this.state === WRITER_FAILED) this.finishClosing();
  }

  private transitionTo(next: number): void {
    assert((TRANSITIONS[this.state] as readonly number[]).includes(next), `log writer ${this.state} to ${next}`);
    this.state = next;
  }

  /** Gives a block its place: at the end of the tail segment, or at the start of a new one. */
  private address(block: Block, logTime: number, isRolling: boolean): void {
    if (isRolling) this.roll(block.firstOffset, logTime);
    const tail = this.tail as Segment;
    block.kind = BLOCK_CHAINED;
    block.logTime = logTime;
    block.epoch = this.epoch;
    block.sequence = tail.header.sequence;
    block.position = tail.endPosition;
    block.prevCrc = this.chainCrc;
    block.durableThrough = this.durableThrough;
    block.flushedTo = isRolling ? 0 : tail.endPosition;
  }

  private roll(firstOffset: number, logTime: number): void {
    const slot = this.host.takeSlot();
    const header: SegmentHeader = {
      partition: this.identity.partition,
      sequence: (this.tail?.header.sequence ?? 0) + 1,
      epoch: this.epoch,
      prevCrc: this.chainCrc,
      slotBytes: slot.slotBytes,
      firstOffset,
      logTime,
    };
    writeSegmentHeader(this.headerPage, header, this.identity.salt);
    const segment = new Segment(slot.path, header);
    this.leave();
    this.enter(segment);
    this.host.segmentBegun(segment);
  }

  private enter(segment: Segment): void {
    this.tail = segment;
    this.file = this.disk.openSync(segment.path, this.options.announcesWritten ? 'write' : 'write-durable');
    this.side = this.disk.openSync(segment.path, 'write');
  }

  private leave(): void {
    this.file?.closeSync();
    this.side?.closeSync();
    this.file = null;
    this.side = null;
  }

  private sealTailMarker(): number {
    const marker = this.marker;
    marker.reset(this.durableThrough + 1);
    this.address(marker, this.lastLogTime, false);
    marker.kind = BLOCK_TAIL;
    return marker.seal(this.identity.partition, this.identity.salt);
  }

  /** Seals the block in flight and writes it. */
  private start(): void {
    const block = this.inFlight as Block;
    const tail = this.tail as Segment;
    const isRolling = tail.endPosition + this.inFlightBytes > tail.header.slotBytes;
    try {
      this.address(block, block.logTime, isRolling);
    } catch (cause) {
      return this.fail(isDiskFull(cause) ? 'ERR_DISK_FULL' : 'ERR_DISK_IO', 'segment', cause as Error);
    }
    block.seal(this.identity.partition, this.identity.salt);
    this.isTailConfirmed = false;
    this.sealedAtMs = performance.now();
    failpoint('log.before-write');
    if (isRolling) {
      this.transitionTo(WRITER_HEADER);
      (this.file as DiskFile).write(this.headerPage, 0, PAGE_BYTES, 0, this.onHeaderReturned);
    } else {
      this.transitionTo(WRITER_WRITING);
      this.writeInFlight(block);
    }
  }

  private headerReturned(error: Error | null): void {
    if (error !== null) return this.fail('ERR_DISK_IO', 'segment header', error);
    this.transitionTo(WRITER_WRITING);
    this.writeInFlight(this.inFlight as Block);
  }

  private writeInFlight(block: Block): void {
    (this.file as DiskFile).write(block.u8, 0, this.inFlightBytes, block.position, this.onWriteReturned);
  }

  private writeReturned(error: Error | null): void {
    const block = this.inFlight as Block;
    if (error !== null) return this.fail(this.options.announcesWritten ? 'ERR_DISK_IO' : 'ERR_DISK_FLUSH', 'write', error);
    failpoint('log.after-write');
    this.writtenThrough = block.lastOffset;
    if (!this.options.announcesWritten) return this.flushed(block);
    this.transitionTo(WRITER_FLUSHING);
    failpoint('log.before-flush');
    (this.file as DiskFile).flush(this.onFlushReturned);
    this.onWritten(block.lastOffset);
  }

  private flushReturned(error: Error | null): void {
    if (error !== null) return this.fail('ERR_DISK_FLUSH', 'flush', error);
    this.flushed(this.inFlight as Block);
  }

  private flushed(block: Block): void {
    failpoint('log.after-flush');
    const flushMs = performance.now() - this.sealedAtMs;
    this.flushMsTotal += flushMs;
    if (flushMs > this.flushMsMax) this.flushMsMax = flushMs;
    this.blockCount += 1;
    this.writtenBytes += this.inFlightBytes;
    this.inFlight = null;
    this.advance(block, this.inFlightBytes);
    this.transitionTo(WRITER_IDLE);
    if (!this.options.announcesWritten) this.onWritten(block.lastOffset);
    this.onDurable(block.lastOffset);
    this.finishClosing();
  }

  /** A block stands flushed at the end of the tail. */
  private advance(block: Block, length: number): void {
    const tail = this.tail as Segment;
    tail.index.add(block.firstOffset, block.position, block.logTime);
    tail.endPosition = block.position + length;
    tail.endOffset = block.firstOffset + block.recordCount;
    tail.lastLogTime = block.logTime;
    this.chainCrc = block.crc;
    this.lastLogTime = block.logTime;
    this.writtenThrough = block.lastOffset;
    this.durableThrough = block.lastOffset;
  }

  private markerReturned(error: Error | null): void {
    if (error !== null) return this.fail('ERR_DISK_IO', 'tail marker', error);
    this.transitionTo(WRITER_IDLE);
    if (this.inFlight !== null) this.start();
    else this.finishClosing();
  }

  /** Nothing is written after this: what the failed flush covered is in doubt for ever. */
  private fail(code: 'ERR_DISK_IO' | 'ERR_DISK_FLUSH' | 'ERR_DISK_FULL', what: string, cause: Error): void {
    this.transitionTo(WRITER_FAILED);
    const place = `path=${this.tail?.path} position=${this.tail?.endPosition}`;
    const options = { partition: this.identity.partition, offset: this.durableThrough + 1, cause };
    this.failure = new MokaError(code, `log ${what} failed ${place} cause=${cause.message}`, options);
    this.onFailed(this.failure);
    this.finishClosing();
  }

  private finishClosing(): void {
    const done = this.onIdle;
    if (done === null || (this.state !== WRITER_IDLE && this.state !== WRITER_FAILED)) return;
    this.onIdle = null;
    let error: Error | null = this.failure;
    try {
      if (this.state === WRITER_IDLE && this.tailRoom >= PAGE_BYTES) {
        const length = this.sealTailMarker();
        const side = this.side as DiskFile;
        side.writeSync(this.marker.u8, 0, length, this.marker.position);
        side.flushSync();
      }
      this.leave();
    } catch (cause) {
      error ??= cause as Error;
    }
    this.transitionTo(WRITER_CLOSED);
    done(error);
  }
}

function noop(): void {}
