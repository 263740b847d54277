import { MokaError } from '../base/errors.ts';
import { KeyedHash } from '../base/hash.ts';
import { NodeDisk } from '../log/node-disk.ts';
import { LogReader } from '../log/reader.ts';
import { Whereabouts } from '../operators/whereabouts.ts';
import type { CheckpointMeta, CheckpointReader } from '../store/checkpoint.ts';
import { holdEnvironments, openKept } from '../store/held-environments.ts';
import { PartitionState } from '../store/partition-state.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import { EventApplier } from '../worker/event-applier.ts';
import { LaneContext } from '../worker/event-context.ts';
import { FetchAhead } from '../worker/fetch-ahead.ts';
import { Judge } from '../worker/judge.ts';
import { laneStores, laneViews } from '../worker/lane-stores.ts';
import { RecordApplier } from '../worker/record-applier.ts';
import { Replayer } from '../worker/replayer.ts';
import { Standing } from '../worker/standing.ts';
import { streamRuntimes } from '../worker/stream-runtime.ts';
import { NO_STUCK_NOTES, StuckNotes } from '../worker/stuck-notes.ts';
import { watchUpcasters } from '../worker/upcast-watch.ts';
import { type DataDirectory, logDirectory, stateDirectory } from './data-directory.ts';
import { compareChannels, compareStore, DIFFERENCES_MAX } from './replay-compare.ts';
import { channelCount, dropSent, replayExchange } from './replay-exchange.ts';
import { readStuckNotes } from './stuck-file.ts';

/** What a replay of one partition came to. */
export interface ReplayReport {
  readonly partition: number;
  /** Where the state began: empty, or that of the checkpoint before the last; null: there is none to compare with. */
  readonly base: 'empty' | 'checkpoint' | null;
  readonly fromOffset: number;
  /** What the checkpoint that was compared reflects; -1 for none. */
  readonly throughOffset: number;
  /** Where the log ends, if it was looked at: what is behind `throughOffset` was not compared. */
  readonly logThroughOffset: number | null;
  readonly events: number;
  readonly rows: number;
  readonly ms: number;
  /** What is not the same, as words; at most 20 of them. */
  readonly differences: readonly string[];
}

/** An offset of the partition, or log time in ms since 1970. */
export type ReplayStart = { readonly offset: number } | { readonly time: number };

export interface ReplayOptions {
  readonly directory: DataDirectory;
  readonly partition: number;
  readonly topology: CompiledTopology;
  /** Begin with the last known state that is not behind this; default: with the oldest. */
  readonly from?: ReplayStart;
  /** Compare this view alone; default: everything. */
  readonly view?: string;
  /** The engine that runs has just saved its state through this: nothing older is compared. */
  readonly savedOffset?: number;
  /** Directory of the environment that was the previous one before it was asked to. */
  readonly kept?: string;
  /** Where it says what it is in the middle of. Default: nobody looks. */
  readonly whereabouts?: Whereabouts;
  readonly onProgress?: (offset: number, throughOffset: number) => void;
}

/** What a replay keeps is compared and thrown away; it is never written. */
const CACHE_BYTES = 1 << 30;
/** An engine lets go of log and of environments while they are read: so often it is begun again, with what is there then. */
const ATTEMPTS_MAX = 5;
const SHIFTING_CODES: readonly unknown[] = ['ERR_LOG_DAMAGED', 'ERR_CHECKPOINT_DAMAGED', 'ENOENT'];

/**
 * Computes the state of a partition again, from its log alone or from the checkpoint before the last, and compares it row
 * by row with the last checkpoint. Reads only, also while the engine runs.
 *
 * What an engine lets go of under the replay looks damaged. What is damaged stays where it is: only what looks the same
 * when it is read once more is reported.
 *
 * @throws MokaError ERR_LOG_DAMAGED, ERR_CHECKPOINT_DAMAGED, ERR_TOPOLOGY_CHANGED; ERR_NOT_READY when every attempt was
 * overtaken
 */
