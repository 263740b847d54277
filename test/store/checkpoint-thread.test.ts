import { describe, expect, it } from 'vitest';
import { Doorbell } from '../../src/ring/doorbell.ts';
import { SpscRing } from '../../src/ring/spsc-ring.ts';
import { CHECKPOINT_VERSION } from '../../src/store/checkpoint.ts';
import { CheckpointResult, CheckpointSender } from '../../src/store/checkpoint-channel.ts';
import { type CheckpointLaneOptions, runCheckpointThread } from '../../src/store/checkpoint-thread.ts';
import { openEnvironments } from '../../src/store/environments.ts';
import { nodeStateFiles } from '../../src/store/state-files.ts';
import { applyEvent, describeState, openState } from './folded-state.ts';
import { metaAt } from './state-fixtures.ts';
import { temporaryDirectory } from './temporary-directory.ts';

async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await new Promise((resolve) => setImmediate(resolve));
}

function thread(
  laneCount: number,
  maxCommits: number,
): { lanes: CheckpointLaneOptions[]; end: () => Promise<void>; bell: SharedArrayBuffer } {
  const bell = Doorbell.allocate();
  const stop = new SharedArrayBuffer(4);
  const lanes = Array.from({ length: laneCount }, (_, partition) => ({
    partition,
    directory: temporaryDirectory(),
    ring: SpscRing.allocate(512 * 1024),
    result: CheckpointResult.allocate(),
    laneBell: Doorbell.allocate(),
  }));
  const rotation = { minEvents: 10 ** 9, eventsPerRow: 1, maxCommits };
  const running = runCheckpointThread({ lanes, bell, stop, rotation, files: nodeStateFiles });
  const end = (): Promise<void> => {
    Atomics.store(new Int32Array(stop), 0, 1);
    new Doorbell(bell).ring();
    return running;
  };
  return { lanes, end, bell };
}

async function runLane(lane: CheckpointLaneOptions, bell: SharedArrayBuffer, checkpoints: number): Promise<number> {
  const environments = openEnvironments(nodeStateFiles, lane.directory, lane.partition);
  const reader = environments.openForRead();
  const sender = new CheckpointSender(new SpscRing(lane.ring), new Doorbell(bell), lane.result, reader);
  const state = openState(reader);
  let offset = 0;
  for (let n = 0; n < checkpoints; n++) {
    for (let i = 0; i < 10; i++) applyEvent(state, offset++);
    const cutOffset = offset - 1;
    state.beginCut();
    sender.begin();
    // Events go on while the cut is handed over and committed.
    for (let slices = 0; !state.encodeSlice(sender, 2_000); slices++) {
      if (slices < 5) applyEvent(state, offset++);
      if (!sender.hasRoom()) await until(() => sender.hasRoom());
    }
    await until(() =>
      sender.finish({
        offset: cutOffset,
        epoch: 1,
        logTime: cutOffset,
        fingerprint: 'fold',
        version: CHECKPOINT_VERSION,
        extra: null,
      }),
    );
    for (let i = 0; i < 5; i++) applyEvent(state, offset++);
    await until(() => sender.result() !== 'pending');
    expect(sender.result()).toBe('committed');
    sender.renewReader();
    state.confirmCut();
    expect(sender.floorOffset).toBeLessThanOrEqual(cutOffset);
  }
  const unsaved = describeState(state, offset - 1);
  const replayed = openState(openEnvironments(nodeStateFiles, '/nonexistent', 0).openForRead());
  for (let n = 0; n < offset; n++) applyEvent(replayed, n);
  expect(unsaved).toBe(describeState(replayed, offset - 1));
  reader.close();
  return offset;
}

describe('runCheckpointThread', () => {
  it('saves several lanes that go on meanwhile, and rotates their environments', async () => {
    const { lanes, end, bell } = thread(3, 2);
    const offsets = await Promise.all(lanes.map((lane) => runLane(lane, bell, 6)));
    await end();
    for (const [i, lane] of lanes.entries()) {
      const environments = openEnvironments(nodeStateFiles, lane.directory, i);
      const reader = environments.openForRead();
      const savedOffset = reader.meta?.offset as number;
      expect(environments.previousOffset).toBeGreaterThan(0);
      const state = openState(reader);
      for (let n = savedOffset + 1; n < (offsets[i] as number); n++) applyEvent(state, n);
      const replayed = openState(openEnvironments(nodeStateFiles, '/nonexistent', 0).openForRead());
      for (let n = 0; n < (offsets[i] as number); n++) applyEvent(replayed, n);
      expect(describeState(state, (offsets[i] as number) - 1)).toBe(
        describeState(replayed, (offsets[i] as number) - 1),
      );
      reader.close();
    }
  });

  it('copies the environment when a checkpoint asks for it, also one of nothing new, and says when that is over', async () => {
    const { lanes, end, bell } = thread(1, 10 ** 9);
    const lane = lanes[0] as CheckpointLaneOptions;
    const environments = openEnvironments(nodeStateFiles, lane.directory, 0);
    const reader = environments.openForRead();
    const sender = new CheckpointSender(new SpscRing(lane.ring), new Doorbell(bell), lane.result, reader);
    const state = openState(reader);
    const save = async (offset: number, mustRotate: boolean): Promise<void> => {
      state.beginCut();
      sender.begin();
      while (!state.encodeSlice(sender, 100_000));
      expect(sender.finish({ ...metaAt(offset), mustRotate })).toBe(true);
      await until(() => sender.result() === 'committed');
      sender.renewReader();
      state.confirmCut();
    };
    for (let offset = 0; offset < 20; offset++) applyEvent(state, offset);
    await save(19, false);
    const { current } = environments;
    for (let offset = 20; offset < 40; offset++) applyEvent(state, offset);
    await save(39, true);
    await until(() => sender.floorOffset === 39 && !sender.isRotating);
    expect([environments.previous, environments.current]).toEqual([current, current + 1]);
    await save(39, true);
    await until(() => environments.current === current + 2 && !sender.isRotating);
    expect([environments.previous, sender.floorOffset]).toEqual([current + 1, 39]);
    await save(39, false);
    await end();
    expect(environments.current).toBe(current + 2);
    const before = describeState(state, 39);
    const again = environments.openForRead();
    expect(describeState(openState(again), 39)).toBe(before);
    again.close();
    reader.close();
  });

  it('ends at once when told to stop with nothing to do', async () => {
    const { end } = thread(1, 10);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await end();
  });
});
