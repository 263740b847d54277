import { MokaError } from '../base/errors.ts';
import { MAX_STANDING_BYTES } from '../base/limits.ts';
import type { HeldChanges, Standing } from './standing.ts';
import { isUnsettled, type StandingChanges, type StuckNotes } from './stuck-notes.ts';

/** What is known when a partition opens of units that did not return when they were replayed, and were noted for that. */
export interface Unsettled {
  readonly held: HeldChanges;
  /** Whether they are left out also where something of them stands elsewhere. */
  readonly isPartlyEnough: boolean;
  /** For certain on return. @param standing null: they cannot be left out, and are to be run again */
  readonly settle: (standing: readonly StandingChanges[] | null) => void;
}

/**
 * Decides, when the log has been replayed without them and nothing has left the partition yet, whether they can be left out:
 * as a whole if the log without them makes all that the others hold.
 *
 * @returns what to tell a person; empty: nothing
 * @throws MokaError ERR_OPERATOR_STUCK_LOGGED
 */
export function settle(
  partition: number,
  notes: StuckNotes,
  { found, isUnknown }: Standing,
  { isPartlyEnough, settle }: Unsettled,
): string {
  const bytes = found.reduce((sum, { records }) => sum + records.join('').length, 0);
  const canStand = !isUnknown && bytes <= MAX_STANDING_BYTES;
  if (!canStand || (found.length > 0 && !isPartlyEnough)) {
    settle(null);
    throw undecided(partition, notes, found, isUnknown, canStand);
  }
  settle(found);
  if (found.length === 0) return '';
  return `partition=${partition} was set aside partly: what other partitions hold of ${offsetsOf(found)} stands`;
}

function undecided(
  partition: number,
  notes: StuckNotes,
  found: readonly StandingChanges[],
  isUnknown: boolean,
  canStand: boolean,
): MokaError {
  const units = notes.all
    .filter(isUnsettled)
    .map(({ operator, from, silentMs }) => `operator=${operator} did not return for ms=${silentMs} at offset=${from}`);
  const why = isUnknown
    ? 'what other partitions hold of it cannot be told any more: the beginning of their logs is gone'
    : `without it the log does not make what other partitions hold of ${offsetsOf(found)}`;
  const text = [
    `${units.join(', ')} of partition=${partition} when it was replayed, though it did when it was first run, and ${why}.`,
    'Nothing that was acknowledged is lost, nothing was sent twice, and it has not been set aside.',
    'Start again with what has changed since then put back: an import, a setting, the speed of the box.',
    ...(canStand
      ? [
          'Or start once with setAsidePartly=true: it is a dead letter then, and what other partitions hold of it stands.',
        ]
      : []),
  ].join(' ');
  return new MokaError('ERR_OPERATOR_STUCK_LOGGED', text, { partition });
}

function offsetsOf(found: readonly StandingChanges[]): string {
  const offsets = [...new Set(found.map(({ offset }) => offset))];
  return `offset=${offsets.slice(0, OFFSETS_TOLD).join()}${offsets.length > OFFSETS_TOLD ? ',…' : ''}`;
}

const OFFSETS_TOLD = 5;
