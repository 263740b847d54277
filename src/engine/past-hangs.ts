import type { Disk } from '../log/disk.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import type { HeldChanges } from '../worker/standing.ts';
import { isUnsettled, type StuckNote, StuckNotes } from '../worker/stuck-notes.ts';
import type { Unsettled } from '../worker/unsettled.ts';
import type { DataDirectory } from './data-directory.ts';
import { readHeldChanges } from './held-changes.ts';
import { readStuckNotes, settleStuckNotes } from './stuck-file.ts';
import type { LanesTask } from './worker-task.ts';

/** What did not return in earlier lives of a partition, as it is known before any partition is open. */
export interface PastHangs {
  readonly notes: readonly StuckNote[];
  /** What the other partitions hold from the first unsettled one on; null: all are settled. */
  readonly held: HeldChanges | null;
}

/** @throws MokaError ERR_DATA_UNUSABLE, ERR_LOG_DAMAGED */
export function readPastHangs(
  disk: Disk,
  { path, partitions }: DataDirectory,
  partition: number,
  topology: CompiledTopology,
): PastHangs {
  const notes = readStuckNotes(disk, path, partition);
  const unsettled = new StuckNotes(notes, topology.fingerprint).all.filter(isUnsettled);
  if (unsettled.length === 0) return { notes, held: null };
  const from = Math.min(...unsettled.map((note) => note.from));
  return { notes, held: readHeldChanges(disk, path, partition, partitions, topology, from) };
}

/** The same for the partition's own thread, which settles what is open. */
export function openPastHangs(
  disk: Disk,
  { dataDir, config, fingerprint }: LanesTask,
  partition: number,
  { notes, held }: PastHangs,
): { stuck: readonly StuckNote[]; unsettled: Unsettled | null } {
  if (held === null) return { stuck: notes, unsettled: null };
  const unsettled: Unsettled = {
    held,
    isPartlyEnough: config.setAsidePartly,
    settle: (standing) => settleStuckNotes(disk, dataDir, partition, fingerprint, standing),
  };
  return { stuck: notes, unsettled };
}
