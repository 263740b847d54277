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
