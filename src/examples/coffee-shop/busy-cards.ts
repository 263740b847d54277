import { type Static, Type } from '../../base/typebox.ts';
import type { Stream } from '../../topology/stream.ts';
import { sliding } from '../../topology/windows.ts';
import type { Payment } from './payments.ts';
import { keyAndStart } from './window-view.ts';

/** So many orders of one card within ten minutes are usual: a round for the office. */
export const USUAL_ORDERS = 5;

/** More of them are not counted one by one: what is kept of a card is bounded. */
const MOST_ORDERS = 50;

export const BusyCard = Type.Object({
  orderIds: Type.Array(Type.String(), { maxItems: MOST_ORDERS, description: `The first ${MOST_ORDERS}.` }),
});
export type BusyCard = Static<typeof BusyCard>;

/** Cards that pay for more orders within ten minutes than people do. Parts of one order count once. */
export function busyCards(payments: Stream<Payment>): void {
  payments
    .keyBy('paid-by-card', ({ cardId }) => cardId ?? null)
    .groupByKey()
    .window(sliding({ difference: '10m', grace: '1m' }))
    .aggregate('card-orders', {
      initial: (): BusyCard => ({ orderIds: [] }),
      add: (card, { orderId }) =>
        card.orderIds.includes(orderId) || card.orderIds.length === MOST_ORDERS
          ? card
          : { orderIds: [...card.orderIds, orderId] },
    })
    .filter('unusual', ({ orderIds }) => orderIds.length > USUAL_ORDERS)
    .toView('busy-cards', {
      schema: BusyCard,
      description: `More than ${USUAL_ORDERS} orders of one card within ten minutes: cardId/beginning. Kept for a day.`,
      key: keyAndStart,
      retention: '1d',
    });
}
