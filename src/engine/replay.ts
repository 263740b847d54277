import { isDeepStrictEqual } from 'node:util';
import { MokaError } from '../base/errors.ts';
import { KeyedHash, partitionOf } from '../base/hash.ts';
import { NodeDisk } from '../log/node-disk.ts';
import { LogReader } from '../log/reader.ts';
import type { Repartitioner } from '../operators/repartition.ts';
import type { CheckpointMeta, CheckpointReader } from '../store/checkpoint.ts';
import { openEnvironments, openPreviousEnvironment } from '../store/environments.ts';
import { PartitionState } from '../store/partition-state.ts';
import { REGISTERS_PER_STORE } from '../store/registers.ts';
import type { StateStore } from '../store/state-store.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import { EventApplier } from '../worker/event-applier.ts';
import { LaneContext } from '../worker/event-context.ts';
import { FetchAhead } from '../worker/fetch-ahead.ts';
import { Judge } from '../worker/judge.ts';
import { laneStores } from '../worker/lane-stores.ts';
import { RecordApplier } from '../worker/record-applier.ts';
import { Replayer } from '../worker/replayer.ts';
import { streamRuntimes } from '../worker/stream-runtime.ts';
import { type DataDirectory, logDirectory, stateDirectory } from './data-directory.ts';

/** What a replay of one partition came to. */
export interface ReplayReport {
  readonly partition: number;
  /** Where the state began: empty, or that of the checkpoint before the last. */
  readonly base: 'empty' | 'checkpoint';
  readonly fromOffset: number;
  /** What the checkpoint that was compared reflects. */
  readonly throughOffset: number;
  readonly events: number;
  readonly rows: number;
  readonly ms: number;
  /** What is not the same, as words; at most 20 of them. */
  readonly differences: readonly string[];
}

export interface ReplayOptions {
  readonly directory: DataDirectory;
  readonly partition: number;
  readonly topology: CompiledTopology;
  /** Begin at the last known state that is not behind this offset; default: at the oldest. */
  readonly fromOffset?: number;
  readonly onProgress?: (offset: number, throughOffset: number) => void;
}

const DIFFERENCES_MAX = 20;
const PAGE_ROWS = 1000;
/** What a replay keeps is compared and thrown away; it is never written. */
const CACHE_BYTES = 1 << 30;

/**
 * Computes the state of a partition again, from its log alone or from the checkpoint before the last, and compares it row
 * by row with the last checkpoint. Reads only, also while the engine runs.
 *
 * @returns null when there is no checkpoint to compare with
 * @throws MokaError ERR_LOG_DAMAGED, ERR_CHECKPOINT_DAMAGED, ERR_TOPOLOGY_CHANGED
 */
export function replayPartition(options: ReplayOptions): ReplayReport | null {
  const { directory, partition, topology } = options;
  const disk = new NodeDisk();
  const files = stateDirectory(directory.path, partition);
  const startedAt = performance.now();
  const current = openEnvironments(disk, files, partition).openForRead();
  const meta = current.meta;
  if (meta === null) return null;
  if (meta.fingerprint !== topology.fingerprint) throw otherTopology(partition, topology, meta);
  const log = LogReader.open(disk, logDirectory(directory.path, partition), partition);
  if (log === null) throw new MokaError('ERR_DATA_UNUSABLE', `no log of partition=${partition}`);
  const base = chooseBase(openPreviousEnvironment(disk, files, partition), log.firstOffset, options);
  log.close();
  try {
    const baseOffset = base?.meta?.offset ?? -1;
    const state = openState(options, base);
    const events = replay(options, state, baseOffset, meta.offset);
    const wanted = openState(options, current);
    const { rows, differences } = compare(topology, state, wanted);
    return {
      partition,
      base: base === null ? 'empty' : 'checkpoint',
      fromOffset: baseOffset + 1,
      throughOffset: meta.offset,
      events,
      rows,
      ms: performance.now() - startedAt,
      differences,
    };
  } finally {
    base?.close();
    current.close();
  }
}

/** @returns null: begin with nothing, at offset 0 */
function chooseBase(
  previous: CheckpointReader | null,
  firstOffset: number,
  { fromOffset = 0, partition }: ReplayOptions,
): CheckpointReader | null {
  const previousOffset = previous?.meta?.offset ?? -1;
  const isWanted = fromOffset > previousOffset && previousOffset >= 0;
  if (firstOffset === 0 && !isWanted) {
    previous?.close();
    return null;
  }
  if (previous !== null && previousOffset + 1 >= firstOffset) return previous;
  previous?.close();
  throw new MokaError(
    'ERR_LOG_DAMAGED',
    `log of partition=${partition} begins with offset=${firstOffset}, and no older state is kept than ${previousOffset}`,
    { partition },
  );
}

function openState({ directory, topology }: ReplayOptions, reader: CheckpointReader | null): PartitionState {
  const levels = Math.max(0, ...topology.hops.map((hop) => hop.level));
  const channels = levels * directory.partitions;
  return new PartitionState({
    stores: laneStores(topology),
    reader,
    cacheBytes: CACHE_BYTES,
    eviction: 'lru',
    secret: 1,
    // Nothing is judged, so nothing is remembered.
    dedupe: { windowMs: 0, maxEntries: Number.MAX_SAFE_INTEGER },
    channels: { out: channels, in: channels },
  });
}