export function replayPartition(options: ReplayOptions): ReplayReport {
  let last = '';
  for (let attempt = 1; ; attempt++) {
    try {
      return replayOnce(options);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!SHIFTING_CODES.includes(code) || message === last) throw error;
      if (attempt === ATTEMPTS_MAX) throw overtaken(options.partition, error);
      last = message;
    }
  }
}

function replayOnce(options: ReplayOptions): ReplayReport {
  const { directory, partition, topology, savedOffset } = options;
  const disk = new NodeDisk();
  const startedAt = performance.now();
  const { current, previous, close } = holdEnvironments(disk, stateDirectory(directory.path, partition), partition);
  const kept = options.kept === undefined ? null : openKept(options.kept, partition);
  try {
    const through = current.meta?.offset ?? -1;
    if (savedOffset !== undefined && through < savedOffset) throw elsewhere(options, through);
    const log = LogReader.open(disk, logDirectory(directory.path, partition), partition);
    log?.close();
    const found = { partition, throughOffset: through, logThroughOffset: logEnd(options, through) };
    if (current.meta === null) return { ...found, ...NOTHING_COMPARED, ms: performance.now() - startedAt };
    if (current.meta.fingerprint !== topology.fingerprint) throw otherTopology(partition, topology, current.meta);
    if (log === null) throw new MokaError('ERR_DATA_UNUSABLE', `no log of partition=${partition}`);
    const states = [kept, previous].filter((state) => state !== null);
    const base = chooseBase(states, log.firstOffset, through, options);
    const baseOffset = base?.meta?.offset ?? -1;
    const state = openState(options, base);
    const events = replay(options, state, baseOffset, through);
    const { rows, differences } = compare(options, state, openState(options, current));
    return {
      ...found,
      base: base === null ? 'empty' : 'checkpoint',
      fromOffset: baseOffset + 1,
      events,
      rows,
      ms: performance.now() - startedAt,
      differences,
    };
  } finally {
    kept?.close();
    close();
  }
}

const NOTHING_COMPARED = { base: null, fromOffset: 0, events: 0, rows: 0, differences: [] } as const;

/**
 * @param states that are known, oldest first
 * @returns null: begin with nothing, at offset 0. One that already reflects `throughOffset` only where there is no other
 */
function chooseBase(
  states: readonly CheckpointReader[],
  firstOffset: number,
  throughOffset: number,
  { from = { offset: 0 }, partition }: ReplayOptions,
): CheckpointReader | null {
  const isBefore = ({ offset, logTime }: CheckpointMeta): boolean =>
    'offset' in from ? offset < from.offset : logTime < from.time;
  const reachable = states.filter(({ meta }) => meta !== null && meta.offset + 1 >= firstOffset);
  const older = reachable.filter(({ meta }) => (meta as CheckpointMeta).offset < throughOffset);
  const wanted = older.findLast(({ meta }) => isBefore(meta as CheckpointMeta));
  if (wanted !== undefined) return wanted;
  if (firstOffset === 0) return null;
  const base = older[0] ?? reachable[0];
  if (base !== undefined) return base;
  const newest = states.at(-1)?.meta?.offset ?? -1;
  throw new MokaError(
    'ERR_LOG_DAMAGED',
    `log of partition=${partition} begins with offset=${firstOffset}, and no older state is kept than ${newest}`,
    { partition },
  );
}

function openState(
  { directory, topology, whereabouts }: ReplayOptions,
  reader: CheckpointReader | null,
): PartitionState {
  const channels = channelCount(directory.partitions, topology);
  const stores = laneStores(topology, reader?.meta ?? null);
  return new PartitionState({
    stores: whereabouts === undefined ? stores : watchUpcasters(stores, topology, whereabouts),
    reader,
    cacheBytes: CACHE_BYTES,
    eviction: 'lru',
    secret: 1,
    // Nothing is judged, so nothing is remembered.
    dedupe: { windowMs: 0, maxEntries: Number.MAX_SAFE_INTEGER, maxProducers: 1 },
    channels: { out: channels, in: channels },
  });
}

