import { type Static, Type } from '../../base/typebox.ts';
import { mapState, valueState } from '../../operators/process-state.ts';
import type { GlobalTable } from '../../topology/global-table.ts';
import { eventType } from '../../topology/process-node.ts';
import type { Stream } from '../../topology/stream.ts';
import type { MenuItem } from './menu.ts';
import type { SoldItem } from './sold-items.ts';

/** What an item might cost right now. */
export const PriceHint = Type.Object({
  name: Type.String(),
  soldLately: Type.Integer({ description: 'In the last ten minutes.' }),
  priceCents: Type.Integer({ description: 'On the menu.' }),
  hintCents: Type.Integer(),
});
export type PriceHint = Static<typeof PriceHint>;

interface Demand {
  readonly sku: string;
  readonly soldLately: number;
}

const MINUTE_MS = 60_000;
const LATELY_MINUTES = 10;
/** So many sold lately are much, and so many are few. */
const MUCH = 20;
const FEW = 3;

/**
 * A price that follows demand: a tenth more for what everybody orders, a tenth less for what hardly anybody does. It is
 * worked out anew when an item is sold and when what was sold is no longer lately, also in a quiet shop.
 */
export function priceHints(sold: Stream<SoldItem>, menu: GlobalTable<MenuItem>): void {
  demand(sold)
    .join(menu, 'menu-price', { key: ({ sku }) => sku }, hint)
    .toTable<PriceHint>('price-hints', (_, row) => row)
    .toView('price-hints', {
      schema: PriceHint,
      description: 'What an item might cost right now, by sku; only of items on the menu that are to be had.',
    });
}

/** How many of each item were sold in this minute and the ten before, by the clock of the log. */
function demand(sold: Stream<SoldItem>): Stream<Demand> {
  return sold.process('demand', {
    state: { lately: valueState<number>(), byMinute: mapState<number>() },
    emits: eventType<Demand>(),
    onEvent: ({ sku, qty }, { state, timers, logTime, emit }) => {
      const minute = Math.floor(logTime / MINUTE_MS);
      const soldLately = (state.lately.get() ?? 0) + qty;
      state.lately.set(soldLately);
      state.byMinute.set(String(minute), (state.byMinute.get(String(minute)) ?? 0) + qty);
      timers.setLogTime(endOfLately(minute));
      emit({ sku, soldLately });
    },
    onTimer: ({ time }, { key, state, emit }) => {
      const minute = String(time / MINUTE_MS - LATELY_MINUTES - 1);
      const soldLately = (state.lately.get() ?? 0) - (state.byMinute.get(minute) ?? 0);
      state.byMinute.delete(minute);
      if (soldLately > 0) state.lately.set(soldLately);
      else state.lately.clear();
      emit({ sku: key, soldLately });
    },
  });
}

function endOfLately(minute: number): number {
  return (minute + 1 + LATELY_MINUTES) * MINUTE_MS;
}

function hint({ soldLately }: Demand, { name, priceCents, isAvailable }: MenuItem): PriceHint | null {
  if (!isAvailable) return null;
  const percent = soldLately >= MUCH ? 110 : soldLately <= FEW ? 90 : 100;
  return { name, soldLately, priceCents, hintCents: Math.round((priceCents * percent) / 100) };
}
