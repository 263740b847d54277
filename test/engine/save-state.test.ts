import { describe, expect, it } from 'vitest';
import { saveState } from '../../src/engine/save-state.ts';
import { LANE_DRAINING, LANE_RUNNING, type LaneLink, LaneStatus } from '../../src/ring/lane.ts';

function lanes(...offsets: number[]): LaneLink[] {
  return offsets.map((processedOffset, partition) => {
    const status = new LaneStatus(LaneStatus.allocate());
    status.state = LANE_RUNNING;
    status.processedOffset = processedOffset;
    return { partition, status } as LaneLink;
  });
}

const LATER_MS = 30;
const isAbandoned = (): boolean => false;

describe('saveState', () => {
  it('answers at once where all is saved, having asked all the same', async () => {
    let asked = 0;
    const saved = await saveState(lanes(-1), { ask: () => asked++, limitMs: 60_000, isAbandoned });
    expect([saved, asked]).toEqual([[{ partition: 0, checkpointOffset: -1 }], 1]);
  });

  it('waits for what was processed when it was asked, and not for what came later', async () => {
    const links = lanes(5, 7);
    const save = (): void => {
      for (const [n, { status }] of links.entries()) status.checkpointOffset = [6, 7][n] as number;
    };
    const ask = (): void => {
      for (const { status } of links) status.processedOffset += 100;
      setTimeout(save, LATER_MS);
    };
    const saved = await saveState(links, { ask, limitMs: 60_000, isAbandoned });
    expect(saved.map(({ checkpointOffset }) => checkpointOffset)).toEqual([6, 7]);
  });

  it.each([
    ['has no room', (status: LaneStatus) => status.checkpointFailures++, 'ERR_DISK_FULL', 'finds no room on the disk'],
    ['ends', (status: LaneStatus) => (status.state = LANE_DRAINING), 'ERR_NOT_READY', 'is not made: the lane ends'],
  ])('fails where a lane %s', async (_, happen, code, what) => {
    const links = lanes(-1, 3);
    (links[1] as LaneLink).status.checkpointFailures = 2;
    const ask = (): void => void setTimeout(() => happen((links[1] as LaneLink).status), LATER_MS);
    await expect(saveState(links, { ask, limitMs: 60_000, isAbandoned })).rejects.toMatchObject({
      code,
      message: `checkpoint of partition=1 ${what}`,
      partition: 1,
    });
  });

  it.each([
    [100, false],
    [60_000, true],
  ])('gives up after %i ms, or when nobody waits: %s', async (limitMs, hasGone) => {
    await expect(saveState(lanes(3), { ask: () => {}, limitMs, isAbandoned: () => hasGone })).rejects.toMatchObject({
      code: 'ERR_NOT_READY',
      message: expect.stringContaining('reflects offset=-1 of 3'),
    });
  });
});
