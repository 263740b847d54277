import { setFlagsFromString } from 'node:v8';
import { expect, it } from 'vitest';
import { JsonDecoder } from '../../src/record/json-decoder.ts';
import { RecordDecoder } from '../../src/record/record-decoder.ts';
import { encodeRecord } from '../../src/record/record-encoder.ts';
import { RecordHeader, readRecordHeader, writeRecord } from '../../src/record/record-writer.ts';
import { CANONICAL_ORDER, CANONICAL_SCHEMA } from './canonical-order.ts';

setFlagsFromString('--allow-natives-syntax');
const haveSameShape = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (a: object, b: object) => boolean;

interface Order {
  readonly items: readonly object[];
}

// An operator that meets one shape is compiled for it; with several it looks every member up.
it('planned decoders give every order and every item the same shape', () => {
  const json = new JsonDecoder(CANONICAL_SCHEMA);
  const record = new RecordDecoder(CANONICAL_SCHEMA);
  const encode = encodeRecord(CANONICAL_SCHEMA);
  const orders = Array.from({ length: 20 }, (_, i) => {
    const order = { ...(JSON.parse(CANONICAL_ORDER) as object), placedAt: i * 1e11, totalCents: i };
    const text = Buffer.from(JSON.stringify(order));
    const bytes = Buffer.from(encode(order));
    return [json.decode(text, 0, text.length), record.decode(bytes, 0, bytes.length)] as Order[];
  });
  // The first objects teach the engine what the fields hold.
  for (const codec of [0, 1]) {
    const last = orders[19]?.[codec] as Order;
    for (const pair of orders.slice(10)) {
      const order = pair[codec] as Order;
      expect(haveSameShape(order, last)).toBe(true);
      for (const item of order.items) expect(haveSameShape(item, last.items[0] as object)).toBe(true);
    }
  }
});

it('RecordHeader keeps its shape when it is used again', () => {
  const bytes = new ArrayBuffer(256);
  const memory = { u8: new Uint8Array(bytes), u32: new Uint32Array(bytes), f64: new Float64Array(bytes) };
  const header = new RecordHeader();
  const fresh = new RecordHeader();
  for (let i = 0; i < 10; i++) {
    Object.assign(header, { eventTime: 1e12 + i + 0.5, fingerprint: 0xffff_fff0 + i, producerSequence: 2 ** 40 + i });
    writeRecord(memory, 0, header, memory.u8, 0, memory.u8);
    readRecordHeader(memory.u32, memory.f64, 0, fresh);
  }
  expect(haveSameShape(header, fresh)).toBe(true);
  expect(Object.keys(header)).toEqual(Object.keys(new RecordHeader()));
});
