import { Type } from 'typebox';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { JournalEntry } from '../../src/operators/to-journal.ts';
import { TopologyTestDriver } from '../../src/testing/topology-test-driver.ts';
import { defineTopology, type TopologyBuilder } from '../../src/topology/builder.ts';
import type { JoinedStream, Stream } from '../../src/topology/stream.ts';
import type { TopologyError } from '../../src/topology/topology-error.ts';

const Order = Type.Object({ orderId: Type.String(), cents: Type.Integer(), at: Type.Integer() });
const Payment = Type.Object({ orderId: Type.String(), paymentId: Type.String(), at: Type.Integer() });
type OrderEvent = Type.Static<typeof Order>;
type PaymentEvent = Type.Static<typeof Payment>;

const START = 1_763_600_000_000;
const orderOf = (orderId: string, cents: number, second: number): OrderEvent => ({
  orderId,
  cents,
  at: START + second * 1000,
});
const paymentOf = (orderId: string, paymentId: string, second: number): PaymentEvent => ({
  orderId,
  paymentId,
  at: START + second * 1000,
});

function streams(t: TopologyBuilder): { orders: Stream<OrderEvent>; payments: Stream<PaymentEvent> } {
  return {
    orders: t.stream('orders', { schema: Order, key: 'orderId', eventTime: 'at' }),
    payments: t.stream('payments', { schema: Payment, key: 'orderId', eventTime: 'at' }),
  };
}

/** What the journal `out` holds: `key value @second`. */
function outOf(driver: TopologyTestDriver): string[] {
  return driver
    .view<JournalEntry<string>>('out')
    .rows()
    .map(([, { key, value, time }]) => `${key} ${value} @${(time - START) / 1000}`);
}

describe('Stream.join, leftJoin and outerJoin', () => {
  const topology = defineTopology('t', (t) => {
    const { orders, payments } = streams(t);
    orders
      .outerJoin(payments, 'paid', { before: '5s', after: '1m', grace: '10s' }, (order, payment, { key }) => {
        if (payment?.paymentId === 'broken') throw new Error('broken');
        return `${key}:${order?.cents ?? '-'}:${payment?.paymentId ?? '-'}`;
      })
      .toJournal('out', { keep: 100 });
  });

  it('joins the events of two streams', () => {
    const driver = new TopologyTestDriver(topology);
    driver.send('orders', orderOf('o1', 420, 0));
    driver.send('payments', paymentOf('o1', 'p1', 30));
    driver.send('payments', paymentOf('o2', 'p2', 30));
    driver.send('orders', orderOf('o2', 310, 35));
    driver.send('orders', orderOf('o3', 100, 40));
    driver.send('payments', paymentOf('o4', 'p4', 120));
    expect(outOf(driver)).toEqual(['o1 o1:420:p1 @30', 'o2 o2:310:p2 @35', 'o3 o3:100:- @40']);
  });

  it('gives a joiner the key of the row that it is asked for', () => {
    const driver = new TopologyTestDriver(topology);
    driver.send('payments', paymentOf('lonely', 'p', 0));
    driver.send('orders', orderOf('o1', 1, 16));
    expect(outOf(driver)).toEqual(['lonely lonely:-:p @0']);
  });

  it('leaves no trace of an event whose joiner throws', () => {
    const driver = new TopologyTestDriver(topology);
    driver.send('orders', orderOf('o1', 1, 0));
    expect(() => driver.send('payments', paymentOf('o1', 'broken', 60))).toThrow('operator=paid');
    driver.send('orders', orderOf('o2', 2, 70));
    driver.send('payments', paymentOf('o1', 'p', 60));
    driver.send('orders', orderOf('o2', 3, 71));
    expect(outOf(driver)).toEqual(['o1 o1:1:p @60']);
  });

  it('joins a stream with itself: with what came before in both roles, and with itself', () => {
    const driver = new TopologyTestDriver(
      defineTopology('t', (t) => {
        const { orders } = streams(t);
        orders
          .join(orders, 'pairs', { within: '10s', grace: 0 }, (left, right) => `${left.cents}-${right.cents}`)
          .toJournal('out', { keep: 100 });
      }),
    );
    driver.send('orders', orderOf('o1', 1, 0));
    driver.send('orders', orderOf('o1', 2, 10));
    driver.send('orders', orderOf('o1', 3, 11));
    expect(outOf(driver)).toEqual([
      'o1 1-1 @0',
      'o1 2-1 @10',
      'o1 1-2 @10',
      'o1 2-2 @10',
      'o1 3-2 @11',
      'o1 2-3 @11',
      'o1 3-3 @11',
    ]);
  });

  it('goes on in a chain', () => {
    const driver = new TopologyTestDriver(
      defineTopology('t', (t) => {
        const { orders, payments } = streams(t);
        const window = { within: '1m', grace: 0 };
        orders
          .join(payments, 'first', window, (order, payment) => `${order.cents}-${payment.paymentId}`)
          .join(payments, 'second', window, (pair, payment) => `${pair}-${payment.paymentId}`)
          .toJournal('out', { keep: 100 });
      }),
    );
    driver.send('orders', orderOf('o1', 1, 0));
    driver.send('payments', paymentOf('o1', 'a', 1));
    driver.send('payments', paymentOf('o1', 'b', 2));
    expect(outOf(driver)).toEqual(['o1 1-a-a @1', 'o1 1-b-a @2', 'o1 1-a-b @2', 'o1 1-b-b @2']);
  });

  it.each([
    [undefined, ['1', '2', '3']],
    ['before', ['2', '3']],
    ['after', ['1', '2']],
    ['both', ['2']],
  ] as const)('leaves out the bound that is exclusive: %s', (exclusive, expected) => {
    const driver = new TopologyTestDriver(
      defineTopology('t', (t) => {
        const { orders, payments } = streams(t);
        const bounds = exclusive === undefined ? {} : { exclusive };
        orders
          .join(payments, 'join', { within: 1000, grace: '1h', ...bounds }, (_, payment) => payment.paymentId)
          .toJournal('out', { keep: 100 });
      }),
    );
    driver.send('orders', orderOf('o', 0, 2));
    for (const second of [1, 2, 3]) driver.send('payments', paymentOf('o', `${second}`, second));
    expect(outOf(driver).map((row) => row.split(' ')[1])).toEqual(expected);
  });

  it('shows its stores and both its inputs', () => {
    const [join] = topology.describe().operators;
    expect(join).toMatchObject({
      kind: 'outerJoin',
      inputs: ['stream:orders', 'stream:payments'],
      stores: ['paid:left', 'paid:right', 'paid:unmatched'],
    });
  });
});

