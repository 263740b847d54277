import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { OperatorStore } from '../../src/operators/operator.ts';
import { defineTopology } from '../../src/topology/builder.ts';
import type { Pipeline } from '../../src/topology/compiled.ts';
import { Order, order } from '../topology/schemas.ts';
import { RecordingHost } from './fixtures.ts';

const EVENTS = 300_000;
/** An object per event and operator would be ten times this. */
const BYTES_PER_EVENT_MAX = 2;

/** A store that allocates nothing: one slot, whatever the key. */
class OneSlot implements OperatorStore {
  #value: unknown;

  get(): unknown {
    return this.#value;
  }

  put(_key: string, value: unknown): void {
    this.#value = value;
  }

  delete(): boolean {
    return true;
  }

  readonly time = 0;

  range(): [] {
    return [];
  }

  readRegister(): number {
    return 0;
  }

  writeRegister(): void {}
}

class QuietHost extends RecordingHost {
  readonly #slots = new Map<number, OneSlot>();

  override store(storeId = 0): never {
    const slot = this.#slots.get(storeId) ?? new OneSlot();
    this.#slots.set(storeId, slot);
    return slot as never;
  }

  override viewChanged(): void {}
}

const EVERY_OTHER = [order('a', 1), order('a', 2)];
const GROUP: readonly [string, number] = ['group', 1];
const topology = defineTopology('allocation', (t) => {
  const orders = t.stream('orders', { schema: Order, key: 'orderId' });
  const mapped = orders.filter((one) => one.totalCents > 0).map((one) => one);
  const { odd, otherwise } = mapped.flatMap(() => EVERY_OTHER).branch('parity', { odd: (one) => one.totalCents === 1 });
  odd.merge(otherwise).groupByKey().count('count').toView('counts');
  odd
    .groupByKey()
    .reduce('last', (_, one) => one)
    .toView('last');
  otherwise
    .groupByKey()
    .aggregate('sum', { initial: () => 0, add: (sum, one) => (sum + one.totalCents) & 0xffff })
    .toView('sums');
  const latest = mapped.toTable('latest');
  const count = latest.groupBy(() => GROUP).reduce('groups', { add: (a, b) => (a + b) & 0xffff, subtract: (a) => a });
  latest.outerJoin(count, 'rows-and-counts', (row) => row ?? EVERY_OTHER).toView('rows-and-counts');
  const menu = t.stream('menu', { schema: Order, key: 'orderId' }).toTable('menu', { history: '1h' });
  mapped
    .leftJoin(latest, 'with-latest', (one, row) => row ?? one)
    .leftJoin(menu, 'with-menu', (one) => one)
    .toView('joined');
  mapped
    .toTable('life', (_, one) => one)
    .toView('rows')
    .toView('by-store', { key: (row) => row.storeId })
    .filter((row) => row.totalCents > 0)
    .toView('positive');
});

/** Collections of garbage while `events` go through; each says that the heap had grown by megabytes. */
async function run(pipeline: Pipeline, events: number): Promise<{ bytesPerEvent: number; collections: number }> {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  const [one, other] = [order('a', 3), order('a', 5)];
  await sleep(20);
  observer.observe({ entryTypes: ['gc'] });
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < events; n++) pipeline.process(0, 'a', (n & 1) === 0 ? one : other, 1_763_600_000_000);
  const bytesPerEvent = (process.memoryUsage().heapUsed - before) / events;
  await sleep(20);
  observer.disconnect();
  return { bytesPerEvent, collections };
}

describe('the operators', () => {
  it('allocate nothing per event', async () => {
    const pipeline = topology.instantiate(new QuietHost());
    await run(pipeline, 50_000);
    const runs = [await run(pipeline, EVENTS), await run(pipeline, EVENTS), await run(pipeline, EVENTS)];
    // Anything else on the thread may allocate too: the quietest run counts.
    const quietest = runs.reduce((a, b) =>
      a.collections + a.bytesPerEvent <= b.collections + b.bytesPerEvent ? a : b,
    );
    expect(quietest.collections).toBe(0);
    expect(quietest.bytesPerEvent).toBeLessThan(BYTES_PER_EVENT_MAX);
  });
});
