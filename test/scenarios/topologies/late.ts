import { defineTopology, Type, tumbling } from 'moka';

const Sale = Type.Object({ till: Type.String(), at: Type.Integer() });

/** Everything that may be late. Nobody follows what is. */
export const topology = defineTopology('late', (t) => {
  const options = { schema: Sale, key: 'till', eventTime: 'at', guarantee: 'at-least-once' } as const;
  const sales = t.stream('sales', { ...options, watermark: { outOfOrderness: 0 } });
  const wanted = sales.filter('all', () => true);
  sales
    .groupByKey()
    .window(tumbling({ size: '1m', grace: 0 }))
    .count('minutes')
    .toView('minutes');
  sales.join(wanted, 'pairs', { within: 0, grace: '1s' }, ({ at }) => at).toView('joined');
  sales.toTable('history', { history: '10s' }).toView('history');
});
