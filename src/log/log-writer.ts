// data plane
import { AssertionError, assert } from '../base/assert.ts';
import type { ErrorCode } from '../base/error-catalogue.ts';
import { MokaError } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import { Block, PAGE_BYTES, pageAlign } from './block.ts';
import type { DiskFile, Done } from './disk.ts';
import type { LogTail } from './log-tail.ts';
import type { Segment } from './segment.ts';
import { isDiskFull, systemCodeOf } from './system-error.ts';
import {
  WRITER_CLOSED,
  WRITER_FAILED,
  WRITER_FLUSHING,
  WRITER_HEADER,
  WRITER_IDLE,
  WRITER_NOTING,
  WRITER_TRANSITIONS,
  WRITER_WRITING,
} from './writer-state.ts';

/** Blocks that take turns: one open, one in flight, one whose records the owner may still be working on. */
const BLOCK_COUNT = 3;

export interface WriterOptions {
  readonly partition: number;
  readonly maxBlockBytes: number;
  /** Whether a block is announced as written before it is flushed: two trips to the pool instead of one. */
  readonly announcesWritten: boolean;
}

/** Seals, writes and flushes one block at a time at the end of the log. */
export class LogWriter {
  open: Block;
  inFlight: Block | null = null;
  writtenThrough: number;
  onWritten: (throughOffset: number) => void = noop;
  onDurable: (throughOffset: number) => void = noop;
  onFailed: (error: MokaError) => void = noop;
  failure: MokaError | null = null;
  blockCount = 0;
  writtenBytes = 0;
  flushMsTotal = 0;
  flushMsMax = 0;
  readonly tail: LogTail;
  private readonly options: WriterOptions;
  private readonly blocks: Block[] = [];
  private blockIndex = 0;
  private state = WRITER_IDLE;
  private inFlightBytes = 0;
  private sealedAtMs = 0;
  private isTailConfirmed = true;
  private onClosed: Done | null = null;
  private readonly onHeaderReturned = (error: Error | null): void => this.headerReturned(error);
  private readonly onWriteReturned = (error: Error | null): void => this.writeReturned(error);
  private readonly onFlushReturned = (error: Error | null): void => this.flushReturned(error);
  private readonly onNoteReturned = (error: Error | null): void => this.noteReturned(error);

  constructor(tail: LogTail, options: WriterOptions) {
    this.tail = tail;
    this.options = options;
    this.writtenThrough = tail.durableThrough;
    for (let index = 0; index < BLOCK_COUNT; index++) this.blocks.push(new Block(options.maxBlockBytes));
    this.open = this.blocks[0] as Block;
    this.open.reset(tail.durableThrough + 1);
  }

  /** Whether a block can be committed; behind the note of `confirmTail` it waits for that to be written. */
  get isIdle(): boolean {
    return this.state === WRITER_IDLE || (this.state === WRITER_NOTING && this.inFlight === null);
  }

  /** Bytes left in the tail segment after the block in flight. */
  get tailRoom(): number {
    return this.tail.room - (this.inFlight === null ? 0 : this.inFlightBytes);
  }

  /** Goes on in the segment that recovery ended in, and makes the new epoch durable. Blocks the thread. */
  begin(segment: Segment | null): void {
    const { tail } = this;
    if (segment !== null) tail.enter(segment);
    const marker = tail.epochMarker();
    const isRolling = tail.place(marker, PAGE_BYTES);
    const file = tail.file as DiskFile;
    failpoint('recovery.before-epoch');
    if (isRolling) file.writeSync(tail.headerPage, 0, PAGE_BYTES, 0);
    file.writeSync(marker.u8, 0, PAGE_BYTES, marker.position);
    file.flushSync();
    failpoint('recovery.after-epoch');
    tail.append(marker, PAGE_BYTES);
  }

  /** Sends the open block on its way. `logTime` is raised to the last one if it lies before it. */
  commit(logTime: number): void {
    const block = this.open;
    assert(this.isIdle, 'commit only when the log is idle');
    assert(block.recordCount > 0 && block.length <= block.capacity, 'commit of a block with records that fit');
    block.logTime = Math.max(logTime, this.tail.lastLogTime);
    this.inFlight = block;
    this.inFlightBytes = pageAlign(block.length);
    this.blockIndex = (this.blockIndex + 1) % BLOCK_COUNT;
    this.open = this.blocks[this.blockIndex] as Block;
    this.open.reset(block.firstOffset + block.recordCount);
    if (this.state === WRITER_IDLE) this.start();
  }

