import { describe, expect, it } from 'vitest';
import { OrderBook } from '../../../native-bench/load/canonical-order.ts';
import { encodeOrder, packOrder } from '../../../native-bench/load/order-codec.ts';
import { CanonicalOrder } from '../../../src/examples/canonical/customer-totals.ts';
import { CODEC_JSON, CODEC_MSGPACK_RECORD } from '../../../src/record/layout.ts';
import { createValueDecoder } from '../../../src/record/value-codec.ts';

const book = new OrderBook(1, 200);

describe('packOrder', () => {
  it('makes the record that the schema of the canonical topology declares', () => {
    const decoder = createValueDecoder(CODEC_MSGPACK_RECORD, CanonicalOrder);
    for (let number = 0; number < 200; number++) {
      const order = book.order(number, 1_763_600_000_000 + number);
      const record = packOrder(order);
      expect(decoder.decode(record, 0, record.length)).toEqual(order);
    }
  });
});

describe('encodeOrder', () => {
  it('makes the JSON that the canonical topology reads', () => {
    const decoder = createValueDecoder(CODEC_JSON, CanonicalOrder);
    const order = book.order(3, 1_763_600_000_000);
    const json = encodeOrder('ws-json', order);
    expect(decoder.decode(json, 0, json.length)).toEqual(order);
  });
});
