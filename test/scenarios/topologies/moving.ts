import { defineTopology, eventType, Type } from 'moka';

const Sale = Type.Object({ id: Type.String(), sku: Type.String(), store: Type.String(), cents: Type.Integer() });

/** A setting that the topology's fingerprint does not see. */
const SURCHARGE_CENTS = Number(process.env['SURCHARGE_CENTS'] ?? 0);

/** Sales come in by their id, are summed by what was sold, and those sums are counted by store: two hops. */
export const topology = defineTopology('moving', (t) => {
  const sales = t.stream('sales', { schema: Sale, key: 'id', id: 'id' });
  const bySku = sales.keyBy('by-sku', (sale) => sale.sku);
  bySku
    .groupByKey()
    .aggregate('sku-totals', {
      initial: () => ({ count: 0, cents: 0 }),
      add: (total, sale) => ({ count: total.count + 1, cents: total.cents + sale.cents + SURCHARGE_CENTS }),
    })
    .toView('skus');
  bySku
    .keyBy('by-store', (sale) => sale.store)
    .groupByKey()
    .count('store-counts')
    .toView('stores');
  // Says once that a sku has been quiet for a while, also when nothing at all comes in.
  bySku
    .process('quiet', {
      emits: eventType<string>(),
      onEvent: (_, { timers, logTime }) => timers.setLogTime(logTime + 300),
      onTimer: (_, { key, emit }) => emit(key),
    })
    .toTable('quiet-skus')
    .toView('quiet');
});
