import { mix32, Random } from './random.ts';

/**
 * The canonical order and how it varies. Order number `n` decides everything about an order, so that a number in a
 * journal is enough to build the same bytes again:
 *
 *   orderId     "ord_" + six base-32 digits of a permutation of n (2^30 of them), so keys arrive in no order
 *   customerId  "c-" + five digits, a hash of n, uniform over 100 000 customers
 *   the rest    template n modulo the number of templates: store, items, total
 *
 * What changes from order to order has a fixed width, so that prepared bytes are patched in place.
 */
export const CUSTOMER_COUNT = 100_000;
export const ORDER_ID_DIGITS = 6;
export const CUSTOMER_DIGITS = 5;
export const ORDER_COUNT_MAX = 2 ** 30;

export interface OrderItem {
  sku: string;
  qty: number;
  priceCents: number;
  options: string[];
}

export interface CanonicalOrder {
  orderId: string;
  customerId: string;
  storeId: string;
  placedAt: number;
  items: OrderItem[];
  totalCents: number;
  currency: string;
}

const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const MENU: readonly [sku: string, priceCents: number, options: readonly string[]][] = [
  ['flat-white', 420, ['oat', 'soy', 'double']],
  ['croissant', 310, []],
  ['espresso', 250, ['double', 'decaf']],
  ['cappuccino', 390, ['oat', 'soy']],
  ['cold-brew', 450, ['large']],
  ['banana-bread', 370, []],
  ['chai-latte', 430, ['oat', 'spicy']],
  ['cinnamon-bun', 340, []],
];

/** Orders of one run: `templateCount` different contents, made from the seed. */
export class OrderBook {
  readonly templateCount: number;
  readonly totalCents: Int32Array;
  readonly #templates: CanonicalOrder[] = [];

  constructor(seed: number, templateCount: number) {
    this.templateCount = templateCount;
    this.totalCents = new Int32Array(templateCount);
    const random = new Random(seed);
    for (let template = 0; template < templateCount; template++) {
      const order = drawOrder(random);
      this.#templates.push(order);
      this.totalCents[template] = order.totalCents;
    }
  }

  /** The content of a template; its ids and time are placeholders of the right width. */
  template(template: number): CanonicalOrder {
    const order = this.#templates[template];
    if (order === undefined) throw new RangeError(`template=${template} of ${this.templateCount}`);
    return order;
  }

  /** The whole order with this number, as a client without prepared bytes would build it. */
  order(orderNumber: number, placedAt: number): CanonicalOrder {
    const template = this.template(orderNumber % this.templateCount);
    return {
      ...template,
      orderId: orderIdOf(orderNumber),
      customerId: customerIdOf(customerOf(orderNumber)),
      placedAt,
    };
  }
}

export function customerOf(orderNumber: number): number {
  return mix32(orderNumber ^ 0x5bd1e995) % CUSTOMER_COUNT;
}

export function customerIdOf(customer: number): string {
  return `c-${String(customer).padStart(CUSTOMER_DIGITS, '0')}`;
}

export function orderIdOf(orderNumber: number): string {
  const digits = Buffer.alloc(ORDER_ID_DIGITS);
  writeOrderId(digits, 0, orderNumber);
  return `ord_${digits.toString('latin1')}`;
}

const DIGIT = Uint8Array.from(BASE32, (character) => character.charCodeAt(0));

/** Six base-32 digits; an odd factor permutes the numbers below 2^30. */
export function writeOrderId(bytes: Uint8Array, position: number, orderNumber: number): void {
  const permuted = Math.imul(orderNumber, 0x2c1b3c6d) & (ORDER_COUNT_MAX - 1);
  bytes[position] = DIGIT[permuted >>> 25] as number;
  bytes[position + 1] = DIGIT[(permuted >>> 20) & 31] as number;
  bytes[position + 2] = DIGIT[(permuted >>> 15) & 31] as number;
  bytes[position + 3] = DIGIT[(permuted >>> 10) & 31] as number;
  bytes[position + 4] = DIGIT[(permuted >>> 5) & 31] as number;
  bytes[position + 5] = DIGIT[permuted & 31] as number;
}

/** A number with leading zeros. */
export function writeDigits(bytes: Uint8Array, position: number, width: number, value: number): void {
  let rest = value;
  for (let index = position + width - 1; index >= position; index--) {
    const next = Math.floor(rest / 10);
    bytes[index] = 48 + rest - next * 10;
    rest = next;
  }
}

/** Five digits: the hot one, in 32-bit arithmetic. */
export function writeCustomer(bytes: Uint8Array, position: number, customer: number): void {
  let rest = customer | 0;
  for (let index = position + CUSTOMER_DIGITS - 1; index >= position; index--) {
    const next = (rest / 10) | 0;
    bytes[index] = 48 + rest - next * 10;
    rest = next;
  }
}

function drawOrder(random: Random): CanonicalOrder {
  const items: OrderItem[] = [];
  const count = random.next() < 0.25 ? random.between(1, 4) : 2;
  let totalCents = 0;
  for (let index = 0; index < count; index++) {
    const [sku, priceCents, choices] = MENU[random.between(0, MENU.length)] as (typeof MENU)[number];
    const qty = random.between(1, 4);
    const option = choices[random.between(0, choices.length + 1)];
    items.push({ sku, qty, priceCents, options: option === undefined ? [] : [option] });
    totalCents += qty * priceCents;
  }
  return {
    orderId: `ord_${'0'.repeat(ORDER_ID_DIGITS)}`,
    customerId: customerIdOf(0),
    storeId: `kiosk-${random.between(1, 10)}`,
    placedAt: 1_763_600_000_000,
    items,
    totalCents,
    currency: 'EUR',
  };
}
