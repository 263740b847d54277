import { Packr } from 'msgpackr';
import type { CanonicalOrder } from './canonical-order.ts';
import type { FrameCodec } from './order-frame.ts';

const packr = new Packr({ useRecords: false });

/** The canonical order as a msgpack record: the values in the order the schema declares its fields. */
export function packOrder(order: CanonicalOrder): Buffer {
  const items = order.items.map((item) => [item.sku, item.qty, item.priceCents, item.options]);
  return packr.pack([
    order.orderId,
    order.customerId,
    order.storeId,
    order.placedAt,
    items,
    order.totalCents,
    order.currency,
  ]);
}

export function encodeOrder(codec: FrameCodec, order: CanonicalOrder): Buffer {
  return codec === 'ws-json' ? Buffer.from(JSON.stringify(order)) : packOrder(order);
}
