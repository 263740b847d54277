import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import type { PartitionLog } from '../../src/log/partition-log.ts';
import type { RetentionPolicy } from '../../src/log/retention.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { SimulatedDisk } from '../../src/testing/simulated-disk.ts';
import { Checkpointer } from '../../src/worker/checkpointer.ts';
import { RELIEF_WAIT_MS, RELIEF_WAIT_MS_MAX } from '../../src/worker/log-relief.ts';
import { range, replayedOffsets } from '../log/log-fixtures.ts';
import { commitBlocks, openSimulated, SLOT_BYTES } from '../log/simulated-log.ts';
import { metaAt, stateOf } from '../store/state-fixtures.ts';

const FULL = ERRORS.ERR_DISK_FULL.id;
const KEEP_NOTHING: RetentionPolicy = { bytes: 0, ms: 0 };
const HOUSEKEEPING_MS = 250;
/** The file that says whose log it is. */
const LOG_FILE_BYTES = 4096;
/** No checkpoint comes due but those that are forced. */
const NEVER = { maxTailMs: Number.MAX_VALUE, maxTailBytes: Number.MAX_VALUE, maxIntervalMs: Number.MAX_VALUE };

interface Options {
  retention?: RetentionPolicy;
  slots?: number;
  settle?: () => 'committed' | 'failed';
}

/** A log on a disk of a few slots, which fills it up, and its checkpoints, which are elsewhere. */
class FullLane {
  readonly disk: SimulatedDisk;
  readonly checkpoints: SimulatedCheckpoints;
  readonly log: PartitionLog;
  readonly checkpointer: Checkpointer;
  readonly sink;
  now = 0;
  /** Checkpoints that came to a result. */
  tried = 0;

  constructor(options: Options = {}) {
    const { retention = KEEP_NOTHING, slots = 5, settle = () => 'committed' } = options;
    this.disk = new SimulatedDisk({ seed: 1, capacityBytes: slots * SLOT_BYTES + LOG_FILE_BYTES });
    this.checkpoints = new SimulatedCheckpoints({
      rotateEvery: 1000,
      settle: () => {
        this.tried += 1;
        return settle();
      },
    });
    const clock = { now: (): number => this.now };
    this.log = openSimulated(this.disk, { retention, clock });
    const reader = this.checkpoints.openForRead();
    this.sink = this.checkpoints.openSink(reader);
    this.checkpointer = new Checkpointer(stateOf(reader), this.log, this.sink, NEVER, -1, 0, clock, (offset) =>
      metaAt(offset),
    );
  }

  get offset(): number {
    return this.log.durableThrough;
  }

  fill(): void {
    this.disk.runAll();
    while (this.log.canAdmit()) commitBlocks(this.disk, this.log, 1, 20, 400);
    expect(this.log.blockedReason()).toBe(FULL);
  }

  /** What a lane does in this much time. */
  live(ms: number): void {
    for (const end = this.now + ms; this.now < end; this.now += HOUSEKEEPING_MS) this.turn();
  }

  turn(): void {
    while (this.checkpointer.step(this.offset, 1, this.now) || this.disk.runOne() || !this.checkpointer.isIdle);
    this.disk.runAll();
  }

  save(): void {
    this.checkpointer.force();
    this.turn();
  }
}

