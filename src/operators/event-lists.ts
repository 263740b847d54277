// data plane
import { upToDate } from './earlier-row.ts';
import type { OperatorStore } from './operator.ts';

/**
 * Lists of events in a store, each under a key of its own, in the order of arrival. To append costs the same however long
 * the list has become: what is written again is the head alone, and a head that is full is sealed and left alone.
 *
 * ```
 *   <key>                     [sealed rows, time, event, time, event, …]   the latest
 *   <key> 00 00 <6 digits>    [time, event, time, event, …]                sealed, numbered from 0
 * ```
 *
 * No key has two zero characters next to each other, so that no key meets a sealed row, and a list lies together.
 */
export class EventLists {
  readonly #store: OperatorStore;

  constructor(store: OperatorStore) {
    this.#store = store;
  }

  /** @returns whether the list is new */
  append(key: string, time: number, event: unknown): boolean {
    const store = this.#store;
    const head = upToDate(key, store.get(key)) as readonly unknown[] | undefined;
    if (head === undefined) {
      store.put(key, [0, time, event]);
      return true;
    }
    if (head.length < FULL_HEAD && !isLarge(event)) {
      const longer = head.slice();
      longer.push(time, event);
      store.put(key, longer);
      return false;
    }
    const sealed = head[0] as number;
    store.put(sealedKey(key, sealed), head.slice(1));
    store.put(key, [sealed + 1, time, event]);
    return false;
  }

  /** Appends the list's events from `from` to `to` ms, both included, to `times` and `events`, in the order of arrival. */
  collect(key: string, from: number, to: number, times: number[], events: unknown[]): void {
    const store = this.#store;
    const head = upToDate(key, store.get(key)) as readonly unknown[] | undefined;
    if (head === undefined) return;
    const sealed = head[0] as number;
    for (let number = 0; number < sealed; number++) {
      const row = sealedKey(key, number);
      collectFrom(upToDate(row, store.get(row)) as readonly unknown[], 0, from, to, times, events);
    }
    collectFrom(head, 1, from, to, times, events);
  }

  /** @returns whether there was a list */
  delete(key: string): boolean {
    const store = this.#store;
    const head = upToDate(key, store.get(key)) as readonly unknown[] | undefined;
    if (head === undefined) return false;
    const sealed = head[0] as number;
    for (let number = 0; number < sealed; number++) store.delete(sealedKey(key, number));
    return store.delete(key);
  }
}

/** Whether a row of the store is a sealed one, and not the head of a list. */
export function isSealedKey(key: string): boolean {
  const at = key.length - SEALED_SUFFIX_LENGTH;
  return at > 0 && key.charCodeAt(at) === 0 && key.charCodeAt(at + 1) === 0;
}

/** Whether an event stands there in a row of so many items. */
export function isEventOfList(at: number, length: number): boolean {
  return at !== 0 && (length - at) % 2 === 1;
}

function sealedKey(key: string, number: number): string {
  return `${key}\u0000\u0000${String(number).padStart(NUMBER_DIGITS, '0')}`;
}

function collectFrom(
  row: readonly unknown[],
  start: number,
  from: number,
  to: number,
  times: number[],
  events: unknown[],
): void {
  for (let i = start; i < row.length; i += 2) {
    const time = row[i] as number;
    if (time < from || time > to) continue;
    times.push(time);
    events.push(row[i + 1]);
  }
}

/** Whether the value has more than about 4 KiB: such a one begins a row, so that no row has two of them. */
function isLarge(value: unknown): boolean {
  return roomLeft(value, LARGE_BYTES) < 0;
}

function roomLeft(value: unknown, room: number): number {
  if (typeof value === 'string') return room - value.length;
  if (typeof value !== 'object' || value === null) return room - SMALL_VALUE_BYTES;
  if (value instanceof Uint8Array) return room - value.length;
  let left = room - SMALL_VALUE_BYTES;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && left >= 0; i++) left = roomLeft(value[i], left);
    return left;
  }
  const members = value as Readonly<Record<string, unknown>>;
  for (const name in members) {
    if (left < 0) break;
    left = roomLeft(members[name], left);
  }
  return left;
}

const MAX_HEAD_EVENTS = 16;
const FULL_HEAD = 1 + 2 * MAX_HEAD_EVENTS;
const LARGE_BYTES = 4096;
const SMALL_VALUE_BYTES = 8;
const NUMBER_DIGITS = 6;
const SEALED_SUFFIX_LENGTH = 2 + NUMBER_DIGITS;
