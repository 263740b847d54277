/** The canonical order, as every document and benchmark of the project has it. */
export const CANONICAL_ORDER_JSON =
  '{"orderId":"ord_01HZX8","customerId":"c-4821","storeId":"kiosk-7","placedAt":1763600000000,' +
  '"items":[{"sku":"flat-white","qty":1,"priceCents":420,"options":["oat"]},' +
  '{"sku":"croissant","qty":2,"priceCents":310,"options":[]}],"totalCents":1040,"currency":"EUR"}';

export interface CanonicalOrder {
  orderId: string;
  customerId: string;
  storeId: string;
  placedAt: number;
  items: { sku: string; qty: number; priceCents: number; options: string[] }[];
  totalCents: number;
  currency: string;
}

export function canonicalOrder(changes: Partial<CanonicalOrder> = {}): CanonicalOrder {
  return { ...(JSON.parse(CANONICAL_ORDER_JSON) as CanonicalOrder), ...changes };
}
