import { describe, expect, it } from 'vitest';
import { LaneIntake } from '../../src/ingress/lane-intake.ts';
import { ResultJson } from '../../src/ingress/result-json.ts';
import { LEVEL_DURABLE, LEVEL_RECEIVED, LEVEL_WRITTEN } from '../../src/record/intake-message.ts';
import { FakeLane } from './fake-lane.ts';

function setUp(): [ResultJson, FakeLane[]] {
  const lanes = [new FakeLane(0), new FakeLane(1, { epoch: 12 })];
  return [new ResultJson(lanes.map(({ link }) => new LaneIntake(link))), lanes];
}

function parse(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString());
}

describe('ResultJson', () => {
  it('writes offsets of every number of digits', () => {
    const [results] = setUp();
    for (let power = 0; power < 16; power++) {
      for (const offset of [10 ** power, 10 ** power - 1, Math.min(10 ** power * 9 + 7, Number.MAX_SAFE_INTEGER)]) {
        expect(parse(results.bytes(1, offset, LEVEL_DURABLE, false))).toEqual({
          partition: 1,
          offset,
          epoch: 12,
          level: 'durable',
          processed: true,
          duplicate: false,
        });
      }
    }
  });

  it('tells levels, duplicates and positions that are not known', () => {
    const [results] = setUp();
    expect(parse(results.bytes(0, 3, LEVEL_WRITTEN, true))).toMatchObject({ level: 'written', duplicate: true });
    expect(parse(results.bytes(0, -1, LEVEL_RECEIVED, false))).toMatchObject({
      offset: null,
      level: 'received',
      processed: false,
    });
  });

  it('follows a new epoch', () => {
    const [results, lanes] = setUp();
    results.bytes(0, 1, LEVEL_DURABLE, false);
    (lanes[0] as FakeLane).link.status.epoch = 2;
    expect(parse(results.bytes(0, 1, LEVEL_DURABLE, false))).toMatchObject({ epoch: 2 });
  });
});
