import { defineTopology } from '../../topology/builder.ts';
import type { CompiledTopology } from '../../topology/compiled.ts';
import { isPlaced, OrderEvent } from './order-events.ts';
import { liveOrder, Order } from './order-life.ts';
import { Payment } from './payments.ts';

/** The coffee shop: orders come in and go through their lives; the counter sees those that are open, store by store. */
export const topology: CompiledTopology = defineTopology('coffee-shop', (t) => {
  const orders = t.stream('orders', {
    description: 'An order is placed (no type), changed, cancelled, ready, collected.',
    schema: OrderEvent,
    key: 'orderId',
    id: [{ field: 'orderId', when: isPlaced }],
    eventTime: 'placedAt',
  });

  t.stream('payments', {
    description: 'Money taken for an order. Same key as orders, so that both meet in one partition.',
    schema: Payment,
    key: 'orderId',
    id: 'paymentId',
    eventTime: 'paidAt',
  });

  orders
    .toTable('order-life', liveOrder)
    .toView('orders', { schema: Order, description: 'Every order that is neither collected nor cancelled, by its id.' })
    .toView('open-orders', {
      schema: Order,
      description: 'The same orders by store: storeId/orderId.',
      key: (order) => `${order.storeId}/${order.orderId}`,
    });
});
