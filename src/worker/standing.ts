import { RECORD_HEADER_BYTES, RECORD_VALUE_LENGTH } from '../record/layout.ts';
import type { Outbox, OutboxEnd } from '../store/outbox.ts';
import type { OutboxQueue } from '../store/outbox-queue.ts';
import { isUnsettled, type StandingChanges, type StuckNote } from './stuck-notes.ts';

/** A change that another partition holds durably. */
export interface HeldChange {
  /** Of the record that made it, in the partition that sent it. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** By channel out: what the partition at its other end holds from an offset on, oldest first. Null: its log does not say. */
export type HeldChanges = readonly (readonly HeldChange[] | null)[];

/**
 * Keeps what a partition has sent as the others hold it, where a replay would now make something else of it: a unit that is
 * set aside has done nothing, though it may have sent something before it came to that. So every number on a way stays with
 * the change that has it, and nothing is sent twice or left out behind it.
 *
 * Legal order: `begin`, then `end` for each record of the log, then `found`.
 */
export class Standing {
  /** What stands though the log now makes something else, found at this replay. */
  readonly found: StandingChanges[] = [];
  /** Whether a way was used whose other end does not say what it holds. */
  isUnknown = false;
  readonly #outbox: Outbox;
  readonly #settled = new Map<number, StandingChanges[]>();
  readonly #from: number;
  /** By channel, then by offset. */
  readonly #held: readonly (ReadonlyMap<number, Uint8Array[]> | null)[];
  readonly #lastHeld: readonly number[];
  #ends: readonly OutboxEnd[] = [];

  /** @param held from the first unsettled note on; null: none is */
  constructor(outbox: Outbox, notes: readonly StuckNote[], held: HeldChanges | null) {
    this.#outbox = outbox;
    for (const { standing } of notes) {
      for (const one of standing ?? []) this.#settled.set(one.offset, [...(this.#settled.get(one.offset) ?? []), one]);
    }
    this.#from = held === null ? Number.POSITIVE_INFINITY : firstUnsettled(notes);
    this.#held = (held ?? []).map((changes) => (changes === null ? null : byOffset(changes)));
    this.#lastHeld = (held ?? []).map((changes) => changes?.at(-1)?.offset ?? -1);
  }

  /** Before the record at this offset is applied. */
  begin(offset: number): void {
    if (this.#isAsked(offset)) this.#ends = this.#outbox.ends();
  }

  /** When it has been. */
  end(offset: number): void {
    if (!this.#isAsked(offset)) return;
    this.#outbox.queues.forEach((queue, channel) => {
      const { bytes, tailSequence } = this.#ends[channel] as OutboxEnd;
      const stands = this.#standsAt(offset, channel, queue, bytes);
      if (stands === null) return;
      queue.truncate(bytes, tailSequence);
      for (const record of stands) {
        queue.u8.set(record, queue.claim(record.length));
        queue.commit(record.length);
      }
    });
  }

  #isAsked(offset: number): boolean {
    return offset >= this.#from || this.#settled.has(offset);
  }

  /** @returns null: what was made stays */
  #standsAt(offset: number, channel: number, queue: OutboxQueue, bytes: number): readonly Uint8Array[] | null {
    const settled = this.#settled.get(offset)?.find((one) => one.channel === channel);
    if (settled !== undefined) return settled.records.map((record) => Buffer.from(record, 'base64'));
    if (offset < this.#from) return null;
    const ofChannel = this.#held[channel];
    if (ofChannel === null) this.isUnknown = true;
    const last = this.#lastHeld[channel] ?? -1;
    if (!ofChannel || offset > last) return null;
    const held = ofChannel.get(offset) ?? [];
    const made = madeSince(queue, bytes);
    // Of the last record the other end may hold only the beginning yet: the rest is as the log makes it.
    const rest = offset === last ? made.slice(held.length) : [];
    if (held.length + rest.length === made.length && held.every((record, at) => isSame(record, made[at]))) return null;
    const stands = [...held, ...rest].map((record) => Buffer.from(record));
    this.found.push({ offset, channel, records: stands.map((record) => record.toString('base64')) });
    return stands;
  }
}

function firstUnsettled(notes: readonly StuckNote[]): number {
  return Math.min(...notes.filter(isUnsettled).map(({ from }) => from));
}

function byOffset(changes: readonly HeldChange[]): ReadonlyMap<number, Uint8Array[]> {
  const map = new Map<number, Uint8Array[]>();
  for (const { offset, bytes } of changes) {
    const before = map.get(offset);
    if (before === undefined) map.set(offset, [bytes]);
    else before.push(bytes);
  }
  return map;
}

function madeSince(queue: OutboxQueue, bytes: number): Uint8Array[] {
  const made: Uint8Array[] = [];
  queue.visitSince(bytes, (start, length) => made.push(queue.u8.subarray(start, start + length)));
  return made;
}

/** But for the padding, which nobody clears. */
function isSame(held: Uint8Array, made: Uint8Array | undefined): boolean {
  if (made?.length !== held.length) return false;
  const end = RECORD_HEADER_BYTES + new DataView(held.buffer, held.byteOffset).getUint32(RECORD_VALUE_LENGTH, true);
  return Buffer.compare(held.subarray(0, end), made.subarray(0, end)) === 0;
}
