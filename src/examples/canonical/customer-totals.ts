import { type Static, Type } from '../../base/typebox.ts';
import type { Stream } from '../../topology/stream.ts';
import type { Table } from '../../topology/table.ts';
import { OrderItem, orderMembers } from '../coffee-shop/order-events.ts';

/** The canonical order; its members in this order are a msgpack record. */
export const CanonicalOrder = Type.Object(
  {
    ...orderMembers,
    storeId: Type.String({ minLength: 1, maxLength: 64 }),
    items: Type.Array(OrderItem, { maxItems: 100 }),
  },
  { additionalProperties: false },
);
export type CanonicalOrder = Static<typeof CanonicalOrder>;

export const CustomerTotals = Type.Object({
  orders: Type.Integer(),
  totalCents: Type.Integer(),
  lastOrderId: Type.String(),
  lastAt: Type.Integer(),
});
export type CustomerTotals = Static<typeof CustomerTotals>;

/** The per-customer aggregate of the canonical run, as a view. */
export function customerTotals(orders: Stream<CanonicalOrder>): Table<CustomerTotals> {
  return orders
    .groupByKey()
    .aggregate('customer-totals', {
      initial: (): CustomerTotals => ({ orders: 0, totalCents: 0, lastOrderId: '', lastAt: 0 }),
      add: (totals, order) => ({
        orders: totals.orders + 1,
        totalCents: totals.totalCents + order.totalCents,
        lastOrderId: order.orderId,
        lastAt: order.placedAt,
      }),
    })
    .toView('customers', { schema: CustomerTotals });
}
