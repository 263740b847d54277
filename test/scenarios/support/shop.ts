import type { EngineProcess } from './engine-process.ts';
import { readLogs } from './log-contents.ts';

/** An order as the coffee shop takes it. */
export function order(orderId: string, changes: object = {}): object {
  return {
    orderId,
    customerId: 'c-4821',
    storeId: 'kiosk-7',
    placedAt: 1763600000000,
    items: [{ sku: 'flat-white', qty: 1, priceCents: 420, options: ['oat'] }],
    totalCents: 420,
    currency: 'EUR',
    ...changes,
  };
}

/** What happens to it later: changed, ready, collected, cancelled. */
export function later(orderId: string, type: string, changes: object = {}): object {
  return { orderId, type, ...changes };
}

export const ORDERS = '/v1/streams/orders';

/** The orders of all events in the logs of a data directory, partition by partition. */
export function orderIds(data: string): string[] {
  return readLogs(data).map(({ bytes }) => (JSON.parse(bytes.toString()) as { orderId: string }).orderId);
}

/** The keys of all rows of a view, read page by page. */
export async function allKeys(engine: EngineProcess, view: string): Promise<string[]> {
  const keys: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { json } = await engine.get(`/v1/views/${view}?limit=1000${from}`);
    keys.push(...(json['rows'] as { key: string }[]).map(({ key }) => key));
    cursor = json['cursor'] as string | null;
  }
  return keys;
}
