import { defineTopology, eventType, Type, tumbling, valueState } from 'moka';

const Sale = Type.Object({ sku: Type.String(), cents: Type.Integer(), at: Type.Integer() });

/** What is kept are numbers. */
export const topology = defineTopology('growing', (t) => {
  const sales = t.stream('sales', { schema: Sale, key: 'sku', eventTime: 'at', guarantee: 'at-least-once' });
  sales.toTable('latest').toView('latest');
  sales
    .groupByKey()
    .window(tumbling({ size: '1h', grace: 0 }))
    .aggregate('hours', { initial: () => 0, add: (sum, { cents }) => sum + cents })
    .toView('hours');
  sales
    .process('sums', {
      state: { sum: valueState<number>() },
      emits: eventType<number>(),
      onEvent: ({ cents }, { state, emit }) => {
        const sum = (state.sum.get() ?? 0) + cents;
        state.sum.set(sum);
        emit(sum);
      },
    })
    .toTable('sums-table')
    .toView('sums');
});
