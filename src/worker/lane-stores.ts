import { MokaError } from '../base/errors.ts';
import type { CheckpointMeta } from '../store/checkpoint.ts';
import type { StoreSpec } from '../store/store-spec.ts';
import type { CompiledTopology, ViewSpec } from '../topology/compiled.ts';
import { DEAD_LETTERS_VIEW } from './dead-letters.ts';

/** What every lane keeps besides the stores of its topology. These come first, so that a topology may grow. */
export const DEAD_LETTERS_STORE = 0;
export const DEAD_LETTER_BOUNDS_STORE = 1;

const SYSTEM_STORES: readonly StoreSpec[] = [
  { id: DEAD_LETTERS_STORE, name: DEAD_LETTERS_VIEW, isOrdered: true },
  { id: DEAD_LETTER_BOUNDS_STORE, name: `${DEAD_LETTERS_VIEW}-bounds`, isOrdered: false },
];

/** The place in a lane of a store of its topology. */
export function laneStoreId(storeId: number): number {
  return SYSTEM_STORES.length + storeId;
}

/**
 * All stores of a lane, by their places. A store that a checkpoint has keeps the number that it has there, wherever it stands
 * in the topology now; new ones come behind.
 *
 * @param meta of the checkpoint that the lane is opened with
 */
export function laneStores(topology: CompiledTopology, meta: CheckpointMeta | null = null): StoreSpec[] {
  const saved = extraOf(meta).stores ?? [];
  const numbers = new Map(saved.map((name, number) => [name, number]));
  let next = saved.length;
  const own = topology.stores.map((store) => ({ ...store, layout: topology.storeLayouts[store.id] ?? {} }));
  return [...SYSTEM_STORES, ...own].map((store) => ({ ...store, id: numbers.get(store.name) ?? next++ }));
}

/** All views of a lane, the topology's first, with the places that their stores have in a lane. */
export function laneViews(topology: CompiledTopology): ViewSpec[] {
  return [
    ...topology.views.map((view) => ({ ...view, storeId: laneStoreId(view.storeId) })),
    {
      id: topology.views.length,
      name: DEAD_LETTERS_VIEW,
      description: 'Events whose processing failed, with their original bytes.',
      storeId: DEAD_LETTERS_STORE,
      isKeyedByPartitionKey: false,
      isOfWindows: false,
      hopLevel: 0,
      schema: null,
    },
  ];
}

/** What a lane adds to a checkpoint: which store and which stream has which number. */
interface LaneExtra {
  readonly stores: readonly string[];
  /** Identities are remembered with the number of their stream. */
  readonly streams: readonly string[];
}

export function laneExtra(topology: CompiledTopology, stores: readonly StoreSpec[] = laneStores(topology)): LaneExtra {
  return {
    stores: stores.toSorted((a, b) => a.id - b.id).map((store) => store.name),
    streams: topology.streams.map((stream) => stream.name),
  };
}

function extraOf(meta: CheckpointMeta | null): Partial<LaneExtra> {
  return (meta?.extra ?? {}) as Partial<LaneExtra>;
}

/** The topology that a partition's log was last written under. */
export interface LoggedTopology {
  readonly fingerprint: string;
  /** Last offset of the log when it took over from another one; -1: it wrote all of it. */
  readonly since: number;
}

/** Last offset that was not logged under this topology; -1 when all was. The log is drained when another one took over. */
export function takeoverOffset(topology: CompiledTopology, logEnd: number, logged: LoggedTopology | null): number {
  if (logged === null) return -1;
  return logged.fingerprint === topology.fingerprint ? logged.since : logEnd;
}

/**
 * Whether a checkpoint and the log behind it may be opened with this topology: the same one, unless the checkpoint is of
 * before it took over; another one only when nothing of the log is left to replay, nothing is on its way to other
 * partitions, every store is still there, and every stream still has its number.
 *
 * @param logEnd last offset of the log
 * @param countUnconfirmed how many changes are on their way to other partitions, in the form that their operators gave them
 * @throws MokaError ERR_TOPOLOGY_CHANGED, ERR_CHECKPOINT_DAMAGED
 */
export function assertSameTopology(
  partition: number,
  topology: CompiledTopology,
  meta: CheckpointMeta | null,
  logEnd: number,
  logged: LoggedTopology | null,
  countUnconfirmed: () => number,
): void {
  const saved = logged?.fingerprint ?? meta?.fingerprint ?? topology.fingerprint;
  const savedOffset = meta?.offset ?? -1;
  if (saved === topology.fingerprint) {
    const since = logged?.since ?? -1;
    if (savedOffset >= since) return;
    throw new MokaError(
      'ERR_CHECKPOINT_DAMAGED',
      `no checkpoint through offset=${since} can be read, the last one is of offset=${savedOffset}; the log in between was written under another topology and cannot be replayed under this one. Restore state/${partition} from a backup`,
      { partition },
    );
  }
  const unsaved = Math.max(0, logEnd - savedOffset);
  const unconfirmed = unsaved > 0 ? 0 : countUnconfirmed();
  if (unsaved > 0 || unconfirmed > 0) {
    const unfinished =
      unsaved > 0
        ? `${unsaved} logged events of partition=${partition} are not in the checkpoint`
        : `${unconfirmed} changes of partition=${partition} are on their way to others`;
    throw new MokaError(
      'ERR_TOPOLOGY_CHANGED',
      `topology name=${topology.name} fingerprint=${topology.fingerprint} saved=${saved}; ${unfinished}. Start once with the topology they were taken under and stop with SIGTERM`,
      { partition },
    );
  }
  const before = extraOf(meta);
  const now = laneExtra(topology);
  const lost = (before.stores ?? []).filter((name) => !now.stores.includes(name)).map((name) => `store ${name}`);
  const moved = (before.streams ?? []).filter((name, id) => now.streams[id] !== name).map((name) => `stream ${name}`);
  const missing = [...lost, ...moved];
  if (missing.length > 0) {
    throw new MokaError(
      'ERR_TOPOLOGY_CHANGED',
      `topology name=${topology.name} lost a store or moved a stream: ${missing.join(', ')}; keep all stores, by their names, and the streams in their order, or use a new data directory`,
      { partition },
    );
  }
}
