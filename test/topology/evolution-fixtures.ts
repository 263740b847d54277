import { expect } from 'vitest';
import type { CheckpointReader } from '../../src/store/checkpoint.ts';
import { PartitionState } from '../../src/store/partition-state.ts';
import type { SimulatedCheckpoints } from '../../src/testing/simulated-checkpoints.ts';
import type { CompiledTopology } from '../../src/topology/compiled.ts';
import { EventApplier } from '../../src/worker/event-applier.ts';
import { LaneContext } from '../../src/worker/event-context.ts';
import { laneStores } from '../../src/worker/lane-stores.ts';
import { metaAt } from '../store/state-fixtures.ts';

interface Sold {
  readonly sku: string;
  readonly [member: string]: unknown;
}

export interface Lane {
  readonly state: PartitionState;
  sell(sku: string, cents: number): void;
  /** An event under the key that it has as `sku`. */
  take(event: Sold): void;
  /** The same of that event time; log time is the offset if nothing is said. */
  takeAt(event: Sold, eventTime: number, logTime?: number): void;
  /** Any event under any key, and what time brings about after it. */
  takeUnder(key: string, event: unknown, eventTime: number): void;
  /** Whether anything waits for this log time. */
  isDue(logTime: number): boolean;
  /** Does what is due by then. */
  fire(logTime: number): void;
}

/** A partition's state and operators over what was saved. */
export function open(topology: CompiledTopology, reader: CheckpointReader): Lane {
  const state = new PartitionState({
    stores: laneStores(topology, reader.meta),
    reader,
    cacheBytes: 1 << 20,
    eviction: 'lru',
    secret: 1,
    dedupe: { windowMs: 1000, maxEntries: 1000 },
  });
  const context = new LaneContext(0);
  const applier = new EventApplier(topology, state, context, false, null);
  let offset = reader.meta === null ? 0 : reader.meta.offset + 1;
  const apply = (key: string, event: unknown, eventTime: number, logTime = offset): void => {
    context.moveTo(offset, eventTime, logTime);
    applier.apply(0, key, event);
    offset += 1;
  };
  return {
    state,
    sell: (sku, cents) => apply(sku, { sku, cents }, offset),
    take: (event) => apply(event.sku, event, offset),
    takeAt: (event, eventTime, logTime) => apply(event.sku, event, eventTime, logTime),
    takeUnder: (key, event, eventTime) => {
      apply(key, event, eventTime);
      applier.fireEventTime(offset - 1, offset - 1);
    },
    isDue: (logTime) => applier.wantsTick(logTime, true),
    fire: (logTime) => applier.fireLogTime(offset, logTime),
  };
}

export function save({ state }: Lane, checkpoints: SimulatedCheckpoints, offset: number): void {
  const sink = checkpoints.openSink(checkpoints.openForRead());
  sink.begin();
  const stores = state.specs.toSorted((a, b) => a.id - b.id);
  state.beginCut();
  while (!state.encodeSlice(sink, 1000));
  sink.finish({ ...metaAt(offset), extra: { stores: stores.map(({ name }) => name) } });
  expect(sink.result()).toBe('committed');
  state.confirmCut();
}
