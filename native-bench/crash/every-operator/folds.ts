import type { TopologyBuilder } from 'moka';
import { Order, type Orders, type Payments, SECOND_FORM } from './events.ts';

/** A setting that the topology's fingerprint does not see: what a replay computes differently under it, it must report. */
const SURCHARGE_CENTS = Number(process.env['SURCHARGE_CENTS'] ?? 0);

/** Operators without time: those without state, folds by key, and folds behind two moves to other keys. */
export function addFolds(t: TopologyBuilder, orders: Orders, payments: Payments): void {
  const byCustomer = orders.groupByKey();
  byCustomer.count('orders-of').toView('orders-of');
  byCustomer.sum('sum-of', (order) => order.cents + SURCHARGE_CENTS).toView('sum-of');
  byCustomer.min('least-of', (order) => order.cents).toView('least-of');
  byCustomer.max('most-of', (order) => order.cents).toView('most-of');
  byCustomer.avg('mean-of', (order) => order.cents).toView('mean-of');
  byCustomer.topN('top-of', 3, (order) => order.cents).toView('top-of');
  byCustomer
    .reduce('last-of', (current, order) => (order.at >= current.at ? order : current))
    .map('last-sku', (order) => ({ customer: order.customer, sku: order.sku }))
    .withEvolution(SECOND_FORM)
    .toView('last-sku-of', { key: (row, key) => `${row.sku}/${key}` });
  byCustomer
    .cogroup((state: { ordered: number; paid: number }, order) => ({ ...state, ordered: state.ordered + order.cents }))
    .cogroup(payments.groupByKey(), (state, payment) => ({ ...state, paid: state.paid + payment.cents }))
    .aggregate('balances', { initial: () => ({ ordered: 0, paid: 0 }) })
    .filter('in-debt', (balance) => balance.ordered > balance.paid)
    .toView('debts');

  const bySku = orders.keyBy('by-sku', (order) => order.sku);
  bySku
    .groupByKey()
    .aggregate('sku-totals', {
      initial: () => ({ count: 0, cents: 0 }),
      add: (total, order) => ({ count: total.count + 1, cents: total.cents + order.cents }),
    })
    .toView('skus');
  bySku
    .keyBy('by-shop', (order) => order.shop)
    .groupByKey()
    .count('shop-counts')
    .toView('shops');

  orders
    .map('stamp', (order, context) => ({
      order: order.id,
      offset: context.offset,
      now: context.now(),
      draw: context.random(),
      id: context.id(),
    }))
    .withEvolution(SECOND_FORM)
    .toTable('stamps', (_, stamp, context) => (context.random() < 0.3 ? null : stamp))
    .toView('stamps')
    .toStream()
    .toJournal('stamped', { keep: 500 });

  const { dear, otherwise } = orders.branch('sizes', { dear: (order) => order.cents > 500 });
  dear
    .filter('not-cancelled', (order) => order.kind !== 'cancelled')
    .flatMap('halves', (order) => [
      { ...order, cents: Math.floor(order.cents / 2) },
      { ...order, cents: Math.ceil(order.cents / 2), sku: `${order.sku}-rest` },
    ])
    .merge(otherwise)
    .groupByKey()
    .count('parts')
    .toView('parts');
  t.from('sizes.dear', Order)
    .distinct('new-dear', { by: (order) => order.sku, within: '2h' })
    .toTable('dear-orders')
    .toView('dear-orders');
  orders.deduplicate('first-orders', { keep: 'first', order: 'event-time' }).toView('first-orders');
  orders.deduplicate('recent-orders', { keep: 'last', order: 'arrival', ttl: '2s' }).toView('recent-orders');
}
