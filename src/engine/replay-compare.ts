import type { Outbox } from '../store/outbox.ts';
import { REGISTERS_PER_STORE } from '../store/registers.ts';
import type { StateStore } from '../store/state-store.ts';
import type { StoreSpec } from '../store/store-spec.ts';
import { ValueCodec } from '../store/value-codec.ts';

/** What is told of one partition; what is behind that is mostly a consequence. */
export const DIFFERENCES_MAX = 20;
const PAGE_ROWS = 1000;
const ONE = ValueCodec.selfDescribing();
const OTHER = ValueCodec.selfDescribing();

/**
 * Compares every row and register of a store: keys, values to the bit and to the order of an object's members, times.
 *
 * @returns rows compared
 */
export function compareStore(
  { name, isTimed = false }: StoreSpec,
  found: StateStore,
  wanted: StateStore,
  differences: string[],
): number {
  for (let index = 0; index < REGISTERS_PER_STORE; index++) {
    const [a, b] = [found.readRegister(index), wanted.readRegister(index)];
    if (a !== b) differences.push(`store=${name} register=${index} replayed=${a} saved=${b}`);
  }
  let rows = 0;
  let after = '';
  for (;;) {
    const [mine, theirs] = [found, wanted].map((store) => store.range(after, undefined, PAGE_ROWS));
    if (mine === undefined || theirs === undefined || (mine.length === 0 && theirs.length === 0)) break;
    const count = Math.min(mine.length, theirs.length);
    for (let i = 0; i < count && differences.length < DIFFERENCES_MAX; i++) {
      const [key, value] = mine[i] as [string, unknown];
      const [wantedKey, wantedValue] = theirs[i] as [string, unknown];
      if (key !== wantedKey) {
        differences.push(`store=${name} replayed has key=${shown(key)} where saved has key=${shown(wantedKey)}`);
        return rows;
      }
      rows += 1;
      const isSame = isSameValue(value, wantedValue) && (!isTimed || timeOf(found, key) === timeOf(wanted, key));
      if (!isSame) {
        differences.push(`store=${name} key=${shown(key)} replayed=${shown(value)} saved=${shown(wantedValue)}`);
      }
    }
    if (mine.length !== theirs.length) {
      const [side, extra] = mine.length > count ? ['replayed', mine[count]] : ['saved', theirs[count]];
      differences.push(`store=${name} only ${side} has key=${shown((extra as [string, unknown])[0])}`);
      break;
    }
    if (count < PAGE_ROWS || differences.length >= DIFFERENCES_MAX) break;
    after = `${(mine[count - 1] as [string, unknown])[0]}\u0000`;
  }
  return rows;
}

/** Compares how much was sent to, and taken from, every other partition at every level. */
export function compareChannels(partitions: number, found: Outbox, wanted: Outbox, differences: string[]): void {
  const compare = (way: string, channel: number, a: number | undefined, b: number | undefined): void => {
    const place = `level=${1 + Math.floor(channel / partitions)} partition=${channel % partitions}`;
    if (a !== b) differences.push(`${way} ${place} changes replayed=${a} saved=${b}`);
  };
  found.queues.forEach((queue, channel) => {
    compare('sent to', channel, queue.tailSequence - 1, (wanted.queues[channel]?.tailSequence ?? Number.NaN) - 1);
  });
  found.lastSeen.forEach((sequence, channel) => {
    compare('taken from', channel, sequence, wanted.lastSeen[channel]);
  });
}

function timeOf(store: StateStore, key: string): number {
  store.get(key);
  return store.time;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** With names and order of members, which the bytes of a store leave out. */
function isSameValue(a: unknown, b: unknown): boolean {
  ONE.encode(a);
  OTHER.encode(b);
  const [one, other] = [ONE.written, OTHER.written];
  return one.length === other.length && one.bytes.compare(other.bytes, 0, other.length, 0, one.length) === 0;
}