describe('a lane that the disk refuses its next segment', () => {
  it('saves a checkpoint that lets go of log, and goes on in the segments it gets back', () => {
    const lane = new FullLane();
    const files = lane.disk.listSync('/data/log/0');
    lane.fill();
    for (let round = 1; round <= 4; round++) {
      const end = lane.offset;
      lane.live(HOUSEKEEPING_MS);
      expect([lane.tried, lane.checkpoints.previousOffset]).toEqual([round, end]);
      expect([lane.log.canAdmit(), lane.log.blockedReason()]).toEqual([true, 0]);
      lane.now += RELIEF_WAIT_MS;
      lane.fill();
      expect(lane.offset).toBeGreaterThan(end);
      expect(replayedOffsets(lane.log)).toEqual(range(lane.log.firstRetainedOffset, lane.log.nextOffset));
      expect(lane.log.firstRetainedOffset).toBeLessThanOrEqual(end);
    }
    expect(lane.disk.listSync('/data/log/0').length).toBeGreaterThan(files.length);
    lane.disk.crash('power');
    const again = openSimulated(lane.disk, { checkpointOffset: lane.checkpointer.savedOffset });
    expect(again.durableThrough).toBe(lane.offset);
  });

  it('saves one of no new event where the floor alone is to be moved', () => {
    const lane = new FullLane();
    lane.fill();
    lane.turn();
    const floor = lane.sink.floorOffset;
    lane.fill();
    lane.save();
    expect([lane.tried, lane.checkpointer.savedOffset, lane.sink.floorOffset]).toEqual([2, lane.offset, floor]);
    expect(lane.log.canAdmit()).toBe(false);
    lane.now += RELIEF_WAIT_MS;
    lane.turn();
    expect([lane.tried, lane.checkpointer.savedOffset, lane.sink.floorOffset]).toEqual([3, lane.offset, lane.offset]);
    expect(lane.log.canAdmit()).toBe(true);
  });

  it('saves none where the retention policy wants all of it kept, until its age is past', () => {
    const lane = new FullLane({ retention: { bytes: 1024 * SLOT_BYTES, ms: 3_600_000 } });
    lane.fill();
    lane.live(3_600_000);
    expect([lane.tried, lane.log.canAdmit()]).toEqual([0, false]);
    lane.live(3 * HOUSEKEEPING_MS);
    expect([lane.tried, lane.log.canAdmit()]).toEqual([1, true]);
  });

  it('saves none where all that is left is the segment in use', () => {
    const lane = new FullLane({ slots: 1 });
    lane.fill();
    lane.live(10 * RELIEF_WAIT_MS_MAX);
    expect([lane.tried, lane.log.canAdmit()]).toEqual([0, false]);
  });

  it('tries again, less and less often, when the checkpoint itself meets the full disk', () => {
    let result: 'committed' | 'failed' = 'failed';
    const lane = new FullLane({ settle: () => result });
    lane.fill();
    lane.live(RELIEF_WAIT_MS);
    expect([lane.tried, lane.checkpointer.failureCount]).toEqual([1, 1]);
    lane.live(10 * RELIEF_WAIT_MS_MAX);
    // 2, 4, 8, 16 and 32 s apart, and then no less than a minute.
    expect(lane.tried).toBeGreaterThan(10);
    expect(lane.tried).toBeLessThanOrEqual(1 + 5 + 10);
    expect(lane.log.canAdmit()).toBe(false);
    result = 'committed';
    lane.live(RELIEF_WAIT_MS_MAX + HOUSEKEEPING_MS);
    expect(lane.log.canAdmit()).toBe(true);
  });

  it('saves none while the environment is being copied', () => {
    const lane = new FullLane();
    let isRotating = true;
    Object.defineProperty(lane.sink, 'isRotating', { get: () => isRotating });
    lane.fill();
    lane.live(10 * RELIEF_WAIT_MS);
    expect(lane.tried).toBe(0);
    isRotating = false;
    lane.live(HOUSEKEEPING_MS);
    expect(lane.tried).toBe(1);
  });
});

describe('Checkpointer', () => {
  it('lets go of log when the previous environment has become a later one, without another checkpoint', () => {
    const lane = new FullLane();
    lane.disk.runAll();
    commitBlocks(lane.disk, lane.log, 40);
    lane.save();
    expect([lane.sink.floorOffset, lane.log.firstRetainedOffset]).toEqual([-1, 0]);
    Object.defineProperty(lane.sink, 'floorOffset', { value: lane.offset });
    lane.turn();
    expect([lane.tried, lane.log.stats().segmentCount]).toEqual([1, 1]);
  });
});
