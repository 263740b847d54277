import { expect } from 'vitest';
import { MokaError } from '../../src/base/errors.ts';
import { setFailpointHandler } from '../../src/base/failpoint.ts';
import type { EpochStart } from '../../src/log/epoch-starts.ts';
import { PartitionLog, type PartitionLogOptions } from '../../src/log/partition-log.ts';
import { RECORD_LENGTH, RECORD_VALUE_LENGTH, recordLength } from '../../src/record/layout.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { SimulatedDisk } from '../../src/testing/simulated-disk.ts';
import { CrashSignal } from '../../src/testing/simulated-machine.ts';

/** How one life of the simulated process goes: a shape that fast-check can shrink. */
export interface Life {
  readonly seed: number;
  readonly steps: number;
  /** Disk operations until the process dies; beyond its end, it dies there. */
  readonly crashAfter: number;
  readonly crash: 'process' | 'power';
  /** Flushes until one fails; -1 for none. */
  readonly failFlush: number;
  readonly announcesWritten: boolean;
  readonly isDiskFull: boolean;
  readonly closes: boolean;
}

const DIRECTORY = '/data/log/0';
const BLOCK_BYTES = 12 * 1024;
const SEGMENT_BYTES = 48 * 1024;

/**
 * A log on a simulated disk and what was promised about it. After every open: everything that was ever answered
 * durable, or stood in the log when it was opened, is there as it was; what else is there was once appended at that
 * place; the epoch is new, and that of every record is known.
 */
export class CrashModel {
  readonly disk: SimulatedDisk;
  /** The token of the record at each offset, as last appended. */
  private readonly tokens: number[] = [];
  private promisedThrough = -1;
  private lastEpoch = 0;
  private nextToken = 1;
  private checkpointOffset = -1;
  private epochStarts: readonly EpochStart[] = [];
  lostUnacknowledged = 0;
  openCount = 0;

  constructor(seed: number) {
    this.disk = new SimulatedDisk({ seed });
  }

  live(life: Life): void {
    const { machine } = this.disk;
    machine.crashCountdown = life.crashAfter;
    machine.flushFailureCountdown = life.failFlush;
    try {
      const log = this.open(life);
      if (log !== null) this.work(log, life);
    } catch (error) {
      if (!(error instanceof CrashSignal)) throw error;
    } finally {
      setFailpointHandler(null);
    }
    this.disk.crash(life.crash);
  }

  /** Opens in peace and checks what is there. */
  verify(): void {
    this.disk.machine.crashCountdown = -1;
    const life = {
      seed: 1,
      steps: 0,
      crashAfter: -1,
      crash: 'process',
      failFlush: -1,
      announcesWritten: false,
      isDiskFull: false,
      closes: true,
    } as const;
    const log = this.open(life) as PartitionLog;
    log.close(() => {});
    this.disk.runAll();
  }

  private open(life: Life): PartitionLog | null {
    const options: PartitionLogOptions = {
      partition: 0,
      segmentBytes: SEGMENT_BYTES,
      maxBlockBytes: BLOCK_BYTES,
      checkpointOffset: this.checkpointOffset,
      epochStarts: this.epochStarts,
      reserveBytes: 0,
      retention: { bytes: 0, ms: 1_000_000 },
      announcesWritten: life.announcesWritten,
      clock: { now: () => this.disk.machine.operationCount },
      salt: 0x5a17,
    };
    this.disk.capacityBytes = life.isDiskFull && this.openCount > 0 ? 0 : Number.MAX_SAFE_INTEGER;
    let log: PartitionLog;
    try {
      log = PartitionLog.open(this.disk, DIRECTORY, options);
    } catch (error) {
      // A flush may be told to fail in recovery too: then nobody heard anything of this life.
      if (error instanceof MokaError && error.code === 'ERR_DISK_IO' && life.failFlush >= 0) return null;
      throw error;
    }
    this.openCount += 1;
    expect(log.epoch).toBeGreaterThan(this.lastEpoch);
    this.lastEpoch = log.epoch;
    expect(log.durableThrough).toBe(log.nextOffset - 1);
    expect(log.nextOffset).toBeGreaterThanOrEqual(this.promisedThrough + 1);
    expect(log.nextOffset).toBeLessThanOrEqual(this.tokens.length);
    this.lostUnacknowledged += this.tokens.length - log.nextOffset;
    this.tokens.length = log.nextOffset;
    this.promisedThrough = log.durableThrough;
    expect(log.firstRetainedOffset).toBeLessThanOrEqual(this.checkpointOffset + 1);
    this.checkReplay(log);
    return log;
  }

