import { existsSync, writeFileSync } from 'node:fs';
import { defineTopology, Type } from 'moka';

const Sale = Type.Object({ id: Type.String(), store: Type.String(), cents: Type.Integer() });

/** A file that is waited for, once, after `<file>.waiting` is written: what the topology's fingerprint does not see. */
const AWAITED_FILE = process.env['AWAITED_FILE'] ?? '';
const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Takings by store, whose first event takes as long as a test wants it to. */
export const topology = defineTopology('lingering', (t) => {
  t.stream('sales', { schema: Sale, key: 'store', id: 'id' })
    .groupByKey()
    .aggregate('takings', {
      initial: () => ({ count: 0, cents: 0 }),
      add: (takings, sale) => {
        linger();
        return { count: takings.count + 1, cents: takings.cents + sale.cents };
      },
    })
    .toView('takings');
});

function linger(): void {
  if (AWAITED_FILE === '' || existsSync(`${AWAITED_FILE}.waiting`)) return;
  writeFileSync(`${AWAITED_FILE}.waiting`, '');
  while (!existsSync(AWAITED_FILE)) Atomics.wait(nobody, 0, 0, 10);
}
