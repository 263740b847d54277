import { defineTopology } from '../../topology/builder.ts';
import type { CompiledTopology } from '../../topology/compiled.ts';
import { CanonicalOrder, customerTotals } from './customer-totals.ts';

/** The canonical run with orders identified by their sender alone: a producer and its sequence numbers. */
export const topology: CompiledTopology = defineTopology('canonical-by-producer', (t) => {
  const orders = t.stream('orders', { schema: CanonicalOrder, key: 'customerId', eventTime: 'placedAt' });
  customerTotals(orders);
});
