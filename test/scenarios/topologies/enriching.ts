import { defineTopology, type LookupContext, Type } from 'moka';

const Order = Type.Object({ order: Type.String(), customer: Type.String(), n: Type.Integer() });
type Order = { order: string; customer: string; n: number };

const Price = Type.Object({ cents: Type.Integer() });
const PATIENT = { attempts: 100, timeout: '1m', backoff: 20, concurrency: 8 } as const;
const BRIEF = { attempts: 3, timeout: 150, backoff: 10 } as const;

async function ask(path: string, { order }: Order, { id, attempt, signal }: LookupContext): Promise<unknown> {
  const query = new URLSearchParams({ order, id, attempt: String(attempt) });
  const response = await fetch(`${process.env['OUTSIDE_URL']}/${path}?${query}`, { signal });
  if (!response.ok) throw new Error(`status=${response.status}`);
  return response.json();
}

/** What the outside says of orders and checks. */
export const topology = defineTopology('enriching', (t) => {
  const orders = t.stream('orders', { schema: Order, key: 'customer', id: 'order' });
  orders
    .enrich(
      'price',
      { lookup: (order, context) => ask('price', order, context), result: Price, ...PATIENT },
      ({ order, n, customer }, { cents }) => ({ order, n, customer, cents }),
    )
    .groupByKey()
    .aggregate('bills', { initial: () => '', add: (bill, { n, cents }) => `${bill} ${n}:${cents}` })
    .toView('bills');
  orders.groupByKey().count('taken').toView('taken');

  const checks = t.stream('checks', { schema: Order, key: 'customer', id: 'order' });
  checks
    .enrich(
      'check-strict',
      { lookup: (order, context) => ask('check', order, context), ...BRIEF },
      ({ n }, answer) => ({
        n,
        answer,
      }),
    )
    .toView('strict');
  checks
    .filter('even', ({ n }) => n % 2 === 0)
    .enrich(
      'check-lenient',
      {
        lookup: (order, context) => ask('check', order, context),
        ...BRIEF,
        onFailure: (_, { attempts, isTimeout, errors }) => ({ attempts, isTimeout, errors }),
      },
      (_, answer) => answer,
    )
    .toView('lenient');
});
