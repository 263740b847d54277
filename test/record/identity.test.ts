import { describe, expect, it } from 'vitest';
import { KeyedHash } from '../../src/base/hash.ts';
import {
  IDENTITY_IDEMPOTENCY,
  IDENTITY_NATURAL,
  IDENTITY_PRODUCER,
  identityOf,
  identityOfBytes,
  naturalIdentity,
} from '../../src/record/identity.ts';

const HASH = new KeyedHash(new Uint8Array(8));

function identity(streamId: number, keyLow: number, keyHigh: number, kind: number, text: string): string {
  identityOf(HASH, streamId, keyLow, keyHigh, kind, text);
  return `${HASH.low},${HASH.high}`;
}

describe('identityOf', () => {
  it('is another identity in another stream, under another key, of another kind, of another text', () => {
    const all = [
      identity(1, 2, 3, IDENTITY_IDEMPOTENCY, 'a'),
      identity(2, 2, 3, IDENTITY_IDEMPOTENCY, 'a'),
      identity(1, 9, 3, IDENTITY_IDEMPOTENCY, 'a'),
      identity(1, 2, 9, IDENTITY_IDEMPOTENCY, 'a'),
      identity(1, 2, 3, IDENTITY_PRODUCER, 'a'),
      identity(1, 2, 3, naturalIdentity(0), 'a'),
      identity(1, 2, 3, naturalIdentity(1), 'a'),
      identity(1, 2, 3, IDENTITY_IDEMPOTENCY, 'b'),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('is the same of a text and of its bytes', () => {
    const bytes = Buffer.from('..bestellung-é..');
    identityOfBytes(HASH, 1, 2, 3, IDENTITY_NATURAL, bytes, 2, bytes.length - 2);
    expect(`${HASH.low},${HASH.high}`).toBe(identity(1, 2, 3, IDENTITY_NATURAL, 'bestellung-é'));
  });
});

describe('naturalIdentity', () => {
  it('numbers the id fields of a stream', () => {
    expect([naturalIdentity(0), naturalIdentity(1), naturalIdentity(255)]).toEqual([0x0002, 0x0102, 0xff02]);
  });
});
