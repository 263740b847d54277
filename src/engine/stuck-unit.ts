import { fingerprintBytes } from '../base/hash.ts';
import {
  AT_ANSWER,
  AT_EVENT,
  AT_LOG_TIMER,
  AT_MOVED,
  AT_NOTHING,
  AT_QUESTION,
  NO_OPERATOR,
  operatorOfUpcaster,
  WATERMARK_FUNCTION,
  Whereabouts,
} from '../operators/whereabouts.ts';
import { RECORD_HEADER_BYTES, RECORD_KEY_HASH, RECORD_VALUE_LENGTH } from '../record/layout.ts';
import { LANE_RECOVERING, LaneStatus } from '../ring/lane.ts';
import { SpscRing } from '../ring/spsc-ring.ts';
import type { CompiledTopology } from '../topology/compiled.ts';
import { FINGERPRINT_SEED } from '../worker/judge.ts';
import type { StuckNote, StuckUnit } from '../worker/stuck-notes.ts';
import type { LaneMemory } from './lane-memory.ts';
import { findInRing, type Place, streamIdAt } from './stuck-key.ts';

/** What a partition was in the middle of when its thread did not come round. */
export interface StuckLane {
  readonly partition: number;
  /** Whether somebody only reads a row, and no unit is at hand. */
  readonly isRow: boolean;
  /** Null: none that could be noted. */
  readonly unit: StuckUnit | null;
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
  /** Null where no operator was running, and where it cannot be left out. */
  readonly note: StuckNote | null;
}

/**
 * Reads off what a partition is in the middle of, and stops it: from here on nothing that it is doing becomes durable, so
 * that what is noted and what is done cannot both be true.
 *
 * @returns null: it is in the middle of nothing any more
 */
export function stopStuckLane(
  memory: Pick<LaneMemory, 'partition' | 'whereabouts' | 'status' | 'intake'>,
  topology: CompiledTopology,
  silentMs: number,
  partitionCount: number,
): StuckLane | null {
  const whereabouts = new Whereabouts(memory.whereabouts);
  const status = new LaneStatus(memory.status);
  const count = whereabouts.unitCount;
  whereabouts.stop();
  if (whereabouts.unitCount !== count) return null;
  const isLogged = status.state === LANE_RECOVERING;
  const at =
    whereabouts.unit !== AT_NOTHING
      ? atUnit(whereabouts, isLogged, topology)
      : (atExamined(whereabouts, status, memory.intake, topology) ?? atRow(whereabouts, status, topology));
  if (at === null) return null;
  const { unit, operator } = at;
  // What is in the log was done once, and what it sent may be held elsewhere under its number.
  const isTold = isLogged && partitionCount > 1 && topology.hops.length > 0;
  // All before it is durable, and was done without this note.
  const from = isLogged ? at.offset : status.durableOffset + 1;
  const note = { from, topology: topology.fingerprint, silentMs, ...(isTold ? { standing: null } : {}) };
  return {
    ...at,
    partition: memory.partition,
    silentMs,
    note: operator === null || unit === null ? null : { ...note, operator, unit },
  };
}

type Found = Omit<StuckLane, 'partition' | 'silentMs' | 'note'>;

function atUnit(whereabouts: Whereabouts, isLogged: boolean, topology: CompiledTopology): Found {
  const unit = unitOf(whereabouts);
  const isQuestion = whereabouts.unit === AT_QUESTION;
  return {
    isRow: false,
    unit,
    offset: whereabouts.offset,
    isLogged: isLogged || isQuestion,
    operator: isQuestion ? (topology.lookups[whereabouts.place]?.node ?? null) : nameOf(whereabouts.operator, topology),
    stream: unit.kind === 'event' ? (topology.streams[unit.stream]?.name ?? null) : null,
    key: whereabouts.key,
    what: isQuestion ? 'a question of it' : inWords(unit, topology),
  };
}

/** The schema of a stream, or its `id.when`: an event is looked at before it is one. */
function atExamined(
  { examined }: Whereabouts,
  status: LaneStatus,
  intake: SharedArrayBuffer,
  topology: CompiledTopology,
): Found | null {
  if (examined === 0) return null;
  if (examined < 0) {
    return {
      isRow: false,
      unit: null,
      offset: -examined - 1,
      isLogged: true,
      operator: 'id.when',
      stream: null,
      key: null,
      what: 'an event whose identities are asked for again',
    };
  }
  const place = findInRing(new SpscRing(intake), (_, number) => number === examined);
  if (place === null) return null;
  const stream = topology.streams[streamIdAt(place)]?.name ?? null;
  return {
    isRow: false,
    unit: unitAt(place),
    offset: status.durableOffset + 1,
    isLogged: false,
    operator: stream,
    stream,
    key: null,
    what: 'an event that is being checked by the schema and id.when of its stream',
  };
}

function unitAt(place: Place): StuckUnit {
  const { u32, position } = place;
  const word = position >>> 2;
  const length = u32[word + RECORD_VALUE_LENGTH / 4] as number;
  return {
    kind: 'examined',
    stream: streamIdAt(place),
    keyLow: u32[word + RECORD_KEY_HASH / 4] as number,
    keyHigh: u32[word + RECORD_KEY_HASH / 4 + 1] as number,
    fingerprint: fingerprintBytes(u32, position + RECORD_HEADER_BYTES, length, FINGERPRINT_SEED) >>> 0,
  };
}

/** An upcaster that runs for who reads a view. */
function atRow({ operator: code }: Whereabouts, status: LaneStatus, topology: CompiledTopology): Found | null {
  if (operatorOfUpcaster(code) === NO_OPERATOR) return null;
  const operator = nameOf(code, topology);
  const what = 'a row of an earlier version that is asked for';
  return {
    isRow: true,
    unit: null,
    offset: status.durableOffset,
    isLogged: true,
    operator,
    stream: null,
    key: null,
    what,
  };
}

function unitOf(at: Whereabouts): StuckUnit {
  if (at.released !== NO_OPERATOR) {
    return { kind: 'released', operator: at.released, row: at.releasedRow, time: at.releasedTime };
  }
  const { unit, place, low, high, number, finger } = at;
  if (unit === AT_EVENT) return { kind: 'event', stream: place, keyLow: low, keyHigh: high, fingerprint: finger };
  if (unit === AT_MOVED) return { kind: 'moved', level: place, source: low, sequence: number };
  if (unit === AT_ANSWER || unit === AT_QUESTION) return { kind: 'answer', lookup: place, question: number };
  return { kind: unit === AT_LOG_TIMER ? 'log-time' : 'event-time', operator: place, due: number, key: at.key };
}

function inWords(unit: StuckUnit, topology: CompiledTopology): string {
  switch (unit.kind) {
    case 'event':
    case 'examined':
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
  if (operator === WATERMARK_FUNCTION) return 'watermark';
  return topology.operatorNames[(operatorOfUpcaster(operator) || operator) - 1] ?? null;
}
