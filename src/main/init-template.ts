/** The topology that `moka init` writes: small enough to read at once, whole enough to run. */
export const TOPOLOGY_TEMPLATE = `import { defineTopology, Type } from 'moka';

// What comes in. Events that do not fit are refused with the place that does not.
const Sale = Type.Object({
  saleId: Type.String(),
  shop: Type.String(),
  item: Type.String(),
  cents: Type.Integer({ minimum: 0 }),
});

// What is kept for each shop.
const Takings = Type.Object({ sales: Type.Integer(), cents: Type.Integer() });

export const topology = defineTopology('my-shop', (t) => {
  // POST /v1/streams/sales. Events of one shop are processed in order, each saleId once.
  const sales = t.stream('sales', { schema: Sale, key: 'shop', id: 'saleId' });

  // GET /v1/views/takings/<shop>
  sales
    .groupByKey()
    .aggregate('takings-by-shop', {
      initial: () => ({ sales: 0, cents: 0 }),
      add: (takings, sale) => ({ sales: takings.sales + 1, cents: takings.cents + sale.cents }),
    })
    .toView('takings', { schema: Takings });
});
`;
