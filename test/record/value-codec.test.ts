import { describe, expect, it } from 'vitest';
import { CODEC_JSON, CODEC_MSGPACK, CODEC_MSGPACK_RECORD } from '../../src/record/layout.ts';
import { encodeMsgpack, encodeRecord } from '../../src/record/record-encoder.ts';
import { createValueDecoder } from '../../src/record/value-codec.ts';
import { CANONICAL_ORDER, CANONICAL_SCHEMA } from './canonical-order.ts';

describe('createValueDecoder', () => {
  it('gives the same value whichever codec it came in', () => {
    const order = JSON.parse(CANONICAL_ORDER) as unknown;
    const bodies = [
      [CODEC_JSON, Buffer.from(CANONICAL_ORDER)],
      [CODEC_MSGPACK, Buffer.from(encodeMsgpack(order))],
      [CODEC_MSGPACK_RECORD, Buffer.from(encodeRecord(CANONICAL_SCHEMA)(order))],
    ] as const;
    for (const [codec, body] of bodies) {
      expect(createValueDecoder(codec, CANONICAL_SCHEMA).decode(body, 0, body.length)).toStrictEqual(order);
    }
  });
});