/** The compiler is the test here. */
function typesOfJoins(t: TopologyBuilder): void {
  const { orders, payments } = streams(t);
  const window = { within: '5m', grace: 0 } as const;
  const withNull = orders.toTable('latest').toStream();
  expectTypeOf(
    orders.join(payments, 'a', window, (order, payment) => {
      expectTypeOf(order).toEqualTypeOf<OrderEvent>();
      expectTypeOf(payment).toEqualTypeOf<PaymentEvent>();
      return order.cents;
    }),
  ).toEqualTypeOf<JoinedStream<number, OrderEvent | PaymentEvent>>();
  orders.leftJoin(payments, 'b', window, (order, payment) => {
    expectTypeOf(order).toEqualTypeOf<OrderEvent>();
    expectTypeOf(payment).toEqualTypeOf<PaymentEvent | null>();
    return 1;
  });
  orders.outerJoin(payments, 'c', window, (order, payment) => {
    expectTypeOf(order).toEqualTypeOf<OrderEvent | null>();
    expectTypeOf(payment).toEqualTypeOf<PaymentEvent | null>();
    return 1;
  });
  withNull.join(withNull, 'd', { before: 0, after: '1h', grace: '1m' }, (left, right) => {
    expectTypeOf(left).toEqualTypeOf<OrderEvent>();
    return right.cents;
  });
  // @ts-expect-error a join needs a grace
  orders.join(payments, 'e', { within: '5m' }, () => 1);
  // @ts-expect-error both bounds are needed
  orders.join(payments, 'f', { before: '5m', grace: 0 }, () => 1);
}

it('gives a joiner null only for a side that may have no event', () => {
  expect(typesOfJoins).toBeTypeOf('function');
});

