import { type CanonicalOrder, OrderBook } from '../load/canonical-order.ts';
import type { Random } from '../load/random.ts';
import { builtModule } from '../run/places.ts';
import { checkView } from './check-view.ts';
import type { SentEvent, Violation } from './ledger.ts';
import type { DraftEvent, ReadView, Scenario } from './scenario.ts';

const TEMPLATE_COUNT = 512;
const OPEN_PER_PRODUCER = 30;

/** What the producer believes of an order it placed. */
interface OpenOrder {
  orderId: string;
  storeId: string;
  isReady: boolean;
}

/**
 * The coffee shop: each order is placed, perhaps changed, becomes ready and is collected, or is cancelled on the way.
 * The key is the order, so its events must be processed in this order, and rows of the views come and go.
 */
export class CoffeeShopScenario implements Scenario {
  readonly name = 'coffee-shop';
  readonly topology = builtModule('examples/coffee-shop/topology');
  readonly movesKeys = false;
  readonly hasRecordCodec = false;
  readonly #book: OrderBook;
  #open = new Map<number, OpenOrder[]>();
  #nextOrder = 0;
  #nextChange = 0;

  constructor(seed: number) {
    this.#book = new OrderBook(seed, TEMPLATE_COUNT);
  }

  streamOf(): string {
    return 'orders';
  }

  draft(producerIndex: number, random: Random): DraftEvent {
    const open = this.#open.get(producerIndex) ?? [];
    this.#open.set(producerIndex, open);
    const isNew = open.length === 0 || (open.length < OPEN_PER_PRODUCER && random.next() < 0.4);
    return isNew ? this.#place(open) : this.#advance(open, random);
  }

  pack(): Uint8Array {
    throw new TypeError('the stream has no record codec');
  }

  hasNaturalIdentity(value: Record<string, unknown>): boolean {
    return value['type'] === undefined;
  }

  reset(): void {
    this.#open = new Map();
  }

  async checkViews(inOrder: readonly SentEvent[], readView: ReadView): Promise<Violation[]> {
    const orders = foldOrders(inOrder);
    const byStore = new Map([...orders.values()].map((order) => [`${order['storeId']}/${order['orderId']}`, order]));
    return [
      ...checkView('orders', orders, await readView('orders'), withoutTime),
      ...checkView('open-orders', byStore, await readView('open-orders'), withoutTime),
    ];
  }

  #place(open: OpenOrder[]): DraftEvent {
    const order = this.#book.order(this.#nextOrder, Date.now());
    this.#nextOrder++;
    open.push({ orderId: order.orderId, storeId: order.storeId, isReady: false });
    return { key: order.orderId, value: { ...order } };
  }

  #advance(open: OpenOrder[], random: Random): DraftEvent {
    const index = random.between(0, open.length);
    const { orderId, storeId, isReady } = open[index] as OpenOrder;
    const choice = random.next();
    if (!isReady && choice < 0.4) return { key: orderId, value: this.#change(orderId, storeId, random) };
    if (!isReady && choice < 0.85) {
      open[index] = { orderId, storeId, isReady: true };
      return { key: orderId, value: { orderId, type: 'ready' } };
    }
    open.splice(index, 1);
    return { key: orderId, value: { orderId, type: isReady ? 'collected' : 'cancelled' } };
  }

  /** Some changes move the order to another store: its row in the view by store must move too. */
  #change(orderId: string, storeId: string, random: Random): Record<string, unknown> {
    const { items } = this.#book.template(random.between(0, TEMPLATE_COUNT));
    const nextStore = random.next() < 0.3 ? `kiosk-${random.between(1, 10)}` : storeId;
    this.#nextChange++;
    return { orderId, type: 'changed', storeId: nextStore, items, totalCents: this.#nextChange };
  }
}

type Row = Record<string, unknown>;

/** The life of orders, told again and independently of the example's own operator. */
export function foldOrders(inOrder: readonly SentEvent[]): Map<string, Row> {
  const orders = new Map<string, Row>();
  for (const { key, value } of inOrder) {
    const order = orders.get(key);
    const type = value['type'];
    if (type === undefined) {
      if (order === undefined) orders.set(key, { ...(value as unknown as CanonicalOrder), status: 'placed' });
    } else if (type === 'collected' || type === 'cancelled') {
      orders.delete(key);
    } else if (order !== undefined && order['status'] !== 'ready') {
      const { items, totalCents, storeId } = type === 'changed' ? value : order;
      orders.set(key, { ...order, items, totalCents, storeId, status: type });
    }
  }
  return orders;
}

/** An event without a time of its own gets that of the intake, which only the log knows. */
function withoutTime(value: unknown): unknown {
  const { updatedAt: _, ...rest } = value as Row;
  return rest;
}
