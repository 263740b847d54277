import type { GlobalTable } from '../../topology/global-table.ts';
import type { Stream } from '../../topology/stream.ts';
import type { MenuItem } from './menu.ts';
import type { OrderPlaced } from './order-events.ts';

/** A line of an order on its own. */
export interface SoldItem {
  readonly sku: string;
  /** As the menu has it; the sku, if it has none. */
  readonly name: string;
  readonly qty: number;
  readonly cents: number;
}

/** What is sold, item by item: from here on the events of one item are together, whatever order they come from. */
export function soldItems(placed: Stream<OrderPlaced>, menu: GlobalTable<MenuItem>): Stream<SoldItem> {
  return placed
    .flatMap('sold-items', ({ items }) => items.filter(({ sku }) => canBeKey(sku)))
    .leftJoin(menu, 'item-name', { key: ({ sku }) => sku }, ({ sku, qty, priceCents }, item) => ({
      sku,
      name: item?.name ?? sku,
      qty,
      cents: qty * priceCents,
    }))
    .keyBy('sold-by-item', ({ sku }) => sku);
}

/** An order may hold any text for a sku, and must not fail for that. */
function canBeKey(sku: string): boolean {
  return !/[\p{Cc}\p{Cs}]/u.test(sku);
}
