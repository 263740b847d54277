import { OperatorError } from '../operators/operator-error.ts';
import { TOLD_KEY_LENGTH } from '../operators/whereabouts.ts';

/**
 * What a partition was in the middle of when an operator did not return, by what it can be told from all else, in this
 * process and in every later one:
 *
 * - an **event** by its stream, the hash of its key and the fingerprint of its bytes: it may come again at another offset
 * - what was only **examined**, and is no event yet, by the same
 * - a **moved** change by its sequence number on the way from its source
 * - an **answer** by the question; also when that could not even be asked
 * - what a **timer** brings about by the operator, the time that it was due, and the key; null: whatever is first
 * - what was **released** for another key by the operator, the row and its time
 */
export type StuckUnit =
  | {
      readonly kind: 'event';
      readonly stream: number;
      readonly keyLow: number;
      readonly keyHigh: number;
      readonly fingerprint: number;
    }
  | {
      readonly kind: 'examined';
      readonly stream: number;
      readonly keyLow: number;
      readonly keyHigh: number;
      readonly fingerprint: number;
    }
  | { readonly kind: 'moved'; readonly level: number; readonly source: number; readonly sequence: number }
  | { readonly kind: 'answer'; readonly lookup: number; readonly question: number }
  | {
      readonly kind: 'log-time' | 'event-time';
      readonly operator: number;
      readonly due: number;
      readonly key: string | null;
    }
  | { readonly kind: 'released'; readonly operator: number; readonly row: string; readonly time: number };

/** That a unit is not to be run again. It holds from `from` on, for one topology: the numbers are its numbers. */
export interface StuckNote {
  /** Offsets before it were durable, with all that was done there: a replay does that again. */
  readonly from: number;
  /** Fingerprint of the topology. */
  readonly topology: string;
  /** Whose function did not return. */
  readonly operator: string;
  /** For how long it was waited for. */
  readonly silentMs: number;
  readonly unit: StuckUnit;
  /**
   * Where other partitions may hold what the unit once sent: what stands of it though it is left out, as base64 records.
   * Null: the next start finds out. Missing: nothing can.
   */
  readonly standing?: readonly StandingChanges[] | null;
}

/** What a partition sent on one way out at one offset. */
export interface StandingChanges {
  readonly offset: number;
  readonly channel: number;
  readonly records: readonly string[];
}

/** Whether it has to be found out yet if the unit can be left out. */
export function isUnsettled({ standing }: StuckNote): boolean {
  return standing === null;
}

/**
 * The units of a partition that are dead letters without being run, because they did not return when they were. What is
 * asked here is a function of the log and of the notes, and notes are only added, so that every replay agrees.
 */
export class StuckNotes {
  /** Nothing is noted: nobody needs to ask. */
  readonly isEmpty: boolean;
  /** Those that count. */
  readonly all: readonly StuckNote[];

  /** @param topology fingerprint of the one that runs; notes of others say nothing about it */
  constructor(notes: readonly StuckNote[], topology: string) {
    this.all = notes.filter((note) => note.topology === topology);
    this.isEmpty = this.all.length === 0;
  }

  event(offset: number, stream: number, keyLow: number, keyHigh: number, fingerprint: number): StuckNote | null {
    return this.#find(
      offset,
      (unit) =>
        unit.kind === 'event' &&
        unit.fingerprint === fingerprint >>> 0 &&
        unit.keyLow === keyLow >>> 0 &&
        unit.keyHigh === keyHigh >>> 0 &&
        unit.stream === stream,
    );
  }

  examined(stream: number, keyLow: number, keyHigh: number, fingerprint: number): StuckNote | null {
    return this.#find(
      Number.POSITIVE_INFINITY,
      (unit) =>
        unit.kind === 'examined' &&
        unit.fingerprint === fingerprint >>> 0 &&
        unit.keyLow === keyLow >>> 0 &&
        unit.keyHigh === keyHigh >>> 0 &&
        unit.stream === stream,
    );
  }

  moved(offset: number, level: number, source: number, sequence: number): StuckNote | null {
    return this.#find(
      offset,
      (unit) => unit.kind === 'moved' && unit.sequence === sequence && unit.source === source && unit.level === level,
    );
  }

  answer(offset: number, lookup: number, question: number): StuckNote | null {
    return this.#find(offset, (unit) => unit.kind === 'answer' && unit.question === question && unit.lookup === lookup);
  }

  /** Whether anything that is due then is noted; which it is, `timer` says. */
  hasTimer(offset: number, isByLogTime: boolean, due: number): boolean {
    const kind = isByLogTime ? 'log-time' : 'event-time';
    return this.#find(offset, (unit) => unit.kind === kind && unit.due === due) !== null;
  }

  timer(offset: number, isByLogTime: boolean, due: number, operator: number, key: string): StuckNote | null {
    const kind = isByLogTime ? 'log-time' : 'event-time';
    return this.#find(
      offset,
      (unit) =>
        unit.kind === kind &&
        unit.due === due &&
        unit.operator === operator &&
        (unit.key === null || unit.key === told(key)),
    );
  }

  released(offset: number, operator: number, row: string, time: number): StuckNote | null {
    return this.#find(
      offset,
      (unit) => unit.kind === 'released' && unit.time === time && unit.operator === operator && unit.row === told(row),
    );
  }

  #find(offset: number, isMeant: (unit: StuckUnit) => boolean): StuckNote | null {
    for (const note of this.all) if (offset >= note.from && isMeant(note.unit)) return note;
    return null;
  }
}

export const NO_STUCK_NOTES = new StuckNotes([], '');

/** What the dead letter of a noted unit says, as if the operator had thrown it. */
export function stuckError({ operator, silentMs }: StuckNote, partition: number, offset: number): OperatorError {
  return new OperatorError(operator, `did not return for ms=${silentMs} when it was run`, { partition, offset });
}

function told(key: string): string {
  return key.slice(0, TOLD_KEY_LENGTH);
}
