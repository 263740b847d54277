import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, errorCodeOf } from '../../src/base/error-catalogue.ts';
import { MAX_BODY_DEPTH } from '../../src/base/limits.ts';
import { validateMsgpack } from '../../src/record/msgpack-validator.ts';
import { encodeMsgpack } from '../../src/record/record-encoder.ts';
import { CANONICAL_ORDER, embedded } from './canonical-order.ts';
import { LONG_FORMS, memberOf } from './msgpack-bytes.ts';

function verdict(body: Uint8Array): ErrorCode | 'valid' {
  const { bytes, start, end } = embedded(body);
  return errorCodeOf(validateMsgpack(bytes, start, end)) ?? 'valid';
}

describe('validateMsgpack', () => {
  it('accepts what JSON can say', () => {
    const values = [JSON.parse(CANONICAL_ORDER), [], {}, null, true, 'ü', [[1], { a: { b: [] } }, -5], 0.1];
    for (const value of values) expect(verdict(encodeMsgpack(value))).toBe('valid');
    for (const [form] of LONG_FORMS) expect(verdict(memberOf('a', ...form))).toBe('valid');
  });

  it('refuses binary, extensions and the byte without meaning', () => {
    const heads = [0xc1, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8];
    for (const head of heads) {
      const body = memberOf('a', head, ...new Array(24).fill(0));
      expect(verdict(body)).toBe('ERR_EVENT_MSGPACK');
    }
  });

  it('refuses what msgpackr writes with its defaults', () => {
    expect(verdict(new Packr({ useRecords: true }).pack({ a: 1 }))).toBe('ERR_EVENT_MSGPACK');
    expect(verdict(new Packr().pack({ at: new Date(0) }))).toBe('ERR_EVENT_MSGPACK');
    expect(verdict(new Packr({ useRecords: false }).pack(JSON.parse(CANONICAL_ORDER)))).toBe('valid');
  });

  it('refuses names that are no strings', () => {
    expect(verdict(Uint8Array.of(0x81, 1, 1))).toBe('ERR_EVENT_MSGPACK');
    expect(verdict(Uint8Array.of(0x82, 0xa1, 0x61, 1, 0xc0, 1))).toBe('ERR_EVENT_MSGPACK');
    expect(verdict(Uint8Array.of(0x81, 0x90, 1))).toBe('ERR_EVENT_MSGPACK');
  });

  it('refuses a member __proto__ at any depth, but not the text', () => {
    expect(verdict(memberOf('__proto__', 0xc0))).toBe('ERR_EVENT_FORBIDDEN_MEMBER');
    expect(verdict(Uint8Array.of(0x91, ...memberOf('__proto__', 1)))).toBe('ERR_EVENT_FORBIDDEN_MEMBER');
    expect(verdict(encodeMsgpack({ a: '__proto__', __proto: 1, __proto_1_: 2 }))).toBe('valid');
  });

  it('refuses numbers that JSON and a double do not agree on', () => {
    const numbers = [
      [0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0],
      [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0],
      [0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0],
      [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
      [0xca, 0x7f, 0x80, 0, 0],
      [0xcb, 0x43, 0x40, 0, 0, 0, 0, 0, 0],
    ];
    for (const number of numbers) expect(verdict(memberOf('a', ...number))).toBe('ERR_EVENT_NUMBER_RANGE');
  });

  it('refuses texts that are not UTF-8, as names too', () => {
    expect(verdict(memberOf('a', 0xa1, 0xff))).toBe('ERR_EVENT_ENCODING');
    expect(verdict(memberOf('a', 0xa3, 0xed, 0xa0, 0x80))).toBe('ERR_EVENT_ENCODING');
    expect(verdict(Uint8Array.of(0x81, 0xa1, 0xc3, 1))).toBe('ERR_EVENT_ENCODING');
  });

  it('refuses bytes that end too early or too late', () => {
    const body = encodeMsgpack({ a: [1, { b: 'c'.repeat(40) }], c: 70_000, d: 0.1, e: 'x'.repeat(300) });
    expect(verdict(body)).toBe('valid');
    expect(verdict(new Uint8Array(0))).toBe('ERR_EVENT_EMPTY');
    for (let length = 1; length < body.length; length++) {
      expect(verdict(body.slice(0, length))).toBe('ERR_EVENT_UNPARSEABLE');
    }
    expect(verdict(Uint8Array.of(...body, 0xc0))).toBe('ERR_EVENT_UNPARSEABLE');
  });

  it('refuses counts that the bytes cannot hold, at once', () => {
    for (const head of [0xdd, 0xdf]) {
      expect(verdict(Uint8Array.of(head, 0xff, 0xff, 0xff, 0xff, 1, 1))).toBe('ERR_EVENT_UNPARSEABLE');
    }
    expect(verdict(Uint8Array.of(0xdb, 0xff, 0xff, 0xff, 0xff, 0x61))).toBe('ERR_EVENT_UNPARSEABLE');
  });

  it('goes down to the greatest depth and no further', () => {
    const nested = (depth: number): Uint8Array => Uint8Array.of(...new Array(depth - 1).fill(0x91), 0x90);
    expect(verdict(nested(MAX_BODY_DEPTH))).toBe('valid');
    expect(verdict(nested(MAX_BODY_DEPTH + 1))).toBe('ERR_EVENT_TOO_DEEP');
    expect(verdict(Uint8Array.of(...new Array(60_000).fill(0x91)))).toBe('ERR_EVENT_TOO_DEEP');
  });
});
