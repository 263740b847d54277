import { defineTopology } from '../../topology/builder.ts';
import type { CompiledTopology } from '../../topology/compiled.ts';
import { CanonicalOrder, customerTotals } from './customer-totals.ts';

/** The canonical run: orders by customer, each taken once by its order id. */
export const topology: CompiledTopology = defineTopology('canonical', (t) => {
  const orders = t.stream('orders', {
    schema: CanonicalOrder,
    key: 'customerId',
    id: 'orderId',
    eventTime: 'placedAt',
  });
  customerTotals(orders);
});
