import { defineTopology } from 'moka';
import { Signal } from './guarantees.ts';

/** `guarantees` of the next release: one more stream, one more count, everything that was there in its place. */
export const topology = defineTopology('guarantees', (t) => {
  t.stream('pings', { schema: Signal, key: 'till', guarantee: 'at-most-once' })
    .groupByKey()
    .count('pings-by-till')
    .toView('pings');

  t.stream('notes', { schema: Signal, key: 'till', guarantee: 'at-least-once' })
    .groupByKey()
    .count('notes-by-till')
    .toView('notes');

  t.stream('scans', { schema: Signal, key: 'till', guarantee: 'at-least-once', durability: 'os' })
    .groupByKey()
    .count('scans-by-till')
    .toView('scans');

  t.stream('sales', { schema: Signal, key: 'till', id: 'n', durability: 'os' })
    .groupByKey()
    .count('sales-by-till')
    .toView('sales');

  t.stream('refunds', { schema: Signal, key: 'till', id: 'n' }).groupByKey().count('refunds-by-till').toView('refunds');
});
