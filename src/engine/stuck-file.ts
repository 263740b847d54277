import { join } from 'node:path';
import { MokaError } from '../base/errors.ts';
import { MAX_STUCK_NOTES } from '../base/limits.ts';
import type { Disk } from '../log/disk.ts';
import { isUnsettled, type StandingChanges, type StuckNote, type StuckUnit } from '../worker/stuck-notes.ts';
import { stateDirectory } from './data-directory.ts';

/**
 * Units of a partition that are not to be run again, oldest first.
 * @throws MokaError ERR_DATA_UNUSABLE
 */
export function readStuckNotes(disk: Disk, dataDir: string, partition: number): readonly StuckNote[] {
  const path = pathOf(dataDir, partition);
  if (!disk.existsSync(path)) return [];
  try {
    const { notes } = JSON.parse(Buffer.from(disk.readFileSync(path)).toString('utf8')) as { notes: StuckNote[] };
    for (const note of notes) assertNote(note);
    return notes;
  } catch (cause) {
    throw new MokaError(
      'ERR_DATA_UNUSABLE',
      `file=${path} does not tell which events are stuck: ${(cause as Error).message}; restore it, or delete it to have them run again`,
      { cause, partition },
    );
  }
}

/** Adds a note, for certain on return. */
export function addStuckNote(disk: Disk, dataDir: string, partition: number, note: StuckNote): void {
  const before = readStuckNotes(disk, dataDir, partition);
  const notes = [...before, before.some((one) => isSame(one, note)) ? widened(note) : note].slice(-MAX_STUCK_NOTES);
  writeNotes(disk, dataDir, partition, notes);
}

/**
 * Writes down what was decided of the unsettled notes of a topology, for certain on return.
 * @param standing what stands elsewhere of what they left out; null: they are taken back
 */
export function settleStuckNotes(
  disk: Disk,
  dataDir: string,
  partition: number,
  topology: string,
  standing: readonly StandingChanges[] | null,
): void {
  let left = standing ?? [];
  const notes = readStuckNotes(disk, dataDir, partition).flatMap((note) => {
    if (note.topology !== topology || !isUnsettled(note)) return [note];
    const settled = { ...note, standing: left };
    left = [];
    return standing === null ? [] : [settled];
  });
  writeNotes(disk, dataDir, partition, notes);
}

function writeNotes(disk: Disk, dataDir: string, partition: number, notes: readonly StuckNote[]): void {
  disk.makeDirectorySync(stateDirectory(dataDir, partition));
  disk.writeFileDurableSync(pathOf(dataDir, partition), Buffer.from(`${JSON.stringify({ notes }, null, 1)}\n`));
}

/** A timer that was noted and did not return again was not known by its key: then whatever is due first is meant. */
function widened(note: StuckNote): StuckNote {
  const { unit } = note;
  return unit.kind === 'log-time' || unit.kind === 'event-time' ? { ...note, unit: { ...unit, key: null } } : note;
}

function isSame(a: StuckNote, b: StuckNote): boolean {
  return a.topology === b.topology && JSON.stringify(a.unit) === JSON.stringify(b.unit);
}

function assertNote(note: StuckNote): void {
  const { from, topology, operator, silentMs, unit, standing } = note;
  const isNote =
    Number.isInteger(from) &&
    typeof topology === 'string' &&
    typeof operator === 'string' &&
    typeof silentMs === 'number' &&
    (standing === undefined || standing === null || Array.isArray(standing)) &&
    KINDS.includes(unit.kind);
  if (!isNote) throw new Error(`not a note: ${JSON.stringify(note)}`);
}

const KINDS: readonly StuckUnit['kind'][] = [
  'event',
  'examined',
  'moved',
  'answer',
  'log-time',
  'event-time',
  'released',
];

function pathOf(dataDir: string, partition: number): string {
  return join(stateDirectory(dataDir, partition), 'stuck.json');
}
