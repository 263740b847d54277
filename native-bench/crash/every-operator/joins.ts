import type { GlobalTable, Stream } from 'moka';
import { type Orders, type Payments, type Price, type Region, SECOND_FORM } from './events.ts';

/** Streams with streams, streams with tables, tables with tables, and tables by groups of theirs. */
export function addJoins(
  orders: Orders,
  payments: Payments,
  prices: Stream<Price>,
  regions: GlobalTable<Region>,
): void {
  joinStreams(orders, payments);
  joinWithTables(orders, prices, regions);
  joinTables(orders, payments, prices);
}

function joinStreams(orders: Orders, payments: Payments): void {
  const paid = orders.join(payments, 'paid', { within: '2m', grace: '1m' }, (order, payment) => ({
    order: order.id,
    by: payment.id,
  }));
  paid.toJournal('paid', { keep: 500 });
  paid.late.toJournal('too-late-to-join', { keep: 500 });
  orders
    .leftJoin(payments, 'with-payment', { before: '0s', after: '2m', grace: '1m' }, (order, payment) => ({
      order: order.id,
      missing: order.cents - (payment?.cents ?? 0),
    }))
    .toView('paid-or-not');
  orders
    .outerJoin(payments, 'match', { before: '1m', after: '1m', grace: '30s' }, (order, payment) => ({
      order: order?.id ?? null,
      payment: payment?.id ?? null,
    }))
    .toView('matched');
}

function joinWithTables(orders: Orders, prices: Stream<Price>, regions: GlobalTable<Region>): void {
  const latest = prices.toTable('latest-prices');
  const history = prices.toTable('price-history', { history: '1d' });
  const bySku = orders.keyBy('by-priced-sku', (order) => order.sku);
  bySku.join(latest, 'price', (order, price) => ({ order: order.id, cents: price.cents })).toView('priced');
  bySku
    .leftJoin(latest, 'price-or-none', (order, price) => ({ order: order.id, cents: price?.cents ?? null }))
    .toView('priced-or-not');
  bySku
    .join(history, 'past-price', { grace: '20m' }, (order, price) => ({ order: order.id, cents: price.cents }))
    .toView('priced-then');
  bySku
    .leftJoin(history, 'past-price-or-none', { grace: '10m' }, (order, price) => ({
      order: order.id,
      price: price?.id ?? null,
    }))
    .toView('price-then');
  orders
    .join(regions, 'placed-in', { key: (order) => order.shop }, (order, { region }) => ({ ...order, region }))
    .keyBy('by-region', ({ region }) => region)
    .groupByKey()
    .count('region-counts')
    .toView('region-counts');
  orders
    .leftJoin(regions, 'region-or-none', { key: (order) => order.shop }, (_, row) => row?.region ?? 'nowhere')
    .toView('last-region');
}

function joinTables(orders: Orders, payments: Payments, prices: Stream<Price>): void {
  const open = orders
    .toTable('open-orders', (_, order) => (order.kind === 'cancelled' ? null : order))
    .toView('open-orders', { key: (order) => `${order.shop}/${order.customer}` });
  const paid = payments.toTable('last-payments');
  const priced = prices.toTable('prices-by-sku');
  open
    .join(paid, 'settled', (order, payment) => ({ order: order.id, open: order.cents - payment.cents }))
    .toView('settled');
  open
    .leftJoin(paid, 'settled-or-open', (order, payment) => order.cents - (payment?.cents ?? 0))
    .suppress('settled-later', { untilTimeLimit: '15m', maxRecords: 100 })
    .toView('settled-later');
  paid.suppress('payments-so-far', { every: '10m', time: 'event' }).toView('payments-so-far');
  open
    .outerJoin(paid, 'accounts', (order, payment) => ({ order: order?.id ?? null, payment: payment?.id ?? null }))
    .toView('accounts');
  open
    .leftJoin(priced, 'costs-or-none', { foreignKey: (order) => order.sku }, (order, price) => ({
      order: order.id,
      cents: price?.cents ?? null,
    }))
    .toView('costs-or-none');
  const costs = open
    .join(priced, 'costs', { foreignKey: (order) => order.sku }, (order, price) => ({
      shop: order.shop,
      cents: order.cents + price.cents,
    }))
    .toView('costs');
  const byShop = costs.groupBy((cost) => [cost.shop, cost.cents]).withEvolution(SECOND_FORM);
  byShop.count('orders-in-shop').toView('orders-in-shop');
  byShop
    .aggregate('cents-in-shop', {
      initial: () => 0,
      add: (sum, cents) => sum + cents,
      subtract: (sum, cents) => sum - cents,
    })
    .toView('cents-in-shop');
  byShop
    .reduce('sum-in-shop', {
      add: (sum, cents) => sum + cents,
      subtract: (sum, cents) => (sum === cents ? null : sum - cents),
    })
    .toView('sum-in-shop');
  byShop.sum('sum-of-shop', (cents) => cents).toView('sum-of-shop');
  byShop.min('least-in-shop', (cents) => cents).toView('least-in-shop');
  byShop.max('most-in-shop', (cents) => cents).toView('most-in-shop');
  byShop.avg('mean-in-shop', (cents) => cents).toView('mean-in-shop');
  byShop.topN('top-in-shop', 3, (cents) => cents).toView('top-in-shop');
}
