import {
  AT_ANSWER,
  AT_EVENT,
  AT_LOG_TIMER,
  AT_MOVED,
  AT_NOTHING,
  NO_OPERATOR,
  WATERMARK_FUNCTION,
  type Whereabouts,
} from '../operators/whereabouts.ts';
import { LANE_RECOVERING, type LaneStatus } from '../ring/lane.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import type { StuckNote, StuckUnit } from '../worker/stuck-notes.ts';

/** What a partition was in the middle of when its thread did not come round. */
export interface StuckLane {
  readonly partition: number;
  readonly unit: StuckUnit;
  /** Of the record at hand. */
  readonly offset: number;
  /** Whether that is in the log: the partition was being recovered. */
  readonly isLogged: boolean;
  /** Whose function did not return; null: none was running, so that none is to blame. */
  readonly operator: string | null;
  /** Null: it is no event of a stream. */
  readonly stream: string | null;
  /** Null: not known here. */
  readonly key: string | null;
  /** In words. */
  readonly what: string;
  readonly silentMs: number;
  /** Null where no operator was running. */
  readonly note: StuckNote | null;
}

/**
 * Reads off what a partition is in the middle of, and stops it: from here on nothing that it is doing becomes durable, so
 * that what is noted and what is done cannot both be true.
 *
 * @returns null: it is in the middle of nothing any more
 */
export function stopStuckLane(
  partition: number,
  whereabouts: Whereabouts,
  status: LaneStatus,
  topology: CompiledTopology,
  silentMs: number,
  partitionCount: number,
): StuckLane | null {
  const count = whereabouts.unitCount;
  whereabouts.stop();
  if (whereabouts.unit === AT_NOTHING || whereabouts.unitCount !== count) return null;
  const { offset } = whereabouts;
  const isLogged = status.state === LANE_RECOVERING;
  const operator = nameOf(whereabouts.operator, topology);
  const unit = unitOf(whereabouts);
  const isEvent = unit.kind === 'event';
  // What is in the log was done once, and what it sent may be held elsewhere under its number.
  const isTold = isLogged && partitionCount > 1 && topology.hops.length > 0;
  return {
    partition,
    unit,
    offset,
    isLogged,
    operator,
    stream: isEvent ? (topology.streams[unit.stream]?.name ?? null) : null,
    key: whereabouts.key,
    what: inWords(unit, topology),
    silentMs,
    note:
      operator === null
        ? null
        : {
            // All before it is durable, and was done without this note.
            from: isLogged ? offset : status.durableOffset + 1,
            topology: topology.fingerprint,
            operator,
            silentMs,
            unit,
            ...(isTold ? { standing: null } : {}),
          },
  };
}

function unitOf(at: Whereabouts): StuckUnit {
  if (at.released !== NO_OPERATOR) {
    return { kind: 'released', operator: at.released, row: at.releasedRow, time: at.releasedTime };
  }
  const { unit, place, low, high, number, finger } = at;
  if (unit === AT_EVENT) return { kind: 'event', stream: place, keyLow: low, keyHigh: high, fingerprint: finger };
  if (unit === AT_MOVED) return { kind: 'moved', level: place, source: low, sequence: number };
  if (unit === AT_ANSWER) return { kind: 'answer', lookup: place, question: number };
  return { kind: unit === AT_LOG_TIMER ? 'log-time' : 'event-time', operator: place, due: number, key: at.key };
}

function inWords(unit: StuckUnit, topology: CompiledTopology): string {
  switch (unit.kind) {
    case 'event':
      return 'the event';
    case 'moved':
      return `what partition=${unit.source} sent`;
    case 'answer':
      return `an answer to ${topology.lookups[unit.lookup]?.node ?? 'a look-up'}`;
    case 'released':
      return `a result of ${nameOf(unit.operator, topology)} for row=${JSON.stringify(unit.row)}`;
    default:
      return `what ${nameOf(unit.operator, topology)} was to do at ${unit.kind}=${unit.due}`;
  }
}

function nameOf(operator: number, topology: CompiledTopology): string | null {
  if (operator === NO_OPERATOR) return null;
  return operator === WATERMARK_FUNCTION ? 'watermark' : (topology.operatorNames[operator - 1] ?? null);
}
