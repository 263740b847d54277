import type { Ledger, LoggedEvent, SentEvent, Violation } from './ledger.ts';

/** What the log holds, matched with the ledger; the base for all further checks. */
export interface LogMatch {
  /** Where each event lies: the event's number → its place. */
  readonly placeOf: ReadonlyMap<number, LoggedEvent>;
  /** The events of the log, partition by partition, in the order of their offsets. */
  readonly inOrder: readonly SentEvent[];
  readonly violations: readonly Violation[];
}

/**
 * Compares the log with what the producers know. Sound means:
 *
 *   lost        every acked event is in the log
 *   misplaced   … where its ack said, and all events of a key in one partition
 *   duplicated  no event is there twice
 *   reordered   the events of a key stand in the order they were sent, and none is missing before one that is there
 *   phantom     nothing is there that was never sent, down to the byte
 *
 * @param logged by partition, then by offset, as the log gives them
 */
export function checkLog(ledger: Ledger, logged: readonly LoggedEvent[]): LogMatch {
  const violations: Violation[] = [];
  const byContent = new Map(ledger.events.map((event) => [event.content, event]));
  const placeOf = new Map<number, LoggedEvent>();
  const inOrder: SentEvent[] = [];
  const keys = new Map<string, { nextSequence: number; partition: number }>();
  for (const place of logged) {
    const event = byContent.get(place.content);
    if (event === undefined) {
      violations.push({ kind: 'phantom', detail: `${at(place)} content=${place.content.slice(0, 200)}` });
      continue;
    }
    const first = placeOf.get(event.number);
    if (first !== undefined) {
      violations.push({ kind: 'duplicated', detail: `${named(event)} ${at(first)} and ${at(place)}` });
      continue;
    }
    placeOf.set(event.number, place);
    inOrder.push(event);
    const key = keys.get(event.key) ?? { nextSequence: 0, partition: place.partition };
    keys.set(event.key, key);
    if (key.partition !== place.partition) {
      violations.push({ kind: 'misplaced', detail: `${named(event)} ${at(place)}, its key lay in ${key.partition}` });
    }
    if (event.keySequence !== key.nextSequence) {
      violations.push({ kind: 'reordered', detail: `${named(event)} ${at(place)} expected=${key.nextSequence}` });
    }
    key.nextSequence = event.keySequence + 1;
  }
  for (const event of ledger.events) {
    if (event.isAcked) violations.push(...ackKept(event, placeOf.get(event.number)));
  }
  return { placeOf, inOrder, violations };
}

function ackKept(event: SentEvent, place: LoggedEvent | undefined): Violation[] {
  if (place === undefined) return [{ kind: 'lost', detail: `${named(event)} acked ${at(event)}` }];
  if (event.offset < 0 || (place.partition === event.partition && place.offset === event.offset)) return [];
  return [{ kind: 'misplaced', detail: `${named(event)} acked ${at(event)}, stands ${at(place)}` }];
}

function named(event: SentEvent): string {
  return `event=${event.number} producer=${event.producer} key=${event.key} keySequence=${event.keySequence}`;
}

function at(place: { partition: number; offset: number }): string {
  return `at=${place.partition}:${place.offset}`;
}