function replay(options: ReplayOptions, state: PartitionState, baseOffset: number, throughOffset: number): number {
  const { directory, partition, topology, onProgress } = options;
  const streams = streamRuntimes(topology);
  const context = new LaneContext(partition);
  const repartitioner = directory.partitions === 1 ? null : deafRepartitioner(directory, partition);
  const applier = new EventApplier(topology, state, context, false, repartitioner);
  const judge = new Judge(
    streams,
    state.dedupe,
    state.producers,
    new KeyedHash(directory.routingSecret),
    new KeyedHash(directory.identitySecret),
    { hasSameIdentity: () => true },
  );
  const records = new RecordApplier(state, context, applier, baseOffset, directory.partitions);
  const replayer = new Replayer(judge, records, new FetchAhead(state, streams));
  const path = logDirectory(directory.path, partition);
  const log = LogReader.open(new NodeDisk(), path, partition, { offset: baseOffset + 1 }) as LogReader;
  let events = 0;
  try {
    for (let block = log.next(); block !== null && records.processedOffset < throughOffset; block = log.next()) {
      events += replayer.replay(block, throughOffset);
      onProgress?.(records.processedOffset, throughOffset);
    }
  } finally {
    log.close();
  }
  if (records.processedOffset < throughOffset) {
    const detail = `ends with offset=${records.processedOffset}, its checkpoint reflects ${throughOffset}`;
    throw new MokaError('ERR_LOG_DAMAGED', `log of partition=${partition} ${detail} ${log.end?.detail ?? ''}`, {
      partition,
    });
  }
  return events;
}

/** What goes to other partitions went there long ago. */
function deafRepartitioner(directory: DataDirectory, partition: number): Repartitioner {
  const routing = new KeyedHash(directory.routingSecret);
  return {
    partition,
    partitionCount: directory.partitions,
    partitionOf: (key) => {
      routing.hashString(key);
      return partitionOf(routing.low, routing.high, directory.partitions);
    },
    send: () => {},
    mark: () => {},
  };
}

function compare(
  topology: CompiledTopology,
  found: PartitionState,
  wanted: PartitionState,
): { rows: number; differences: string[] } {
  const differences: string[] = [];
  let rows = 0;
  for (const { id, name, isTimed = false } of laneStores(topology)) {
    rows += compareStore(name, isTimed, found.store(id), wanted.store(id), differences);
    if (differences.length >= DIFFERENCES_MAX) break;
  }
  return { rows, differences: differences.slice(0, DIFFERENCES_MAX) };
}

/** @returns rows compared */
function compareStore(
  name: string,
  isTimed: boolean,
  found: StateStore,
  wanted: StateStore,
  differences: string[],
): number {
  for (let index = 0; index < REGISTERS_PER_STORE; index++) {
    const [a, b] = [found.readRegister(index), wanted.readRegister(index)];
    if (a !== b) differences.push(`store=${name} register=${index} replayed=${a} saved=${b}`);
  }
  let rows = 0;
  let after = '';
  for (;;) {
    const [mine, theirs] = [found, wanted].map((store) => store.range(after, undefined, PAGE_ROWS));
    if (mine === undefined || theirs === undefined || (mine.length === 0 && theirs.length === 0)) break;
    const count = Math.min(mine.length, theirs.length);
    for (let i = 0; i < count && differences.length < DIFFERENCES_MAX; i++) {
      const [key, value] = mine[i] as [string, unknown];
      const [wantedKey, wantedValue] = theirs[i] as [string, unknown];
      if (key !== wantedKey) {
        differences.push(`store=${name} replayed has key=${shown(key)} where saved has key=${shown(wantedKey)}`);
        return rows;
      }
      rows += 1;
      const isSame = isDeepStrictEqual(value, wantedValue) && (!isTimed || timeOf(found, key) === timeOf(wanted, key));
      if (!isSame) {
        differences.push(`store=${name} key=${shown(key)} replayed=${shown(value)} saved=${shown(wantedValue)}`);
      }
    }
    if (mine.length !== theirs.length) {
      const [side, extra] = mine.length > count ? ['replayed', mine[count]] : ['saved', theirs[count]];
      differences.push(`store=${name} only ${side} has key=${shown((extra as [string, unknown])[0])}`);
      break;
    }
    if (count < PAGE_ROWS || differences.length >= DIFFERENCES_MAX) break;
    after = `${(mine[count - 1] as [string, unknown])[0]}\u0000`;
  }
  return rows;
}

function timeOf(store: StateStore, key: string): number {
  store.get(key);
  return store.time;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function otherTopology(partition: number, topology: CompiledTopology, meta: CheckpointMeta): MokaError {
  return new MokaError(
    'ERR_TOPOLOGY_CHANGED',
    `checkpoint of partition=${partition} is of topology fingerprint=${meta.fingerprint}, not of name=${topology.name} fingerprint=${topology.fingerprint}; give the one that it was saved under with --topology`,
    { partition },
  );
}
