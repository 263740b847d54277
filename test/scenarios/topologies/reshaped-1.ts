import { defineTopology, Type } from 'moka';
import { keepEverything } from './reshaped.ts';

const Sale = Type.Object({ k: Type.String(), cents: Type.Integer(), at: Type.Integer() });
const OPTIONS = { schema: Sale, key: 'k', eventTime: 'at', guarantee: 'at-least-once' } as const;

/** A sale has its cents beside its key. */
export const topology = defineTopology('reshaped', (t) => {
  const sales = t.stream('sales', OPTIONS);
  const others = t.stream('others', OPTIONS);
  keepEverything(
    sales,
    others,
    ({ cents }) => cents,
    () => new Promise<number>(() => {}),
    {},
  );
});
