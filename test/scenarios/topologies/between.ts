import { defineTopology, Type } from 'moka';

const Order = Type.Object({
  id: Type.String(),
  order: Type.String(),
  customer: Type.String(),
  sku: Type.String(),
  qty: Type.Integer(),
});
const Price = Type.Object({ id: Type.String(), sku: Type.String(), cents: Type.Integer() });
const Region = Type.Object({ id: Type.String(), customer: Type.String(), region: Type.String() });
const Question = Type.Object({ id: Type.String(), customer: Type.String() });

/** Orders change, and so do prices: what each order costs, what each customer spends, and where everybody lives. */
export const topology = defineTopology('between', (t) => {
  const prices = t.stream('prices', { schema: Price, key: 'sku', id: 'id' }).toTable('prices');
  const regions = t.globalTable('regions', { schema: Region, key: 'customer', id: 'id' }).toView('regions');
  const orders = t.stream('orders', { schema: Order, key: 'order', id: 'id' }).toTable('orders');
  orders
    .groupBy((order) => [order.customer, order.qty])
    .aggregate('ordered', { initial: () => 0, add: (sum, qty) => sum + qty, subtract: (sum, qty) => sum - qty })
    .toView('ordered');
  orders
    .groupBy((order) => [order.customer, order.qty])
    .max('greatest', (qty) => qty)
    .toView('greatest');
  orders
    .join(prices, 'costs', { foreignKey: (order) => order.sku }, (order, price) => ({
      customer: order.customer,
      cents: order.qty * price.cents,
    }))
    .toView('costs')
    .groupBy((cost) => [cost.customer, cost.cents])
    .aggregate('spent', { initial: () => 0, add: (sum, cents) => sum + cents, subtract: (sum, cents) => sum - cents })
    .toView('spent');
  const bySku = orders.groupBy((order) => [order.sku, { order: order.order, qty: order.qty }]);
  bySku.topN('top', 3, ({ qty }) => qty).toView('top');
  bySku.avg('mean', ({ qty }) => qty).toView('mean');
  // Asked anew until all partitions know the latest.
  t.stream('questions', { schema: Question, key: 'id', id: 'id' })
    .leftJoin(regions, 'answer', { key: (question) => question.customer }, (_, region) => region?.region ?? 'nowhere')
    .toTable('answers')
    .toView('answers');
});
