import { defineTopology, type Static, Type } from 'moka';
import { keepEverything } from './reshaped.ts';

const Sale = Type.Object({ k: Type.String(), amount: Type.Object({ cents: Type.Integer() }), at: Type.Integer() });
type Sale = Static<typeof Sale>;
type Earlier = Omit<Sale, 'amount'> & { readonly cents: number };

const OPTIONS = {
  schema: Sale,
  key: 'k',
  eventTime: 'at',
  guarantee: 'at-least-once',
  version: 2,
  upcast: { 1: ({ cents, ...sale }: Earlier): Sale => ({ ...sale, amount: { cents } }) },
} as const;

/** The cents of a sale are within its amount. */
export const topology = defineTopology('reshaped', { version: '2' }, (t) => {
  const sales = t.stream('sales', OPTIONS);
  const others = t.stream('others', OPTIONS);
  keepEverything(
    sales,
    others,
    ({ amount }) => amount.cents,
    ({ amount }) => 100 * amount.cents,
    { version: OPTIONS.version, upcast: OPTIONS.upcast },
  );
});
