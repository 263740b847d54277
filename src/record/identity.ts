// data plane
import type { KeyedHash } from '../base/hash.ts';

/** What an identity was taken from; a part of its scope, so that equal bytes of two kinds never meet. */
export const IDENTITY_IDEMPOTENCY = 1;
export const IDENTITY_NATURAL = 2;
export const IDENTITY_PRODUCER = 3;

/** The kind of a stream's `index`-th `id` field. */
export function naturalIdentity(index: number): number {
  return IDENTITY_NATURAL | (index << 8);
}

/**
 * The identity of an event: a keyed hash over stream, order key, kind and the identity itself, left in `hash.low` and
 * `hash.high`. The same identity under another order key is another identity: it may live in another partition.
 */
export function identityOf(
  hash: KeyedHash,
  streamId: number,
  keyLow: number,
  keyHigh: number,
  kind: number,
  text: string,
): void {
  hash.hashString(text);
  hash.scope((streamId << 16) | kind, keyLow, keyHigh);
}

/** `identityOf` for an identity at hand as UTF-8. */
export function identityOfBytes(
  hash: KeyedHash,
  streamId: number,
  keyLow: number,
  keyHigh: number,
  kind: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  hash.hashBytes(bytes, start, end);
  hash.scope((streamId << 16) | kind, keyLow, keyHigh);
}
