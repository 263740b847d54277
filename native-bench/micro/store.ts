#!/usr/bin/env node
import { PartitionState } from '../../src/store/partition-state.ts';
import { customerIdOf } from '../load/canonical-order.ts';
import { mix32 } from '../load/random.ts';
import { runMicro } from './micro.ts';

/**
 * The state of one partition, all in memory: the aggregate of the canonical run (read a row, change it, put it back),
 * each in an event of its own, over many keys.
 *
 *   node .bench/build/native-bench/micro/store.js [--small]
 */
interface Totals {
  orders: number;
  totalCents: number;
  lastOrderId: string;
  lastAt: number;
}

const BATCH = 1000;
const KEYS = process.argv.includes('--small') ? 1000 : 100_000;

const state = new PartitionState({
  stores: [{ id: 0, name: 'customer-totals', isOrdered: false }],
  reader: null,
  cacheBytes: 1024 * 1024 * 1024,
  eviction: 'lru',
  secret: 1,
  dedupe: { windowMs: 60_000, maxEntries: 1000 },
});
const store = state.store(0);
const keys = Array.from({ length: KEYS }, (_, customer) => customerIdOf(customer));
let turn = 0;

function addOrder(key: string): number {
  state.beginEvent();
  const totals = (store.get(key) as Totals | undefined) ?? { orders: 0, totalCents: 0, lastOrderId: '', lastAt: 0 };
  const orders = totals.orders + 1;
  store.put(key, { orders, totalCents: totals.totalCents + 420, lastOrderId: 'ord_000000', lastAt: 1_763_600_000_000 });
  state.commitEvent();
  return orders > 0 ? 1 : 0;
}

for (const key of keys) addOrder(key);

await runMicro(`store, ${KEYS} keys`, [
  {
    name: 'get + put of an aggregate, random keys',
    operations: BATCH,
    checksum: BATCH,
    run: () => {
      let changed = 0;
      for (let count = 0; count < BATCH; count++) changed += addOrder(keys[mix32(turn++) % KEYS] as string);
      return changed;
    },
  },
  {
    name: 'get, random keys',
    operations: BATCH,
    checksum: BATCH,
    run: () => {
      let found = 0;
      for (let count = 0; count < BATCH; count++) {
        if ((store.get(keys[mix32(turn++) % KEYS] as string) as Totals).totalCents > 0) found++;
      }
      return found;
    },
  },
]);
