import { MokaError } from '../base/errors.ts';
import type { CheckpointMeta } from '../store/checkpoint.ts';
import type { StoreSpec } from '../store/store-spec.ts';
import type { CompiledTopology, ViewSpec } from '../topology/compiled.ts';
import { DEAD_LETTERS_VIEW } from './dead-letters.ts';

/** Ids of the stores that every lane has besides those of its topology. */
export function systemStores(topology: CompiledTopology): { deadLetters: number; deadLetterBounds: number } {
  const next = topology.stores.length;
  return { deadLetters: next, deadLetterBounds: next + 1 };
}

/** All stores of a lane, the topology's first. */
export function laneStores(topology: CompiledTopology): StoreSpec[] {
  const system = systemStores(topology);
  return [
    ...topology.stores,
    { id: system.deadLetters, name: DEAD_LETTERS_VIEW, isOrdered: true },
    { id: system.deadLetterBounds, name: `${DEAD_LETTERS_VIEW}-bounds`, isOrdered: false },
  ];
}

/** All views of a lane, the topology's first. */
export function laneViews(topology: CompiledTopology): ViewSpec[] {
  return [
    ...topology.views,
    {
      id: topology.views.length,
      name: DEAD_LETTERS_VIEW,
      description: 'Events whose processing failed, with their original bytes.',
      storeId: systemStores(topology).deadLetters,
      isKeyedByPartitionKey: false,
      schema: null,
    },
  ];
}

/** What a lane adds to a checkpoint: which store has which number. */
export function laneExtra(topology: CompiledTopology): { stores: string[] } {
  return { stores: laneStores(topology).map((store) => store.name) };
}

/**
 * Whether a checkpoint and the log behind it may be opened with this topology: the same one always; another one only
 * when nothing of the log is left to replay and every store is still what it was.
 *
 * @param logEnd last offset of the log
 * @param loggedFingerprint of the topology that the engine last ran with here; null in a new directory
 * @throws MokaError ERR_TOPOLOGY_CHANGED
 */
export function assertSameTopology(
  partition: number,
  topology: CompiledTopology,
  meta: CheckpointMeta | null,
  logEnd: number,
  loggedFingerprint: string | null,
): void {
  const saved = loggedFingerprint ?? meta?.fingerprint ?? topology.fingerprint;
  if (saved === topology.fingerprint) return;
  const savedOffset = meta?.offset ?? -1;
  if (logEnd > savedOffset) {
    throw new MokaError(
      'ERR_TOPOLOGY_CHANGED',
      `topology name=${topology.name} fingerprint=${topology.fingerprint} saved=${saved}; ${logEnd - savedOffset} logged events of partition=${partition} are not in the checkpoint. Start once with the topology they were taken under and stop with SIGTERM`,
      { partition },
    );
  }
  const before = (meta?.extra as { stores?: string[] } | null)?.stores ?? [];
  const now = laneExtra(topology).stores;
  const moved = before.filter((name, id) => now[id] !== name);
  if (moved.length > 0) {
    throw new MokaError(
      'ERR_TOPOLOGY_CHANGED',
      `topology name=${topology.name} lost or moved stores=${moved.join(',')} that hold state; keep them in place or use a new data directory`,
      { partition },
    );
  }
}
