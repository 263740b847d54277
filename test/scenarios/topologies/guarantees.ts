import { defineTopology, Type } from 'moka';

export const Signal = Type.Object({ till: Type.String(), n: Type.Integer() });

/** One stream of each guarantee, each with a count of what was taken by till. */
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
});
