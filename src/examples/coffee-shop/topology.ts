import { defineTopology } from '../../topology/builder.ts';
import type { CompiledTopology } from '../../topology/compiled.ts';
import { busyCards } from './busy-cards.ts';
import { itemSales } from './item-sales.ts';
import { kioskSessions } from './kiosk-sessions.ts';
import { defineMenu } from './menu.ts';
import { isPlaced, OrderEvent } from './order-events.ts';
import { liveOrder, Order } from './order-life.ts';
import { Payment } from './payments.ts';
import { priceHints } from './price-hints.ts';
import { soldItems } from './sold-items.ts';
import { triedCards } from './tried-cards.ts';
import { unpaidOrders } from './unpaid-orders.ts';
import { waitingTimes } from './waiting-times.ts';

/**
 * The coffee shop: orders come in and go through their lives; the counter sees those that are open, store by store. What
 * else the shop wants to know is in a file each.
 */
export const topology: CompiledTopology = defineTopology('coffee-shop', (t) => {
  const orders = t.stream('orders', {
    description: 'An order is placed (no type), changed, cancelled, ready, collected.',
    schema: OrderEvent,
    key: 'orderId',
    id: [{ field: 'orderId', when: isPlaced }],
    eventTime: 'placedAt',
  });

  const payments = t.stream('payments', {
    description: 'Money taken for an order. Same key as orders, so that both meet in one partition.',
    schema: Payment,
    key: 'orderId',
    id: 'paymentId',
    eventTime: 'paidAt',
  });

  const orderLife = orders
    .toTable('order-life', liveOrder)
    .toView('orders', { schema: Order, description: 'Every order that is neither collected nor cancelled, by its id.' })
    .toView('open-orders', {
      schema: Order,
      description: 'The same orders by store: storeId/orderId.',
      key: (order) => `${order.storeId}/${order.orderId}`,
    });

  const menu = defineMenu(t);
  waitingTimes(orderLife);
  unpaidOrders(orders, payments);
  busyCards(payments);
  triedCards(payments);

  const placed = orders.filter('placed', isPlaced);
  kioskSessions(placed);

  const sold = soldItems(placed, menu);
  itemSales(sold);
  priceHints(sold, menu);
});
