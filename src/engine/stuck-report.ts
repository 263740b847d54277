import { MokaError } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import type { Disk } from '../log/disk.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import { isUnsettled } from '../worker/stuck-notes.ts';
import type { LaneMemory } from './lane-memory.ts';
import { addStuckNote } from './stuck-file.ts';
import { findKey } from './stuck-key.ts';
import { type StuckLane, stopStuckLane } from './stuck-unit.ts';

/** What a person is told of a thread that does not come round. */
export interface StuckReport {
  readonly error: MokaError;
  /** The same for a program that reads the log of the process. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface StuckThread {
  readonly thread: number;
  readonly silentMs: number;
  readonly topology: CompiledTopology;
}

/**
 * Finds out what a thread is stuck in, stops it there, notes it in the data directory, and says all that. The process must
 * end behind it.
 */
export function reportStuckThread(
  disk: Disk,
  dataDir: string,
  { thread, silentMs, topology }: StuckThread,
  lanes: readonly LaneMemory[],
  partitionCount: number,
): StuckReport {
  const found = lanes
    .map((lane) => stopStuckLane(lane, topology, silentMs, partitionCount))
    .find((one) => one !== null);
  if (found === undefined) {
    const text = `thread=${thread} did not come round for ms=${silentMs}, and no event is to blame. ${NOTHING_LOST}`;
    return { error: new MokaError('ERR_WORKER_DIED', text), details: { code: 'ERR_WORKER_DIED', thread, silentMs } };
  }
  const failure = found.note === null ? null : noted(disk, dataDir, found);
  const { partition, offset, operator, stream } = found;
  const key =
    found.key ??
    findKey(disk, dataDir, found, topology, (lanes.find((lane) => lane.partition === partition) as LaneMemory).intake);
  const place = { partition, offset, operator, stream, key };
  const canGoOn = found.operator === null || found.note !== null || found.isRow;
  const error = new MokaError(
    canGoOn ? 'ERR_OPERATOR_STUCK' : 'ERR_OPERATOR_STUCK_LOGGED',
    inWords(found, key, failure),
    {
      partition,
      offset,
      ...(operator === null ? {} : { operator }),
    },
  );
  return {
    error,
    details: { code: error.code, thread, silentMs, ...place, isNoted: found.note !== null && failure === null },
  };
}

/** @returns why it could not be noted; null: it is */
function noted(disk: Disk, dataDir: string, { partition, note }: StuckLane): string | null {
  if (note === null) return null;
  try {
    addStuckNote(disk, dataDir, partition, note);
    failpoint('stuck.noted');
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

function inWords(found: StuckLane, key: string | null, failure: string | null): string {
  return [placeOf({ ...found, key }), NOTHING_LOST, ...consequence(found, failure)].join(' ');
}

/** Who did not return, and where. */
export function placeOf({ partition, offset, isLogged, operator, stream, key, what, silentMs }: StuckLane): string {
  const who =
    operator === null ? `no operator was running, and what was did not return` : `operator=${operator} did not return`;
  const place = [
    `partition=${partition}`,
    `offset=${offset}`,
    ...(stream === null ? [] : [`stream=${stream}`]),
    ...(key === null ? [] : [`key=${JSON.stringify(key)}`]),
  ].join(' ');
  return `${who} for ms=${silentMs}: ${place}, at ${what}, which is ${isLogged ? '' : 'not '}in the log.`;
}

function consequence({ operator, unit, isRow, note }: StuckLane, failure: string | null): string[] {
  if (operator === null) return ['A disk that hangs, or a bug: if it comes back, look at the disk first.'];
  if (isRow)
    return ['Start again with an upcaster that returns: a row that is read is no event, and cannot be set aside.'];
  if (note === null) {
    return [
      'It returned when it was first run. Without its identities it would be taken twice, so it cannot be set aside.',
      'Start again with what has changed since then put back: an import, a setting.',
    ];
  }
  if (failure !== null) return [`It could not be noted (${failure}), so the next start may run into it again.`];
  if (isUnsettled(note)) {
    return [
      'It returned when it was first run, and other partitions may hold what it sent.',
      'Start again: it is noted, and goes to the dead letters if the log without it makes all that they hold; else the next start says so and ends.',
    ];
  }
  if (unit?.kind === 'examined') {
    return ['Start again: it is noted, will not be checked again, and is refused with 422 when it comes again.'];
  }
  return [
    'Start again: it is noted, will not be run again, and goes to the dead letters with its bytes when its turn comes.',
    'Have the operator return for it, then send it again.',
  ];
}

const NOTHING_LOST = 'Nothing that was acknowledged is lost.';
