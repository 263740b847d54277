import { defineTopology, eventType, Type, tumbling, valueState } from 'moka';

const Sale = Type.Object({ sku: Type.String(), cents: Type.Integer(), at: Type.Integer() });

interface Sum {
  readonly cents: number;
  readonly count: number;
}

/** What were numbers are sums with a count of what has come since; what was kept for ever expires. */
export const topology = defineTopology('growing', { version: '2' }, (t) => {
  const sales = t.stream('sales', { schema: Sale, key: 'sku', eventTime: 'at', guarantee: 'at-least-once' });
  const upcast = { 1: (cents: number): Sum => ({ cents, count: 0 }) };
  const added = (sum: Sum, cents: number): Sum => ({ cents: sum.cents + cents, count: sum.count + 1 });
  sales.groupByKey().count('added').toView('added');
  sales.toTable('latest', { ttl: '1s' }).toView('latest');
  sales
    .groupByKey()
    .window(tumbling({ size: '1h', grace: 0 }))
    .aggregate('hours', {
      version: 2,
      upcast,
      initial: () => ({ cents: 0, count: 0 }),
      add: (sum, { cents }) => added(sum, cents),
    })
    .toView('hours');
  sales
    .process('sums', {
      version: 2,
      state: { sum: valueState<Sum>({ upcast }) },
      emits: eventType<Sum>(),
      onEvent: ({ cents }, { state, emit }) => {
        const sum = added(state.sum.get() ?? { cents: 0, count: 0 }, cents);
        state.sum.set(sum);
        emit(sum);
      },
    })
    .toTable('sums-table', { version: 2, upcast })
    .toView('sums');
});
