import { type Static, Type } from '../../base/typebox.ts';
import type { TopologyBuilder } from '../../topology/builder.ts';
import type { GlobalTable } from '../../topology/global-table.ts';

/** What can be ordered. The same item sent again replaces it. */
export const MenuItem = Type.Object(
  {
    sku: Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' }),
    name: Type.String({ minLength: 1, maxLength: 100 }),
    priceCents: Type.Integer({ minimum: 0 }),
    isAvailable: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type MenuItem = Static<typeof MenuItem>;

/** The menu, known in every partition: an item that is sold anywhere finds its name and price. */
export function defineMenu(t: TopologyBuilder): GlobalTable<MenuItem> {
  return t
    .globalTable('menu', {
      description: 'What can be ordered, and for how much. An item sent twice does no harm, so it needs no identity.',
      schema: MenuItem,
      key: 'sku',
      guarantee: 'at-least-once',
    })
    .toView('menu', { schema: MenuItem, description: 'What can be ordered, by sku.' });
}
