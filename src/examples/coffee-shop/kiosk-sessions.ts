import { type Static, Type } from '../../base/typebox.ts';
import type { Stream } from '../../topology/stream.ts';
import { session } from '../../topology/windows.ts';
import type { OrderPlaced } from './order-events.ts';
import { keyAndStart } from './window-view.ts';

export const KioskSession = Type.Object({
  orders: Type.Integer(),
  cents: Type.Integer(),
  lastOrderAt: Type.Integer({ description: 'Milliseconds since 1970.' }),
});
export type KioskSession = Static<typeof KioskSession>;

/** When a kiosk is busy: its orders, up to a pause of more than five minutes. */
export function kioskSessions(placed: Stream<OrderPlaced>): void {
  placed
    .keyBy('placed-by-kiosk', ({ storeId }) => storeId)
    .groupByKey()
    .window(session({ gap: '5m', grace: '5m' }))
    .aggregate('kiosk-sessions', {
      initial: (): KioskSession => ({ orders: 0, cents: 0, lastOrderAt: 0 }),
      add: (busy, { totalCents, placedAt }) => ({
        orders: busy.orders + 1,
        cents: busy.cents + totalCents,
        lastOrderAt: Math.max(busy.lastOrderAt, placedAt),
      }),
      merge: (earlier, later) => ({
        orders: earlier.orders + later.orders,
        cents: earlier.cents + later.cents,
        lastOrderAt: Math.max(earlier.lastOrderAt, later.lastOrderAt),
      }),
    })
    .toView('kiosk-sessions', {
      schema: KioskSession,
      description: 'Orders of a kiosk without a pause of more than five minutes: storeId/first order. Kept for a day.',
      key: keyAndStart,
      retention: '1d',
    });
}
