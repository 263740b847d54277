import { unpack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { foldOrders } from '../../../native-bench/crash/coffee-shop-scenario.ts';
import type { SentEvent } from '../../../native-bench/crash/ledger.ts';
import { customerIdOf, customerOf, OrderBook, orderIdOf } from '../../../native-bench/load/canonical-order.ts';
import { CustomerFrames } from '../../../native-bench/load/customer-frames.ts';
import { LifeCycleFrames } from '../../../native-bench/load/life-cycle-frames.ts';
import type { FrameCodec, OrderFrame } from '../../../native-bench/load/order-frame.ts';
import { CustomerTotals } from '../../../native-bench/load/tally.ts';
import { FrameParser } from '../../../native-bench/load/websocket-frame.ts';

const EVENTS = 5;
const WINDOW = 4;

function payloadOf(frame: OrderFrame): Buffer {
  const parser = new FrameParser();
  const end = parser.parse(frame.bytes, 0, frame.bytes.length);
  // The parser reads what servers send: four bytes of mask stand before what it calls the payload.
  expect(end).toBe(frame.bytes.length - 4);
  return frame.bytes.subarray(parser.payloadStart + 4);
}

function jsonEvents(frame: OrderFrame): Record<string, unknown>[] {
  const lines = payloadOf(frame).toString().split('\n').slice(1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function recordEvents(frame: OrderFrame): unknown[][] {
  const payload = payloadOf(frame);
  const events: unknown[][] = [];
  for (let position = 32; position < payload.length; ) {
    const length = payload.readUInt32LE(position);
    events.push(unpack(payload.subarray(position + 8, position + 8 + length)) as unknown[]);
    position += 8 + ((length + 7) & ~7);
  }
  return events;
}

function customerFrames(codec: FrameCodec, totals: CustomerTotals): CustomerFrames {
  const book = new OrderBook(1, 2 * WINDOW * EVENTS);
  const place = { placeCount: 2 * WINDOW, firstPlace: WINDOW, firstOrder: 1000, window: WINDOW };
  return new CustomerFrames({ codec, book, totals, eventsPerFrame: EVENTS, hasSequence: true, ...place });
}

describe('CustomerFrames', () => {
  it('sends valid JSON with the order, customer and time of the moment, and keeps the totals', () => {
    const totals = new CustomerTotals();
    const source = customerFrames('ws-json', totals);
    const cents = new Map<string, number>();
    for (let round = 0; round < 3 * WINDOW; round++) {
      const frame = source.next(round + 1, round * EVENTS) as OrderFrame;
      const header = JSON.parse(payloadOf(frame).toString().split('\n')[0] as string) as object;
      expect(header).toEqual({ frame: round + 1, seq: round * EVENTS });
      jsonEvents(frame).forEach((order, index) => {
        const number = frame.firstOrder + index;
        expect(order['orderId']).toBe(orderIdOf(number));
        expect(order['customerId']).toBe(customerIdOf(customerOf(number)));
        expect(Math.abs(Date.now() - (order['placedAt'] as number))).toBeLessThan(5000);
        const customer = order['customerId'] as string;
        cents.set(customer, (cents.get(customer) ?? 0) + (order['totalCents'] as number));
      });
      source.release(frame);
    }
    for (const [customer, sum] of cents) expect(totals.cents[Number(customer.slice(2))]).toBe(sum);
    expect(totals.orders.reduce((sum, count) => sum + count)).toBe(3 * WINDOW * EVENTS);
  });

  it('sends the same orders as msgpack records', () => {
    const json = jsonEvents(customerFrames('ws-json', new CustomerTotals()).next(1, 0) as OrderFrame);
    const frame = customerFrames('ws-binary', new CustomerTotals()).next(1, 0) as OrderFrame;
    expect(payloadOf(frame).readDoubleLE(8)).toBe(0);
    const records = recordEvents(frame);
    expect(records).toHaveLength(EVENTS);
    records.forEach((record, index) => {
      const order = json[index] as Record<string, unknown>;
      expect([record[0], record[1], record[2], record[5], record[6]]).toEqual([
        order['orderId'],
        order['customerId'],
        order['storeId'],
        order['totalCents'],
        order['currency'],
      ]);
      expect(record[3]).toBeGreaterThan(1.7e12);
    });
  });

  it('has no further frame while the whole window is on the way', () => {
    const source = customerFrames('ws-json', new CustomerTotals());
    const frames = Array.from({ length: WINDOW }, (_, index) => source.next(index, 0));
    expect(frames).not.toContain(null);
    expect(source.next(9, 0)).toBe(null);
    source.release(frames[0] as OrderFrame);
    expect(source.next(9, 0)).toBe(frames[0]);
  });
});

describe('LifeCycleFrames', () => {
  it.each([1, 7, 40, 123])('names the orders that are open after %i frames', (frameCount) => {
    const options = { eventsPerFrame: EVENTS, window: 8, connection: 1, connections: 3, firstOrder: 500, depth: 3 };
    const source = new LifeCycleFrames({ ...options, book: new OrderBook(1, 3 * 8 * EVENTS) });
    const events: SentEvent[] = [];
    for (let number = 0; number < frameCount; number++) {
      const frame = source.next(number, number) as OrderFrame;
      for (const value of jsonEvents(frame)) events.push({ key: value['orderId'], value } as unknown as SentEvent);
      source.release(frame);
    }
    const shown = [...foldOrders(events).values()].map(({ orderId, status, totalCents }) => {
      return { key: orderId, status, totalCents };
    });
    const byKey = (left: { key: unknown }, right: { key: unknown }): number =>
      String(left.key) < String(right.key) ? -1 : 1;
    expect([...source.openOrders()].sort(byKey)).toEqual(shown.sort(byKey));
    if (frameCount > 100) expect(shown.length).toBeLessThan(frameCount * EVENTS);
  });
});
