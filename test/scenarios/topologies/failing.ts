import { setTimeout as sleep } from 'node:timers/promises';
import { defineTopology, Type } from 'moka';

const Sale = Type.Object({
  saleId: Type.String(),
  till: Type.String(),
  cents: Type.Integer(),
  trouble: Type.Optional(Type.Enum(['throw', 'promise', 'nothing', 'deep', 'exit', 'later', 'left'])),
  afterMs: Type.Optional(Type.Integer()),
});

/** Sums what a till takes, and then does what a sale asks for, so that a failure comes behind a change of state. */
export const topology = defineTopology('failing', (t) => {
  const sales = t.stream('sales', { schema: Sale, key: 'till', id: 'saleId' });

  sales
    .groupByKey()
    .aggregate('takings-by-till', {
      initial: () => ({ sales: 0, cents: 0 }),
      add: (takings, sale) => ({ sales: takings.sales + 1, cents: takings.cents + sale.cents }),
    })
    .toView('takings');

  sales
    .map('trouble', (sale) => {
      switch (sale.trouble) {
        case 'throw':
          throw new RangeError(`sale ${sale.saleId} is too much`, { cause: new Error('the till is full') });
        case 'promise':
          return Promise.reject(new Error('nobody waits for this')) as never;
        case 'nothing':
          return undefined as never;
        case 'deep':
          return endless(0) as never;
        case 'exit':
          return process.exit(0);
        case 'later':
          setTimeout(() => bite(sale.saleId), sale.afterMs ?? 1);
          return sale;
        case 'left':
          void sleep(sale.afterMs ?? 1).then(() => bite(sale.saleId));
          return sale;
        default:
          return sale;
      }
    })
    .toTable('last-sales')
    .toView('last');
});

function bite(saleId: string): never {
  throw new Error(`sale ${saleId} comes back to bite`);
}

function endless(depth: number): number {
  return endless(depth + 1) + 1;
}
