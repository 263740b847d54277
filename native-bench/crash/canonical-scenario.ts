import { type CanonicalOrder, customerIdOf, OrderBook } from '../load/canonical-order.ts';
import { packOrder } from '../load/order-codec.ts';
import type { Random } from '../load/random.ts';
import { builtModule } from '../run/places.ts';
import { checkView } from './check-view.ts';
import type { SentEvent, Violation } from './ledger.ts';
import type { DraftEvent, ReadView, Scenario } from './scenario.ts';

const KEYS_PER_PRODUCER = 40;
const TEMPLATE_COUNT = 512;

interface CustomerRow {
  orders: number;
  totalCents: number;
  lastOrderId: string;
}

/** Orders keyed by customer, folded into a row per customer. */
export class CanonicalScenario implements Scenario {
  readonly name = 'canonical';
  readonly topology = builtModule('examples/canonical/topology');
  readonly movesKeys = false;
  readonly hasRecordCodec = true;
  readonly #book: OrderBook;
  #nextOrder = 0;

  constructor(seed: number) {
    this.#book = new OrderBook(seed, TEMPLATE_COUNT);
  }

  streamOf(): string {
    return 'orders';
  }

  draft(producerIndex: number, random: Random): DraftEvent {
    const customerId = customerIdOf(producerIndex * KEYS_PER_PRODUCER + random.between(0, KEYS_PER_PRODUCER));
    const order = this.#book.order(this.#nextOrder, Date.now());
    this.#nextOrder++;
    return { key: customerId, value: { ...order, customerId } };
  }

  pack(value: Record<string, unknown>): Uint8Array {
    return packOrder(value as unknown as CanonicalOrder);
  }

  hasNaturalIdentity(): boolean {
    return true;
  }

  reset(): void {}

  async checkViews(inOrder: readonly SentEvent[], readView: ReadView): Promise<Violation[]> {
    const expected = new Map<string, CustomerRow>();
    for (const { key, value } of inOrder) {
      const row = expected.get(key) ?? { orders: 0, totalCents: 0, lastOrderId: '' };
      row.orders++;
      row.totalCents += value['totalCents'] as number;
      row.lastOrderId = value['orderId'] as string;
      expected.set(key, row);
    }
    return checkView('customers', expected, await readView('customers'), (value) => {
      const { orders, totalCents, lastOrderId } = value as CustomerRow;
      return { orders, totalCents, lastOrderId };
    });
  }
}
