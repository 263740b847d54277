import { defineTopology } from 'moka';
import { addAsks } from './asks.ts';
import { Order, Payment, Price, Region, SECOND_FORM } from './events.ts';
import { addFolds } from './folds.ts';
import { addJoins } from './joins.ts';
import { addWaits } from './waits.ts';
import { addWindows } from './windows.ts';

const watermark = { outOfOrderness: '30m', idleAfter: '500ms' };

/** Every operator of the language, for a run that is killed again and again and replayed at its end. */
export const topology = defineTopology('every-operator', (t) => {
  const orders = t.stream('orders', { schema: Order, key: 'customer', id: 'id', eventTime: 'at', watermark });
  const payments = t.stream('payments', { schema: Payment, key: 'customer', id: 'id', eventTime: 'at', watermark });
  const prices = t.stream('prices', {
    schema: Price,
    key: 'sku',
    id: 'id',
    eventTime: 'at',
    watermark: (price) => price.at - 1_800_000,
    ...SECOND_FORM,
  });
  const regions = t
    .globalTable('regions', {
      schema: Region,
      key: 'shop',
      id: 'id',
      eventTime: 'at',
      watermark: { ...watermark, whenIdle: 'follow-clock' },
    })
    .withEvolution(SECOND_FORM)
    .toView('regions');
  const topics = orders.branch('topic', {
    folds: ({ topic }) => topic === 'folds',
    windows: ({ topic }) => topic === 'windows',
    joins: ({ topic }) => topic === 'joins',
  });
  addFolds(t, topics.folds, payments);
  addAsks(topics.folds);
  addWindows(topics.windows, payments);
  addJoins(topics.joins, payments, prices, regions);
  addWaits(topics.otherwise);
});
