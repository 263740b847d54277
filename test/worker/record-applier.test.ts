import { Type } from 'typebox';
import { expect, it } from 'vitest';
import { PartitionState } from '../../src/store/partition-state.ts';
import { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import { eventType } from '../../src/topology/process-node.ts';
import { Candidate } from '../../src/worker/candidate.ts';
import { EventApplier } from '../../src/worker/event-applier.ts';
import { LaneContext } from '../../src/worker/event-context.ts';
import { laneStoreId, laneStores } from '../../src/worker/lane-stores.ts';
import { RecordApplier } from '../../src/worker/record-applier.ts';

const Event = Type.Object({ id: Type.String(), at: Type.Number() });

const topology = defineTopology('named-timers', (t) => {
  t.stream('events', { schema: Event, key: 'id', eventTime: 'at' })
    .process('timers', {
      emits: eventType<string>(),
      onEvent: ({ at }, { timers }) => timers.setEventTime(at),
      onTimer: (_, { id, random, emit }) => emit(`${id()} ${random()}`),
    })
    .toTable('names')
    .toView('names');
});

const memory = { u8: Buffer.alloc(256), u32: new Uint32Array(64), f64: new Float64Array(32) };

/** What each of two events in one block is named, where the partition is opened anew before these offsets. */
function names(openedBefore: readonly number[]): unknown[] {
  const state = new PartitionState({
    stores: laneStores(topology),
    reader: new SimulatedCheckpoints().openForRead(),
    cacheBytes: 1 << 20,
    eviction: 'lru',
    secret: 1,
    dedupe: { windowMs: 1000, maxEntries: 1000 },
  });
  const open = (): RecordApplier => {
    const context = new LaneContext(0);
    return new RecordApplier(state, context, new EventApplier(topology, state, context, false, null), -1, 1);
  };
  let records = open();
  return [0, 1].map((offset) => {
    if (openedBefore.includes(offset)) records = open();
    const id = `e-${offset}`;
    const candidate = Object.assign(new Candidate(), { key: id, value: { id, at: offset }, eventTime: offset });
    records.apply(candidate, memory, 0, offset, 1000, offset === 0);
    return state.store(laneStoreId(topology.views[0]?.storeId as number)).get(id);
  });
}

it('RecordApplier.apply names what time brings about the same, wherever in a block a replay begins', () => {
  const live = names([]);
  expect(live).toEqual([expect.stringMatching(/^0:0:1\.1 /), expect.stringMatching(/^0:1:1\.1 /)]);
  expect(names([1])).toEqual(live);
});
