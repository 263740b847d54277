import { Packr } from 'msgpackr';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { RecordDecoder } from '../../src/record/record-decoder.ts';
import { encodeMsgpack, encodeRecord } from '../../src/record/record-encoder.ts';
import { CANONICAL_ORDER, CANONICAL_SCHEMA, embedded } from './canonical-order.ts';
import { LONG_FORMS } from './msgpack-bytes.ts';

const SCHEMA = Type.Object({
  id: Type.String(),
  count: Type.Integer(),
  note: Type.Optional(Type.String()),
  tags: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
});
const ORDER = JSON.parse(CANONICAL_ORDER) as unknown;

function decode(body: Uint8Array, schema: unknown = SCHEMA): unknown {
  const { bytes, start, end } = embedded(body);
  return new RecordDecoder(schema).decode(bytes, start, end);
}

/** A record of any values, as a client might send it. */
function record(...values: unknown[]): Uint8Array {
  return encodeMsgpack(values);
}

describe('RecordDecoder.decode', () => {
  it('decodes the canonical order from less than a third of its JSON', () => {
    const body = encodeRecord(CANONICAL_SCHEMA)(ORDER);
    expect(body.length).toBeLessThan(CANONICAL_ORDER.length / 3);
    expect(decode(body, CANONICAL_SCHEMA)).toStrictEqual(ORDER);
  });

  it('decodes what another encoder writes', () => {
    const packr = new Packr({ useRecords: false });
    const { items, ...order } = ORDER as { items: object[] };
    const values = [...Object.values(order).slice(0, 4), items.map((item) => Object.values(item)), 1040, 'EUR'];
    expect(decode(packr.pack(values), CANONICAL_SCHEMA)).toStrictEqual(ORDER);
  });

  it('follows the plan with what our encoder writes', () => {
    const decoder = new RecordDecoder(CANONICAL_SCHEMA);
    const { bytes, start, end } = embedded(encodeRecord(CANONICAL_SCHEMA)(ORDER));
    decoder.decode(bytes, start, end);
    expect([decoder.plannedCount, decoder.parsedCount]).toEqual([1, 0]);
  });

  it('leaves out an optional member that is nil or not there', () => {
    expect(decode(record('a', 1, null, null))).toStrictEqual({ id: 'a', count: 1 });
    expect(decode(record('a', 1))).toStrictEqual({ id: 'a', count: 1 });
    expect(decode(record('a', 1, null, [['x']]))).toStrictEqual({ id: 'a', count: 1, tags: [{ name: 'x' }] });
  });

  it('keeps null where the schema has it', () => {
    const schema = Type.Object({ a: Type.Union([Type.String(), Type.Null()]), b: Type.Optional(Type.Null()) });
    expect(decode(record(null, null), schema)).toStrictEqual({ a: null, b: null });
  });

  it('reads numbers in every form', () => {
    const schema = Type.Object({ n: Type.Number() });
    for (const [form, value] of LONG_FORMS) {
      expect(decode(Uint8Array.of(0x91, ...form), schema)).toStrictEqual({ n: value });
    }
  });

  it('decodes what does not fit the schema, for the check to say where', () => {
    expect(decode(record('a', 'many', 5, [[7]]))).toStrictEqual({
      id: 'a',
      count: 'many',
      note: 5,
      tags: [{ name: 7 }],
    });
    expect(decode(encodeMsgpack({ id: 'a' }))).toStrictEqual({ id: 'a' });
    expect(decode(record())).toStrictEqual({});
  });

  it('refuses more fields than the schema has', () => {
    expect(() => decode(record('a', 1, null, null, 0))).toThrow(
      expect.objectContaining({ code: 'ERR_EVENT_SCHEMA', message: 'record fields=5 expected=4' }),
    );
  });

  it('refuses with the code of the validator', () => {
    const refusals: [Uint8Array, string][] = [
      [new Uint8Array(0), 'ERR_EVENT_EMPTY'],
      [record('a', 1, null, null).slice(0, 3), 'ERR_EVENT_UNPARSEABLE'],
      [Uint8Array.of(...record('a', 1, null, null), 0), 'ERR_EVENT_UNPARSEABLE'],
      [Uint8Array.of(0x94, 0xa1, 0xff, 1, 0xc0, 0xc0), 'ERR_EVENT_ENCODING'],
      [Uint8Array.of(0x94, 0xa1, 0x61, 0xd4, 0x72, 0x40, 0xc0, 0xc0), 'ERR_EVENT_MSGPACK'],
      [Uint8Array.of(0x94, 0xa1, 0x61, 0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0xc0), 'ERR_EVENT_NUMBER_RANGE'],
    ];
    for (const [body, code] of refusals) expect(() => decode(body)).toThrow(expect.objectContaining({ code }));
  });

  it('reads nothing beyond the end', () => {
    const bytes = Buffer.from(encodeRecord(CANONICAL_SCHEMA)(ORDER));
    const decoder = new RecordDecoder(CANONICAL_SCHEMA);
    for (let end = 1; end < bytes.length; end++) {
      expect(() => decoder.decode(bytes, 0, end)).toThrow(expect.objectContaining({ code: 'ERR_EVENT_UNPARSEABLE' }));
    }
  });

  it('knows texts of every length and script', () => {
    for (const id of ['', 'x'.repeat(31), 'x'.repeat(32), 'ü'.repeat(200), 'x'.repeat(70_000)]) {
      expect(decode(record(id, 1, null, null))).toStrictEqual({ id, count: 1 });
    }
  });

  it('takes a schema that a plan cannot follow', () => {
    const schema = Type.Object({ id: Type.String(), extra: Type.Unknown() });
    expect(decode(record('a', { b: [1] }), schema)).toStrictEqual({ id: 'a', extra: { b: [1] } });
  });
});
