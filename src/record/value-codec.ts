import { unreachable } from '../base/assert.ts';
import { JsonDecoder } from './json-decoder.ts';
import { CODEC_JSON, CODEC_MSGPACK, CODEC_MSGPACK_RECORD } from './layout.ts';
import { MsgpackDecoder } from './msgpack-decoder.ts';
import { RecordDecoder } from './record-decoder.ts';

/**
 * Turns the bytes of one event's value, as they came from outside, into the value. What comes out is what JSON can say,
 * whichever codec it came in: strings of whole characters, finite numbers, no integer beyond 2^53, no member twice, no
 * `__proto__`. It may still not fit the stream's schema: that is the next step's to check, unless `isChecked` says that it does.
 */
export interface ValueDecoder {
  /**
   * @throws MokaError with an ERR_EVENT_… code that says what is wrong with the bytes.
   */
  decode(bytes: Buffer, start: number, end: number): unknown;
  /** Whether the value that came last was read along a plan: each of its members stood in the bytes once, as it is named. */
  readonly isPlanned: boolean;
  /** Whether the value that came last is known to fit the schema: to check it would tell nothing new. */
  readonly isChecked: boolean;
}

export type Codec = typeof CODEC_JSON | typeof CODEC_MSGPACK | typeof CODEC_MSGPACK_RECORD;

/** @param schema of the stream: the decoder is made for it, but decodes what does not fit it as well. */
export function createValueDecoder(codec: Codec, schema: unknown): ValueDecoder {
  switch (codec) {
    case CODEC_JSON:
      return new JsonDecoder(schema);
    case CODEC_MSGPACK:
      return new MsgpackDecoder();
    case CODEC_MSGPACK_RECORD:
      return new RecordDecoder(schema);
    default:
      return unreachable(codec);
  }
}