  private checkReplay(log: PartitionLog): void {
    let expected = log.firstRetainedOffset;
    let logTime = 0;
    log.replay(expected, (block) => {
      expect(block.firstOffset).toBe(expected);
      expect(block.logTime).toBeGreaterThanOrEqual(logTime);
      logTime = block.logTime;
      let position = block.start;
      for (let index = 0; index < block.recordCount; index++) {
        expect(tokenAt(block.u8, position)).toBe(this.tokens[expected]);
        expect(log.epochAt(expected)).toBe(block.epoch);
        expected += 1;
        position += block.u32[(position + RECORD_LENGTH) >>> 2] as number;
      }
      expect(position).toBe(block.length);
    });
    expect(expected).toBe(log.nextOffset);
    expect(log.epochAt(expected)).toBe(log.epoch);
  }

  private work(log: PartitionLog, life: Life): void {
    const random = new SeededRandom(life.seed);
    let isFailed = false;
    log.onDurable = (through) => {
      expect(isFailed).toBe(false);
      this.promisedThrough = through;
    };
    log.onFailed = () => {
      isFailed = true;
    };
    for (let step = 0; step < life.steps; step++) {
      if (random.chance(0.5)) this.append(log, random);
      if (random.chance(0.4) && log.isIdle() && log.open.recordCount > 0) log.commit(step + log.lastLogTime);
      if (random.chance(0.6)) this.disk.runOne();
      if (random.chance(0.1)) log.confirmTail();
      if (random.chance(0.05)) this.checkpoint(log, random);
      if (random.chance(0.1)) this.look(log, random);
    }
    if (!life.closes) return;
    let isClosed = false;
    log.close(() => {
      isClosed = true;
    });
    this.disk.runAll();
    expect(isClosed).toBe(true);
  }

  private append(log: PartitionLog, random: SeededRandom): void {
    if (!log.canAdmit()) return;
    const count = random.chance(0.3) ? random.below(40) : random.below(4);
    for (let index = 0; index < count; index++) {
      const { open } = log;
      const valueLength = 4 + random.below(random.chance(0.1) ? 4000 : 200);
      const length = recordLength(valueLength, 0);
      if (length > open.remainingBytes) return;
      const token = this.nextToken++;
      const position = open.length;
      open.u8.fill(token & 0xff, position, position + length);
      open.u32[(position + RECORD_LENGTH) >>> 2] = length;
      open.u32[(position + RECORD_VALUE_LENGTH) >>> 2] = valueLength;
      open.u32[(position + 72) >>> 2] = token;
      open.length += length;
      this.tokens[open.firstOffset + open.recordCount] = token;
      open.recordCount += 1;
    }
  }

  /** A checkpoint is only ever made of what is flushed; the log may then forget what lies before it. */
  private checkpoint(log: PartitionLog, random: SeededRandom): void {
    if (log.durableThrough <= this.checkpointOffset) return;
    const previous = this.checkpointOffset;
    this.checkpointOffset = previous + 1 + random.below(log.durableThrough - previous);
    this.epochStarts = log.epochStarts();
    log.trim(previous + 1);
    expect(log.firstRetainedOffset).toBeLessThanOrEqual(previous + 1);
  }

  private look(log: PartitionLog, random: SeededRandom): void {
    const offset = random.below(log.nextOffset + 2);
    const record = log.readRecordSync(offset);
    if (offset >= log.nextOffset) return expect(record).toBeNull();
    if (offset < log.firstRetainedOffset) return;
    expect(record && tokenAt(record.view.u8, record.position)).toBe(this.tokens[offset]);
  }
}

function tokenAt(u8: Buffer, position: number): number {
  return u8.readUInt32LE(position + 72);
}
