import { defineTopology } from '../../topology/builder.ts';
import type { CompiledTopology } from '../../topology/compiled.ts';
import { isPlaced, OrderEvent } from '../coffee-shop/order-events.ts';
import { liveOrder, Order } from '../coffee-shop/order-life.ts';

/** The order table by id with its whole life cycle: rows come and go, so it stays as big as what is open. */
export const topology: CompiledTopology = defineTopology('canonical-order-table', (t) => {
  t.stream('orders', {
    schema: OrderEvent,
    key: 'orderId',
    id: [{ field: 'orderId', when: isPlaced }],
    eventTime: 'placedAt',
  })
    .toTable('order-life', liveOrder)
    .toView('orders', { schema: Order });
});
