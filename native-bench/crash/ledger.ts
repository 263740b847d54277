/**
 * What the producers of a crash run know: every event they ever sent, and what the engine has said about it. Kept in
 * their own process, which is never killed; the engine has no part in it.
 */
export interface SentEvent {
  readonly number: number;
  readonly producer: string;
  readonly stream: string;
  readonly key: string;
  /** Place among the events of its key, from 0: the order in which they were first sent. */
  readonly keySequence: number;
  /** The exact bytes sent, one character per byte. No two events have the same. */
  readonly content: string;
  /** The event as an object, for folds. */
  readonly value: Record<string, unknown>;
  isAcked: boolean;
  /** Where the ack says it lies; -1 when it did not say. */
  partition: number;
  offset: number;
}

export class Ledger {
  readonly events: SentEvent[] = [];
  readonly #nextOfKey = new Map<string, number>();
  ackedCount = 0;

  add(producer: string, stream: string, key: string, content: string, value: Record<string, unknown>): SentEvent {
    const keySequence = this.#nextOfKey.get(key) ?? 0;
    this.#nextOfKey.set(key, keySequence + 1);
    const number = this.events.length;
    const place = { isAcked: false, partition: -1, offset: -1 };
    const event = { number, producer, stream, key, keySequence, content, value, ...place };
    this.events.push(event);
    return event;
  }

  acked(event: SentEvent, partition: number, offset: number): void {
    if (!event.isAcked) this.ackedCount++;
    event.isAcked = true;
    if (offset < 0) return;
    event.partition = partition;
    event.offset = offset;
  }
}

/** One event as it stands in a partition's log. */
export interface LoggedEvent {
  readonly partition: number;
  readonly offset: number;
  readonly content: string;
}

export const VIOLATION_KINDS = [
  'lost',
  'duplicated',
  'reordered',
  'misplaced',
  'phantom',
  'view',
  'answer',
  'replay',
  'engine',
] as const;
export type ViolationKind = (typeof VIOLATION_KINDS)[number];

export interface Violation {
  kind: ViolationKind;
  detail: string;
}
