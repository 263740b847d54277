import { readCustomerTotals, readOpenOrders } from '../load/expected-file.ts';
import type { Workload } from '../load/load-options.ts';
import { readView } from './view-reader.ts';

const REPORTED = 5;

/** Compares a view of the quiet engine with what the load generator expects; returns what differs, at most a few. */
export async function checkAggregate(workload: Workload, url: string, expectedFile: string): Promise<string[]> {
  const differences =
    workload === 'customers' ? await checkCustomers(url, expectedFile) : await checkOpenOrders(url, expectedFile);
  return differences.slice(0, REPORTED);
}

async function checkCustomers(url: string, expectedFile: string): Promise<string[]> {
  const { orders, cents } = readCustomerTotals(expectedFile);
  const differences: string[] = [];
  const rowCount = await readView(url, 'customers', (row) => {
    const customer = Number(row.key.slice('c-'.length));
    const shown = row.value as { orders: number; totalCents: number };
    if (shown.orders === orders[customer] && shown.totalCents === cents[customer]) return;
    differences.push(`${row.key} ${JSON.stringify(shown)} expected=${orders[customer]},${cents[customer]}`);
  });
  const expectedCount = orders.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
  if (rowCount !== expectedCount) differences.push(`customers rows=${rowCount} expected=${expectedCount}`);
  return differences;
}

async function checkOpenOrders(url: string, expectedFile: string): Promise<string[]> {
  const expected = readOpenOrders(expectedFile);
  const differences: string[] = [];
  const rowCount = await readView(url, 'orders', (row) => {
    const shown = row.value as { status: string; totalCents: number };
    const wanted = expected.get(row.key);
    if (wanted !== undefined && shown.status === wanted.status && shown.totalCents === wanted.totalCents) return;
    differences.push(`${row.key} ${JSON.stringify(shown)} expected=${JSON.stringify(wanted)}`);
  });
  if (rowCount !== expected.size) differences.push(`orders rows=${rowCount} expected=${expected.size}`);
  return differences;
}
