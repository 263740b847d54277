import { defineTopology, Type } from 'moka';

const Signal = Type.Object({ till: Type.String(), n: Type.Integer() });

/** A mistake of every kind that a topology can be refused for. */
export const topology = defineTopology('mistaken', (t) => {
  const pings = t.stream('pings', { schema: Signal, key: 'till', guarantee: 'at-most-once', durability: 'fsync' });
  t.stream('notes', { schema: Signal, key: 'till', guarantee: 'at-least-once', id: 'n' });
  t.stream('sales', { schema: Signal, key: 'till' });
  t.stream('sales', { schema: Signal, key: 'till' });
  pings.groupByKey().count('unseen');
  const again = t.from('round', Signal);
  pings
    .merge(again)
    .map('round', (signal) => signal)
    .toView('rounds');
});