describe('a join that is written down wrongly', () => {
  type Loose = (...args: unknown[]) => Stream<unknown>;

  function mistakesOf(name: unknown, window: unknown, joiner: unknown = () => 1): string[] {
    return mistakesIn((t) => {
      const { orders, payments } = streams(t);
      const join = orders.join.bind(orders) as unknown as Loose;
      join(payments, name, window, joiner).toJournal('out', { keep: 1 });
    });
  }

  function mistakesIn(build: (t: TopologyBuilder) => void): string[] {
    try {
      defineTopology('shop', build);
    } catch (error) {
      return (error as TopologyError).mistakes.map(({ node, problem, remedy }) => `${node}: ${problem}; ${remedy}`);
    }
    return [];
  }

  it.each<[unknown, string[]]>([
    [
      { within: '5m' },
      ["grace is missing; use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 0 ms at least"],
    ],
    [
      { grace: 0 },
      ["within is missing; use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 0 ms at least"],
    ],
    [
      { within: -1, grace: 0 },
      ["within is -1; use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 0 ms at least"],
    ],
    [
      { within: 3, grace: -1 },
      ["grace is -1; use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 0 ms at least"],
    ],
    [
      { before: 123, after: -124, grace: 0 },
      ['no distance lies between before and after; use bounds whose sum is 0 ms at least'],
    ],
    [
      { before: '-1m', after: '59s', grace: 0 },
      ['no distance lies between before and after; use bounds whose sum is 0 ms at least'],
    ],
    [
      { within: 0, grace: 0, exclusive: 'both' },
      ['no distance lies between before and after; use bounds whose sum is 0 ms at least'],
    ],
    [{ before: '5m', grace: 0 }, ["after is missing; use a whole number of ms, or text such as '10s', '5m', '-1h'"]],
    [
      { before: 'soon', after: 1, grace: 0 },
      ["before is \"soon\"; use a whole number of ms, or text such as '10s', '5m', '-1h'"],
    ],
    [
      { within: 1, before: 1, after: 1, grace: 0 },
      ['it has both within and before or after; give it within, or before and after'],
    ],
    [{ within: 1, grace: 0, exclusive: 'left' }, ['exclusive is "left"; use one of before, after, both']],
    [
      { within: 1, grace: '40000d' },
      ['its bounds and its grace together are more than a hundred years; use smaller ones'],
    ],
    [{ within: 1, grace: 0, graze: 1 }, ["there is no option 'graze'; did you mean 'grace'?"]],
    [
      null,
      [
        'its options are null; give it an object with within, before, after, grace, exclusive',
        "within is missing; use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 0 ms at least",
        "grace is missing; use a whole number of ms, or text such as '10s', '5m', '1h', '2d'; 0 ms at least",
      ],
    ],
  ])('is refused: %j', (window, mistakes) => {
    expect(mistakesOf('paid', window)).toEqual(mistakes.map((mistake) => `join 'paid': ${mistake}`));
  });

  it.each([
    [{ within: 3, grace: 0 }],
    [{ before: 0, after: 456, grace: 0 }],
    [{ before: -456, after: 456, grace: 0 }],
    [{ before: '456ms', after: '-456ms', grace: '1d' }],
  ])('is not: %j', (window) => {
    expect(mistakesOf('paid', window)).toEqual([]);
  });

  it('has a name and a function', () => {
    expect(mistakesOf(undefined, { within: 1, grace: 0 }, 'sum')).toEqual([
      'join: its name is missing; give it a name: a string',
      "join 'undefined': its joiner is a string; give it a function (left, right, context) => value",
    ]);
  });

  it('has another stream, of the same topology', () => {
    let elsewhere: Stream<OrderEvent> | undefined;
    defineTopology('other', (t) => {
      elsewhere = streams(t).orders;
    });
    const window = { within: 1, grace: 0 };
    const mistakes = mistakesIn((t) => {
      const { orders } = streams(t);
      orders.join(elsewhere as Stream<OrderEvent>, 'a', window, () => 1).toJournal('a', { keep: 1 });
      (orders.leftJoin.bind(orders) as unknown as Loose)({}, 'b', window, () => 1).toJournal('b', { keep: 1 });
    });
    expect(mistakes).toEqual([
      "join 'a': it is given a stream of another topology; give it streams of this one",
      "leftJoin 'b': it is given something that is no stream; give it streams",
    ]);
  });
});