function replay(options: ReplayOptions, state: PartitionState, baseOffset: number, throughOffset: number): number {
  const { directory, partition, topology, onProgress, whereabouts = new Whereabouts() } = options;
  const streams = streamRuntimes(topology);
  const context = new LaneContext(partition);
  const exchange = replayExchange(directory, partition, topology, state.outbox, context);
  const notes = new StuckNotes(readStuckNotes(new NodeDisk(), directory.path, partition), topology.fingerprint);
  const applier = new EventApplier(topology, state, context, false, exchange, whereabouts, notes);
  const judge = new Judge(
    streams,
    state.dedupe,
    state.producers,
    new KeyedHash(directory.routingSecret),
    new KeyedHash(directory.identitySecret),
    { hasSameIdentity: () => true },
    NO_STUCK_NOTES,
  );
  const records = new RecordApplier(state, context, applier, baseOffset, directory.partitions);
  const standing = notes.isEmpty ? null : new Standing(state.outbox, notes.all, null);
  const replayer = new Replayer(judge, records, new FetchAhead(state, streams), whereabouts, standing);
  const path = logDirectory(directory.path, partition);
  const log = LogReader.open(new NodeDisk(), path, partition, { offset: baseOffset + 1 }) as LogReader;
  let events = 0;
  try {
    for (let block = log.next(); block !== null && records.processedOffset < throughOffset; block = log.next()) {
      events += replayer.replay(block, throughOffset);
      dropSent(state.outbox);
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

/** The last offset of the log; null where nobody asks, an engine having saved all that it had, or it cannot be read. */
function logEnd({ directory, partition, savedOffset }: ReplayOptions, throughOffset: number): number | null {
  if (savedOffset !== undefined) return null;
  try {
    const path = logDirectory(directory.path, partition);
    const log = LogReader.open(new NodeDisk(), path, partition, { offset: throughOffset + 1 });
    while (log !== null && log.next() !== null);
    log?.close();
    return log?.end == null ? null : log.end.nextOffset - 1;
  } catch {
    // whether that is damage or an engine at work, the replay itself will tell
    return null;
  }
}

function compare(
  { directory, topology, view }: ReplayOptions,
  found: PartitionState,
  wanted: PartitionState,
): { rows: number; differences: string[] } {
  const differences: string[] = [];
  const only = view === undefined ? null : laneViews(topology).find(({ name }) => name === view)?.storeId;
  let rows = 0;
  for (const store of laneStores(topology)) {
    if (only !== null && store.id !== only) continue;
    rows += compareStore(store, found.store(store.id), wanted.store(store.id), differences);
    if (differences.length >= DIFFERENCES_MAX) break;
  }
  if (only === null) compareChannels(directory.partitions, found.outbox, wanted.outbox, differences);
  return { rows, differences: differences.slice(0, DIFFERENCES_MAX) };
}

function overtaken(partition: number, cause: unknown): MokaError {
  const what = `log of partition=${partition} was let go of while it was read, attempts=${ATTEMPTS_MAX}`;
  const advice = 'replay less of it (--from a later offset or time), or keep more (log.retentionBytes)';
  return new MokaError('ERR_NOT_READY', `${what}; ${advice}`, { partition, cause });
}

function elsewhere({ directory, partition, savedOffset }: ReplayOptions, throughOffset: number): MokaError {
  const found = `its checkpoint in data directory=${directory.path} reflects ${throughOffset}`;
  const message = `engine has saved partition=${partition} through offset=${savedOffset}, but ${found}`;
  return new MokaError('ERR_DATA_UNUSABLE', message, { partition });
}

function otherTopology(partition: number, topology: CompiledTopology, meta: CheckpointMeta): MokaError {
  return new MokaError(
    'ERR_TOPOLOGY_CHANGED',
    `checkpoint of partition=${partition} is of topology fingerprint=${meta.fingerprint}, not of name=${topology.name} fingerprint=${topology.fingerprint}; give the one that it was saved under with --topology`,
    { partition },
  );
}
