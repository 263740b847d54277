import { type Static, Type } from '../../base/typebox.ts';
import type { Context } from '../../operators/operator-context.ts';
import { type OrderChanged, type OrderEvent, type OrderPlaced, orderMembers } from './order-events.ts';

/** What the shop knows of an order, from the moment it is placed until it is collected or cancelled. */
export const Order = Type.Object({
  ...orderMembers,
  status: Type.Union([Type.Literal('placed'), Type.Literal('changed'), Type.Literal('ready')]),
  updatedAt: Type.Integer({ description: 'Event time of the last event that changed it.' }),
});
export type Order = Static<typeof Order>;
export type OrderStatus = Order['status'];

/**
 * The life of an order. An arrow that is not drawn is no way to go: such an event changes nothing, however often it
 * comes. So a doubled `ready`, a `changed` that comes when the cup is on the counter, or anything said of an order that
 * nobody knows, does no harm, and every replay decides the same.
 *
 * ```
 *                  ┌──changed──┐
 *                  ▼           │
 *   (none) ──placed──► placed ─┴─► changed ──changed──► changed
 *                        │            │
 *                        ├───ready────┤
 *                        │            ▼
 *                        │          ready
 *                        ▼            │
 *   (none) ◄── collected, cancelled ──┘     from every status
 * ```
 * An order id that comes back after its order is gone begins a new life.
 */
export function liveOrder(order: Order | null, event: OrderEvent, context: Context): Order | null {
  if (order === null) {
    return event.type === undefined || event.type === 'placed' ? place(event, context.eventTime) : null;
  }
  switch (event.type) {
    case 'changed':
      return order.status === 'ready' ? order : change(order, event, context.eventTime);
    case 'ready':
      return order.status === 'ready' ? order : withStatus(order, 'ready', context.eventTime);
    case 'collected':
    case 'cancelled':
      return null;
    default:
      return order;
  }
}

// Members are written out, always in the same order: rows of one shape are stored and read faster.

function place(event: OrderPlaced, updatedAt: number): Order {
  return {
    orderId: event.orderId,
    customerId: event.customerId,
    storeId: event.storeId,
    placedAt: event.placedAt,
    items: event.items,
    totalCents: event.totalCents,
    currency: event.currency,
    status: 'placed',
    updatedAt,
  };
}

function change(order: Order, event: OrderChanged, updatedAt: number): Order {
  return {
    orderId: order.orderId,
    customerId: order.customerId,
    storeId: event.storeId ?? order.storeId,
    placedAt: order.placedAt,
    items: event.items ?? order.items,
    totalCents: event.totalCents ?? order.totalCents,
    currency: order.currency,
    status: 'changed',
    updatedAt,
  };
}

function withStatus(order: Order, status: OrderStatus, updatedAt: number): Order {
  return {
    orderId: order.orderId,
    customerId: order.customerId,
    storeId: order.storeId,
    placedAt: order.placedAt,
    items: order.items,
    totalCents: order.totalCents,
    currency: order.currency,
    status,
    updatedAt,
  };
}
