// data plane
import type { KeyedHash } from '../base/hash.ts';
import { MAX_IDEMPOTENCY_KEY_BYTES } from '../base/limits.ts';
import { IDENTITY_IDEMPOTENCY, identityOfBytes } from '../record/identity.ts';
import { NO_SEQUENCE, type RecordHeader } from '../record/record-writer.ts';
import { INDEX_SUFFIX_BYTES } from './limits.ts';

const DIGIT_0 = 48;
const COLON = 58;

/** What makes the events of a frame or batch recognisable when they come again. */
export class GroupIdentity {
  producerLow = 0;
  producerHigh = 0;
  producerEpoch = 0;
  /** Of the group's first event; -1 for none. */
  firstSequence = NO_SEQUENCE;
  /** A frame's id or a batch's Idempotency-Key; the event's identity is `<id>:<index>`. */
  readonly id = new Uint8Array(MAX_IDEMPOTENCY_KEY_BYTES);
  idLength = 0;

  /** What one event's identity takes of its record at most. */
  get greatestKeyLength(): number {
    return this.idLength === 0 ? 0 : this.idLength + INDEX_SUFFIX_BYTES;
  }

  /** Writes `:<index>` behind the group's id, hashes the whole in the event's scope, and enters it in the header. */
  identify(hash: KeyedHash, header: RecordHeader, index: number): void {
    const { id, idLength } = this;
    let digits = 1;
    for (let rest = index; rest > 9; rest = Math.floor(rest / 10)) digits += 1;
    id[idLength] = COLON;
    let rest = index;
    for (let at = idLength + digits; at > idLength; at--) {
      id[at] = DIGIT_0 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    const length = idLength + 1 + digits;
    identityOfBytes(hash, header.streamId, header.keyLow, header.keyHigh, IDENTITY_IDEMPOTENCY, id, 0, length);
    header.idempotencyLow = hash.low;
    header.idempotencyHigh = hash.high;
    header.idempotencyKeyLength = length;
  }
}
