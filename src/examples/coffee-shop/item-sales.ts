import { type Static, Type } from '../../base/typebox.ts';
import type { Stream } from '../../topology/stream.ts';
import { tumbling } from '../../topology/windows.ts';
import type { SoldItem } from './sold-items.ts';
import { keyAndStart } from './window-view.ts';

export const ItemSales = Type.Object({
  name: Type.String(),
  qty: Type.Integer(),
  cents: Type.Integer({ description: 'As ordered: what is changed or cancelled later stays counted.' }),
});
export type ItemSales = Static<typeof ItemSales>;

/** How many flat whites a minute: sales per item and minute in which they were ordered. */
export function itemSales(sold: Stream<SoldItem>): void {
  sold
    .groupByKey()
    .window(tumbling({ size: '1m', grace: '15m' }))
    .aggregate('item-sales', {
      initial: (): ItemSales => ({ name: '', qty: 0, cents: 0 }),
      add: (sales, { name, qty, cents }) => ({ name, qty: sales.qty + qty, cents: sales.cents + cents }),
    })
    .toView('sales-per-minute', {
      schema: ItemSales,
      description: 'Sales per item and minute: sku/beginning of the minute. Kept for a day.',
      key: keyAndStart,
      retention: '1d',
    });
}
