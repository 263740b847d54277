import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { CUSTOMER_COUNT } from './canonical-order.ts';
import type { ExpectedOrder, LifeCycleFrames } from './life-cycle-frames.ts';
import { CustomerTotals } from './tally.ts';

/**
 * What a view must show when everything sent is acknowledged, handed from the generator to whoever compares.
 *
 *   customers    100 000 int32 counts of orders, then as many float64 sums of cents
 *   life-cycle   one line of JSON per open order
 */
export function writeCustomerTotals(path: string, totals: CustomerTotals): void {
  writeFileSync(path, Buffer.concat([bytesOf(totals.orders), bytesOf(totals.cents)]));
}

export function readCustomerTotals(path: string): CustomerTotals {
  const bytes = new Uint8Array(readFileSync(path));
  const totals = new CustomerTotals();
  totals.orders.set(new Int32Array(bytes.buffer, 0, CUSTOMER_COUNT));
  totals.cents.set(new Float64Array(bytes.buffer, totals.orders.byteLength, CUSTOMER_COUNT));
  return totals;
}

export function writeOpenOrders(path: string, sources: readonly LifeCycleFrames[]): void {
  const file = openSync(path, 'w');
  for (const source of sources) {
    for (const order of source.openOrders()) writeSync(file, `${JSON.stringify(order)}\n`);
  }
  closeSync(file);
}

export function readOpenOrders(path: string): Map<string, ExpectedOrder> {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const orders = lines.map((line) => JSON.parse(line) as ExpectedOrder);
  return new Map(orders.map((order) => [order.key, order]));
}

function bytesOf(array: Int32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