  /**
   * Writes a note after the last block that all of it is flushed, if nothing on disk says so yet; without a flush. The
   * next block goes over it. Does nothing while a block is in flight.
   */
  confirmTail(): void {
    if (this.state !== WRITER_IDLE || this.isTailConfirmed) return;
    this.isTailConfirmed = true;
    const note = this.tail.tailNote();
    if (note === null) return;
    this.transitionTo(WRITER_NOTING);
    (this.tail.side as DiskFile).write(note.u8, 0, PAGE_BYTES, note.position, this.onNoteReturned);
  }

  /** Confirms the tail durably and closes the files as soon as nothing is in flight; commits nothing that is open. */
  close(done: Done): void {
    assert(this.onClosed === null && this.state !== WRITER_CLOSED, 'a log is closed once');
    this.onClosed = done;
    this.finishClosing();
  }

  private transitionTo(next: number): void {
    const isLegal = (WRITER_TRANSITIONS[this.state] as readonly number[]).includes(next);
    if (!isLegal) throw new AssertionError(`log writer state=${this.state} next=${next}`);
    this.state = next;
  }

  /** Gives the block in flight its place and writes it. */
  private start(): void {
    const { tail } = this;
    const block = this.inFlight as Block;
    let isRolling: boolean;
    try {
      isRolling = tail.place(block, this.inFlightBytes);
    } catch (cause) {
      if (systemCodeOf(cause) === null) throw cause;
      return this.fail(isDiskFull(cause) ? 'ERR_DISK_FULL' : 'ERR_DISK_IO', 'segment', cause as Error);
    }
    this.isTailConfirmed = false;
    this.sealedAtMs = performance.now();
    failpoint('log.before-write');
    if (isRolling) {
      this.transitionTo(WRITER_HEADER);
      (tail.file as DiskFile).write(tail.headerPage, 0, PAGE_BYTES, 0, this.onHeaderReturned);
    } else {
      this.writeBlock(block);
    }
  }

  private headerReturned(error: Error | null): void {
    if (error !== null) return this.fail('ERR_DISK_IO', 'segment header', error);
    this.writeBlock(this.inFlight as Block);
  }

  private writeBlock(block: Block): void {
    this.transitionTo(WRITER_WRITING);
    (this.tail.file as DiskFile).write(block.u8, 0, this.inFlightBytes, block.position, this.onWriteReturned);
  }

  private writeReturned(error: Error | null): void {
    const { announcesWritten } = this.options;
    const block = this.inFlight as Block;
    if (error !== null) return this.fail(announcesWritten ? 'ERR_DISK_IO' : 'ERR_DISK_FLUSH', 'write', error);
    failpoint('log.after-write');
    this.writtenThrough = block.lastOffset;
    if (!announcesWritten) return this.flushed(block);
    this.transitionTo(WRITER_FLUSHING);
    failpoint('log.before-flush');
    (this.tail.file as DiskFile).flush(this.onFlushReturned);
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
    this.tail.append(block, this.inFlightBytes);
    this.transitionTo(WRITER_IDLE);
    if (!this.options.announcesWritten) this.onWritten(block.lastOffset);
    this.onDurable(block.lastOffset);
    this.finishClosing();
  }

  private noteReturned(error: Error | null): void {
    if (error !== null) return this.fail('ERR_DISK_IO', 'tail note', error);
    this.transitionTo(WRITER_IDLE);
    if (this.inFlight !== null) this.start();
    else this.finishClosing();
  }

  /** Nothing is written after this: what the failed write or flush covered is in doubt for ever. */
  private fail(code: ErrorCode, what: string, cause: Error): void {
    const { segment, durableThrough } = this.tail;
    this.transitionTo(WRITER_FAILED);
    const place = `path=${segment?.path} position=${segment?.endPosition}`;
    const details = { partition: this.options.partition, offset: durableThrough + 1, cause };
    this.failure = new MokaError(code, `log ${what} failed ${place} cause=${cause.message}`, details);
    this.onFailed(this.failure);
    this.finishClosing();
  }

  private finishClosing(): void {
    const done = this.onClosed;
    if (done === null || (this.state !== WRITER_IDLE && this.state !== WRITER_FAILED)) return;
    this.onClosed = null;
    let error: Error | null = this.failure;
    try {
      const note = this.state === WRITER_IDLE ? this.tail.tailNote() : null;
      if (note !== null) {
        const side = this.tail.side as DiskFile;
        side.writeSync(note.u8, 0, PAGE_BYTES, note.position);
        side.flushSync();
      }
      this.tail.leave();
    } catch (cause) {
      if (systemCodeOf(cause) === null) throw cause;
      error ??= cause as Error;
    }
    this.transitionTo(WRITER_CLOSED);
    done(error);
  }
}

function noop(): void {}
