import { valueState } from '../../operators/process-state.ts';
import { eventType } from '../../topology/process-node.ts';
import type { Stream } from '../../topology/stream.ts';
import type { OrderEvent } from './order-events.ts';
import type { Payment } from './payments.ts';

/** How long the shop waits for its money. */
export const PAY_WITHIN_MS = 10 * 60_000;

/** An order that was not paid in time. */
export interface UnpaidOrder {
  readonly orderId: string;
  readonly storeId: string;
  readonly totalCents: number;
  readonly paidCents: number;
}

/** What the shop remembers until it has looked. */
interface Bill {
  /** Null: a payment has come, its order not yet. */
  readonly order: { readonly storeId: string; readonly totalCents: number; readonly isReady: boolean } | null;
  readonly paidCents: number;
  /** Log time in ms at which it looks. */
  readonly dueAt: number;
}

/**
 * Orders and payments of one order meet here, in any order. Ten minutes after an order has come in the shop looks whether
 * all of it is paid; also when nobody comes in any more, for the timer goes by the clock of the log. That counts from when
 * the shop heard of the order: a kiosk that was offline sends its orders late, and the payments right behind them.
 */
export function unpaidOrders(orders: Stream<OrderEvent>, payments: Stream<Payment>): void {
  orders
    .merge(payments)
    .process('payment-watch', {
      state: { bill: valueState<Bill>() },
      emits: eventType<UnpaidOrder>(),
      onEvent: (event, { state, timers, logTime }) => {
        const bill = state.bill.get() ?? null;
        const next = nextBill(bill, event, logTime + PAY_WITHIN_MS);
        if (next === bill) return;
        if (next === null) state.bill.clear();
        else state.bill.set(next);
        if (next !== null && next.dueAt !== bill?.dueAt) timers.setLogTime(next.dueAt);
      },
      onTimer: ({ time }, { key, state, emit }) => {
        const bill = state.bill.get();
        if (bill?.dueAt !== time) return;
        state.bill.clear();
        const { order, paidCents } = bill;
        if (order === null || paidCents >= order.totalCents) return;
        emit({ orderId: key, storeId: order.storeId, totalCents: order.totalCents, paidCents });
      },
    })
    .toJournal('unpaid-orders', {
      keep: 10_000,
      description: 'Orders of which a part was still unpaid ten minutes after they came in, the latest at the end.',
    });
}

function nextBill(bill: Bill | null, event: OrderEvent | Payment, dueAt: number): Bill | null {
  if ('paymentId' in event) return pay(bill ?? { order: null, paidCents: 0, dueAt }, event.amountCents);
  const order = bill?.order ?? null;
  const paidCents = bill?.paidCents ?? 0;
  switch (event.type) {
    case 'changed':
      // Once it is ready, its price is made: see the life of an order.
      if (bill === null || order === null || order.isReady) return bill;
      return { order: { ...order, totalCents: event.totalCents ?? order.totalCents }, paidCents, dueAt: bill.dueAt };
    case 'ready':
      return bill === null || order === null ? bill : { ...bill, order: { ...order, isReady: true } };
    case 'cancelled':
      return null;
    case 'collected':
      return bill;
    default: {
      if (order !== null) return bill;
      const { storeId, totalCents } = event;
      return { order: { storeId, totalCents, isReady: false }, paidCents, dueAt };
    }
  }
}

function pay(bill: Bill, cents: number): Bill {
  return { order: bill.order, paidCents: bill.paidCents + cents, dueAt: bill.dueAt };
}
