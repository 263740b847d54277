import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MsgpackDecoder } from '../../src/record/msgpack-decoder.ts';
import { encodeMsgpack } from '../../src/record/record-encoder.ts';
import { fuzzRuns } from '../base/fuzz-seed.ts';
import { CANONICAL_ORDER, embedded } from './canonical-order.ts';
import { LONG_FORMS, memberOf } from './msgpack-bytes.ts';

function decode(body: Uint8Array): unknown {
  const { bytes, start, end } = embedded(body);
  return new MsgpackDecoder().decode(bytes, start, end);
}

/** No member `__proto__`, no negative zero, no integer beyond 2^53: those are refused, or not what JSON gives. */
function isTaken(value: unknown): boolean {
  let isAll = true;
  JSON.stringify(value, (name, member: unknown) => {
    if (name === '__proto__' || Object.is(member, -0)) isAll = false;
    if (Number.isInteger(member) && !Number.isSafeInteger(member)) isAll = false;
    return member;
  });
  return isAll;
}

describe('MsgpackDecoder.decode', () => {
  it('gives what the same JSON gives', () => {
    expect(decode(encodeMsgpack(JSON.parse(CANONICAL_ORDER)))).toStrictEqual(JSON.parse(CANONICAL_ORDER));
    const property = fc.property(fc.jsonValue().filter(isTaken), (value) => {
      expect(decode(encodeMsgpack(value))).toStrictEqual(value);
    });
    fc.assert(property, fuzzRuns(1000));
  });

  it('reads numbers in every form', () => {
    for (const [form, value] of LONG_FORMS) expect(decode(memberOf('a', ...form))).toStrictEqual({ a: value });
  });

  it('refuses a duplicate member', () => {
    const body = Uint8Array.of(0x82, 0xa2, 0x69, 0x64, 1, 0xa2, 0x69, 0x64, 2);
    expect(() => decode(body)).toThrow(
      expect.objectContaining({ code: 'ERR_EVENT_DUPLICATE_MEMBER', message: 'duplicate member=id' }),
    );
  });

  it('refuses with the code of the validator', () => {
    expect(() => decode(memberOf('a', 0xd4, 0x72, 0x40))).toThrow(
      expect.objectContaining({ code: 'ERR_EVENT_MSGPACK', message: 'msgpack cannot be taken bytes=6' }),
    );
  });

  it('ends with a value or a refusal on any bytes', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        decode(bytes);
      } catch (error) {
        expect((error as { code: string }).code).toMatch(/^ERR_EVENT_/);
      }
    });
    fc.assert(property, fuzzRuns(3000));
  });
});
