import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from 'moka';
import { ASKED_CENTS, type Order, type Orders } from './events.ts';

const LATE_MS_MAX = 5;

/** What the outside is asked: it answers late and out of order, to some only at the second attempt, and to some not at all. */
export function addAsks(orders: Orders): void {
  orders
    .filter('asked', ({ cents }) => cents % ASKED_CENTS === 0)
    .enrich('outside', { lookup: addOne, result: Type.Integer(), attempts: 100, backoff: 1 }, (order, cents) => ({
      ...order,
      cents,
    }))
    .enrich(
      'nobody',
      { lookup: refuse, attempts: 2, backoff: 1, onFailure: ({ cents }, { attempts }) => cents + attempts },
      ({ id }, cents) => ({ id, cents }),
    )
    .groupByKey()
    .aggregate('answers', {
      initial: () => ({ count: 0, cents: 0, trail: '' }),
      add: ({ count, cents, trail }, answered) => ({
        count: count + 1,
        cents: cents + answered.cents,
        trail: `${trail} ${answered.id}`.slice(-100),
      }),
    })
    .toView('answers');
}

async function addOne(
  { cents }: Order,
  { attempt, signal }: { attempt: number; signal: AbortSignal },
): Promise<number> {
  await sleep(Math.random() * LATE_MS_MAX, undefined, { signal });
  if (attempt === 1 && cents % (3 * ASKED_CENTS) === 0) throw new Error('not at once');
  return cents + 1;
}

function refuse(): never {
  throw new Error('nobody is there');
}
