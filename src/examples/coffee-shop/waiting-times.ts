import { type Static, Type } from '../../base/typebox.ts';
import { valueState } from '../../operators/process-state.ts';
import { eventType } from '../../topology/process-node.ts';
import type { Stream } from '../../topology/stream.ts';
import type { Table } from '../../topology/table.ts';
import { tumbling } from '../../topology/windows.ts';
import type { Order } from './order-life.ts';
import { keyAndStart } from './window-view.ts';

/** An order that somebody waits for. */
export const WaitingOrder = Type.Object({
  orderId: Type.String(),
  storeId: Type.String(),
  since: Type.Integer({ description: 'When the shop heard of it, in ms since 1970.' }),
  minutes: Type.Integer({ description: 'The last of 5, 10, 15, 20, 30, 45, 60 that has passed; 0 before.' }),
});
export type WaitingOrder = Static<typeof WaitingOrder>;

/** How long the orders took that became ready within an hour. */
export const StoreWaiting = Type.Object({
  orders: Type.Integer(),
  meanMs: Type.Integer(),
  longestMs: Type.Integer(),
});
export type StoreWaiting = Static<typeof StoreWaiting>;

/** A customer has what they waited for. */
interface Served {
  readonly storeId: string;
  readonly waitedMs: number;
}

/** A row is told again when it has come so far, so that an order that is forgotten costs little. */
const TELL_AT_MINUTES = [5, 10, 15, 20, 30, 45, 60];
const MINUTE_MS = 60_000;

/** How long people have been waiting for their orders, and how long they had to, store by store. */
export function waitingTimes(orderLife: Table<Order>): void {
  const waiting = watchWaiting(orderLife.toStream());

  waiting.orders
    .toTable<WaitingOrder>('waiting-orders', (_, order) => order)
    .toView('waiting-orders', {
      schema: WaitingOrder,
      description:
        'Orders that are not ready yet, those of a store together, the longest wait first: storeId/since/orderId.',
      key: ({ storeId, since, orderId }) => `${storeId}/${since}/${orderId}`,
    });

  waiting.served
    .keyBy('served-by-store', ({ storeId }) => storeId)
    .groupByKey()
    .window(tumbling({ size: '1h', grace: '1h' }))
    .aggregate('store-waiting', {
      initial: () => ({ orders: 0, totalMs: 0, longestMs: 0 }),
      add: ({ orders, totalMs, longestMs }, { waitedMs }) => ({
        orders: orders + 1,
        totalMs: totalMs + waitedMs,
        longestMs: Math.max(longestMs, waitedMs),
      }),
    })
    .map('mean', ({ orders, totalMs, longestMs }) => ({ orders, meanMs: Math.round(totalMs / orders), longestMs }))
    .toView('waiting-per-store', {
      schema: StoreWaiting,
      description: 'How long it took until orders were ready: storeId/beginning of the hour. Kept for two days.',
      key: keyAndStart,
      retention: '2d',
    });
}

/**
 * Follows each order until it is ready or gone. It goes by the clock of the log alone, from when the shop heard of the
 * order: the clocks of tills differ, and a wait is a difference.
 */
function watchWaiting(orders: Stream<Order | null>): {
  orders: Stream<WaitingOrder | null>;
  served: Stream<Served>;
} {
  const watched = orders.process('waiting', {
    state: { order: valueState<WaitingOrder>() },
    emits: eventType<WaitingOrder | null>(),
    outputs: { served: eventType<Served>() },
    onEvent: (order, { state, timers, logTime, emit, emitTo }) => {
      const before = state.order.get();
      if (order !== null && order.status !== 'ready') {
        const { orderId, storeId } = order;
        if (before?.storeId === storeId) return;
        if (before === undefined) timers.setLogTime(tellAt(logTime, 0));
        const row = { orderId, storeId, since: before?.since ?? logTime, minutes: before?.minutes ?? 0 };
        state.order.set(row);
        emit(row);
      } else if (before !== undefined) {
        state.order.clear();
        timers.deleteLogTime(tellAt(before.since, before.minutes));
        emit(null);
        if (order !== null) emitTo('served', { storeId: order.storeId, waitedMs: logTime - before.since });
      }
    },
    onTimer: ({ time }, { state, timers, emit }) => {
      const order = state.order.get();
      if (order === undefined) return;
      const row = { ...order, minutes: Math.round((time - order.since) / MINUTE_MS) };
      state.order.set(row);
      const next = tellAt(row.since, row.minutes);
      if (next > time) timers.setLogTime(next);
      emit(row);
    },
  });
  return { orders: watched, served: watched.outputs.served };
}

/** When a row is told next; when it was told last, if that was the last time. */
function tellAt(since: number, minutes: number): number {
  const next = TELL_AT_MINUTES.find((one) => one > minutes) ?? minutes;
  return since + next * MINUTE_MS;
}
