import { readFileSync } from 'node:fs';
import { CUSTOMER_COUNT, customerIdOf } from '../load/canonical-order.ts';
import { readView } from './view-reader.ts';

/** Compares the view `customers` with the totals that the load generator wrote; returns what differs, at most a few. */
export async function checkCustomers(url: string, totalsFile: string): Promise<string[]> {
  const bytes = readFileSync(totalsFile);
  const memory = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const orders = new Int32Array(memory, 0, CUSTOMER_COUNT);
  const cents = new Float64Array(memory, CUSTOMER_COUNT * 4, CUSTOMER_COUNT);
  const differences: string[] = [];
  let rows = 0;
  await readView(url, 'customers', (row) => {
    rows++;
    const customer = Number(row.key.slice('c-'.length));
    const { orders: orderCount, totalCents } = row.value as { orders: number; totalCents: number };
    if (orderCount !== orders[customer] || totalCents !== cents[customer]) {
      differences.push(
        `customer=${row.key} orders=${orderCount} expected=${orders[customer]} ` +
          `totalCents=${totalCents} expected=${cents[customer]}`,
      );
    }
  });
  const expectedRows = orders.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
  if (rows !== expectedRows) differences.push(`rows=${rows} expected=${expectedRows} e.g. ${customerIdOf(0)}`);
  return differences.slice(0, 5);
}
