import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import { LANE_RUNNING, LANE_STARTING, LaneStatus, PRESSURE_FULL, PRESSURE_OK } from '../../src/ring/lane.ts';

describe('LaneStatus', () => {
  it('begins without an offset, starting and under no pressure', () => {
    const status = new LaneStatus(LaneStatus.allocate());
    expect([status.state, status.pressure, status.intakeBlockedReason, status.epoch]).toEqual([
      LANE_STARTING,
      PRESSURE_OK,
      0,
      0,
    ]);
    expect([status.durableOffset, status.processedOffset, status.checkpointOffset]).toEqual([-1, -1, -1]);
    expect([status.fillRatio, status.drainRate, status.recoveredEvents, status.heartbeat]).toEqual([0, 0, 0, 0]);
  });

  it('shows every field, and no other, to another instance over the same memory', () => {
    const memory = LaneStatus.allocate();
    const written = new LaneStatus(memory);
    const read = new LaneStatus(memory);
    written.state = LANE_RUNNING;
    written.pressure = PRESSURE_FULL;
    written.intakeBlockedReason = ERRORS.ERR_DISK_FULL.id;
    written.epoch = 7;
    written.fillRatio = 0.25;
    written.drainRate = 850_000.5;
    written.durableOffset = 2 ** 40;
    written.processedOffset = 2 ** 40 + 1;
    written.recoveredEvents = 12;
    written.heartbeat = 1_763_600_000_000;
    expect([read.state, read.pressure, read.intakeBlockedReason, read.epoch]).toEqual([
      LANE_RUNNING,
      PRESSURE_FULL,
      65,
      7,
    ]);
    expect([read.fillRatio, read.drainRate, read.durableOffset, read.processedOffset]).toEqual([
      0.25,
      850_000.5,
      2 ** 40,
      2 ** 40 + 1,
    ]);
    expect([read.recoveredEvents, read.heartbeat]).toEqual([12, 1_763_600_000_000]);
  });

  it('refuses memory of another size', () => {
    expect(() => new LaneStatus(new SharedArrayBuffer(8))).toThrow('lane status bytes=8');
  });
});
