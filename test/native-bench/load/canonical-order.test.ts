import { describe, expect, it } from 'vitest';
import {
  CUSTOMER_COUNT,
  customerIdOf,
  customerOf,
  OrderBook,
  orderIdOf,
  writeDigits,
} from '../../../native-bench/load/canonical-order.ts';

describe('OrderBook', () => {
  it('makes the same orders of the same seed, and others of another', () => {
    const texts = (seed: number): string => JSON.stringify(new OrderBook(seed, 50).order(17, 1));
    expect(texts(1)).toBe(texts(1));
    expect(texts(1)).not.toBe(texts(2));
  });

  it('makes orders of about 258 bytes of JSON whose total is the sum of their items', () => {
    const book = new OrderBook(1, 1000);
    let bytes = 0;
    for (let template = 0; template < book.templateCount; template++) {
      const order = book.template(template);
      bytes += JSON.stringify(order).length;
      expect(order.items.reduce((sum, item) => sum + item.qty * item.priceCents, 0)).toBe(book.totalCents[template]);
    }
    expect(bytes / book.templateCount).toBeGreaterThan(250);
    expect(bytes / book.templateCount).toBeLessThan(266);
  });
});

describe('orderIdOf', () => {
  it('gives every number another id of the same length', () => {
    const ids = new Set(Array.from({ length: 100_000 }, (_, number) => orderIdOf(number)));
    expect(ids.size).toBe(100_000);
    expect(new Set([...ids].map((id) => id.length))).toEqual(new Set([10]));
  });
});

describe('customerOf', () => {
  it('spreads orders over all customers', () => {
    const counts = new Int32Array(CUSTOMER_COUNT);
    for (let number = 0; number < 10 * CUSTOMER_COUNT; number++) {
      const customer = customerOf(number);
      counts[customer] = (counts[customer] as number) + 1;
    }
    expect(counts.filter((count) => count === 0).length).toBeLessThan(100);
    expect(Math.max(...counts)).toBeLessThan(40);
    expect(customerIdOf(42)).toBe('c-00042');
  });
});

describe('writeDigits', () => {
  it('pads with zeros', () => {
    const bytes = Buffer.alloc(6);
    writeDigits(bytes, 1, 5, 907);
    expect(bytes.toString('latin1', 1)).toBe('00907');
  });
});
