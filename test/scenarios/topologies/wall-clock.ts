import { defineTopology, Type } from 'moka';

const Sale = Type.Object({ id: Type.String(), store: Type.String() });

/** Looks at the clock on the wall, which says something else at every replay. */
export const topology = defineTopology('wall-clock', (t) => {
  t.stream('sales', { schema: Sale, key: 'id', id: 'id' })
    .map('seen', (sale) => ({ ...sale, seenAt: Date.now() }))
    .toTable('seen-sales')
    .toView('seen');
});
