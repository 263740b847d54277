#!/usr/bin/env node
import { CanonicalOrder } from '../../src/examples/canonical/customer-totals.ts';
import { KeyScanner } from '../../src/record/key-scanner.ts';
import { CODEC_JSON, CODEC_MSGPACK_RECORD } from '../../src/record/layout.ts';
import { SCAN_OK } from '../../src/record/scan-result.ts';
import { createValueDecoder } from '../../src/record/value-codec.ts';
import { OrderBook } from '../load/canonical-order.ts';
import { packOrder } from '../load/order-codec.ts';
import { runMicro } from './micro.ts';

/**
 * What the bytes of an order cost: finding its key at the door, and decoding it in the worker. 512 different orders.
 *
 *   node .bench/build/native-bench/micro/scanner.js [--small]
 */
const COUNT = 512;
const book = new OrderBook(1, COUNT);
const orders = Array.from({ length: COUNT }, (_, number) => book.order(number, 1_763_600_000_000));
const jsons = orders.map((order) => Buffer.from(JSON.stringify(order)));
const records = orders.map((order) => packOrder(order));
const totalCents = orders.reduce((sum, order) => sum + order.totalCents, 0);

function scanCase(field: string): Parameters<typeof runMicro>[1][number] {
  const scanner = new KeyScanner(field);
  const run = (): number => {
    let found = 0;
    for (const json of jsons) {
      if (scanner.scan(json, 0, json.length) === SCAN_OK) found += scanner.keyEnd > scanner.keyStart ? 1 : 0;
    }
    return found;
  };
  return { name: `scan for ${field}`, operations: COUNT, run, checksum: COUNT };
}

function decodeCase(name: string, decode: (index: number) => unknown): Parameters<typeof runMicro>[1][number] {
  const run = (): number => {
    let sum = 0;
    for (let index = 0; index < COUNT; index++) sum += (decode(index) as { totalCents: number }).totalCents;
    return sum;
  };
  return { name, operations: COUNT, run, checksum: totalCents };
}

const jsonDecoder = createValueDecoder(CODEC_JSON, CanonicalOrder);
const recordDecoder = createValueDecoder(CODEC_MSGPACK_RECORD, CanonicalOrder);
await runMicro('scanner', [
  scanCase('orderId'),
  scanCase('customerId'),
  scanCase('currency'),
  decodeCase('JSON.parse', (index) => JSON.parse((jsons[index] as Buffer).toString('latin1'))),
  decodeCase('decode JSON', (index) => jsonDecoder.decode(jsons[index] as Buffer, 0, (jsons[index] as Buffer).length)),
  decodeCase('decode msgpack record', (index) =>
    recordDecoder.decode(records[index] as Buffer, 0, (records[index] as Buffer).length),
  ),
]);
