import type { PartitionLog } from '../log/partition-log.ts';
import { IDENTITY_IDEMPOTENCY } from '../record/identity.ts';
import {
  RECORD_CODEC,
  RECORD_HEADER_BYTES,
  RECORD_IDEMPOTENCY_KEY_LENGTH,
  RECORD_KEY_HASH,
  RECORD_STREAM_ID,
  RECORD_VALUE_LENGTH,
} from '../record/layout.ts';
import type { ValueDecoder } from '../record/value-codec.ts';
import type { IdentityWitness, RecordMemory } from './judge.ts';
import type { StreamRuntime } from './stream-runtime.ts';

/**
 * Tells an equal identity from an equal hash by reading the first event's bytes back. It runs only where the two events
 * differ, which is a client's mistake or a collision of 64-bit hashes, so it may cost a read.
 */
export class LogWitness implements IdentityWitness {
  readonly #log: PartitionLog;
  readonly #streams: readonly StreamRuntime[];

  constructor(log: PartitionLog, streams: readonly StreamRuntime[]) {
    this.#log = log;
    this.#streams = streams;
  }

  hasSameIdentity(offset: number, memory: RecordMemory, position: number, kind: number): boolean {
    const first = this.#log.readRecordSync(offset);
    // Recycled since: the 64-bit hash under a secret is all there is.
    if (first === null) return true;
    const { view } = first;
    const at = first.position;
    if (streamIdAt(view.u8, at) !== streamIdAt(memory.u8, position)) return false;
    for (let i = 0; i < 2; i++) {
      const word = (RECORD_KEY_HASH >>> 2) + i;
      if (view.u32[(at >>> 2) + word] !== memory.u32[(position >>> 2) + word]) return false;
    }
    if (kind === IDENTITY_IDEMPOTENCY) return idempotencyKey(view, at) === idempotencyKey(memory, position);
    const stream = this.#streams[streamIdAt(memory.u8, position)] as StreamRuntime;
    const identity = stream.spec.identities[kind >>> 8];
    if (identity === undefined) return false;
    return (
      String(valueAt(stream, view, at)[identity.field]) === String(valueAt(stream, memory, position)[identity.field])
    );
  }
}

function streamIdAt(u8: Uint8Array, at: number): number {
  return (u8[at + RECORD_STREAM_ID] as number) | ((u8[at + RECORD_STREAM_ID + 1] as number) << 8);
}

function idempotencyKey(memory: RecordMemory, at: number): string {
  const start = at + RECORD_HEADER_BYTES + (memory.u32[(at + RECORD_VALUE_LENGTH) >>> 2] as number);
  return memory.u8.toString('latin1', start, start + (memory.u8[at + RECORD_IDEMPOTENCY_KEY_LENGTH] as number));
}

function valueAt(stream: StreamRuntime, memory: RecordMemory, at: number): Record<string, unknown> {
  const start = at + RECORD_HEADER_BYTES;
  const decoder = stream.decoders[memory.u8[at + RECORD_CODEC] as number] as ValueDecoder;
  return decoder.decode(memory.u8, start, start + (memory.u32[(at + RECORD_VALUE_LENGTH) >>> 2] as number)) as Record<
    string,
    unknown
  >;
}
