import { CHECKPOINT_VERSION, type CheckpointMeta, type CheckpointReader } from '../../src/store/checkpoint.ts';
import { type EvictionPolicy, PartitionState } from '../../src/store/partition-state.ts';

export function stateOf(
  reader: CheckpointReader | null,
  options: {
    stores?: number;
    cacheBytes?: number;
    eviction?: EvictionPolicy;
    windowMs?: number;
    maxEntries?: number;
    isTimed?: boolean;
  } = {},
): PartitionState {
  const {
    stores = 1,
    cacheBytes = 2 ** 30,
    eviction = 'lru',
    windowMs = 1_000,
    maxEntries = 1_000_000,
    isTimed = false,
  } = options;
  return new PartitionState({
    stores: Array.from({ length: stores }, (_, id) => ({ id, name: `store-${id}`, isOrdered: true, isTimed })),
    reader,
    cacheBytes,
    eviction,
    secret: 0x5eed,
    dedupe: { windowMs, maxEntries },
  });
}

export function metaAt(offset: number, logTime = offset): CheckpointMeta {
  return { offset, epoch: 1, logTime, fingerprint: 'test', version: CHECKPOINT_VERSION, extra: null };
}
