import { setTimeout as sleep } from 'node:timers/promises';
import { type CompiledTopology, createEngine, defineTopology, Type } from 'moka';
import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

const SALES = '/v1/streams/sales';
const HOUR = Date.parse('2026-03-01T12:00Z');
const sale = (sku: string, cents: number): object => ({ sku, cents, at: HOUR });

async function valuesOf(engine: EngineProcess, view: string): Promise<unknown[]> {
  const { json } = await engine.get(`/v1/views/${view}?limit=100`);
  return (json['rows'] as { value: unknown }[]).map(({ value }) => value);
}

describe('a topology whose state has another form than it had', () => {
  it('goes on with windows and states as they have become, and after a kill', async () => {
    const data = freshPath();
    const first = await EngineProcess.start({ data, topology: topologyFile('growing-1'), partitions: 1 });
    const sales = [sale('latte', 400), sale('mocha', 450), sale('latte', 10)];
    expect((await first.batch(SALES, sales)).status).toBe(200);
    expect([await valuesOf(first, 'hours'), await valuesOf(first, 'sums')]).toEqual([
      [410, 450],
      [410, 450],
    ]);
    expect((await first.stop()).code).toBe(0);

    const topology = topologyFile('growing-2');
    // What it writes first is of a topology that is known by then: it may be started again.
    const env = { MOKA_FAILPOINT: 'log.after-write:1' };
    const struck = EngineProcess.start({ data, topology, partitions: 1, env });
    // It writes at once, before it says that it is ready or right after.
    await struck.then(
      async ({ exited }) => expect((await exited).signal).toBe('SIGKILL'),
      (error: Error) => expect(error.message).toContain('signal=SIGKILL'),
    );
    const second = await EngineProcess.start({ data, topology, partitions: 1 });
    const untouched = [
      { cents: 410, count: 0 },
      { cents: 450, count: 0 },
    ];
    expect([await valuesOf(second, 'hours'), await valuesOf(second, 'sums')]).toEqual([untouched, untouched]);
    expect((await second.batch(SALES, [sale('latte', 5)])).status).toBe(200);
    const changed = [
      { cents: 415, count: 1 },
      { cents: 450, count: 0 },
    ];
    expect([await valuesOf(second, 'hours'), await valuesOf(second, 'sums')]).toEqual([changed, changed]);
    expect(await valuesOf(second, 'added')).toEqual([1]);
    await expect.poll(() => valuesOf(second, 'latest'), { timeout: 10_000 }).toEqual([]);
    await second.kill();

    const third = await EngineProcess.start({ data, topology, partitions: 1 });
    expect([await valuesOf(third, 'hours'), await valuesOf(third, 'sums')]).toEqual([changed, changed]);
    expect([await valuesOf(third, 'added'), await valuesOf(third, 'latest')]).toEqual([[1], []]);
    expect((await third.stop()).code).toBe(0);
  });
});

/** Orders of an id, counted by shop, and with a second count if `hasMore`. */
function counted(hasMore: boolean): CompiledTopology {
  return defineTopology('counted', (t) => {
    const schema = Type.Object({ id: Type.String(), shop: Type.String() });
    const orders = t.stream('orders', { schema, key: 'id', id: 'id' });
    const byShop = orders.keyBy('by-shop', ({ shop }) => shop).groupByKey();
    byShop.count('shops').toView('shops');
    if (hasMore) byShop.count('more').toView('more-shops');
  });
}

describe('a topology with more in it', () => {
  it('opens what was stopped right after changes went to other partitions', async () => {
    const quiet = { http: { port: 0 }, admin: { port: 0 }, logLevel: 'silent' } as const;
    const options = { ...quiet, dataDir: freshPath(), workers: 0, partitions: 2, checkpoint: { maxIntervalMs: 1000 } };
    const first = await createEngine(counted(false), options);
    for (const id of ['a', 'b', 'c', 'd']) {
      // The first event for a while is saved at once, with what it sends.
      await sleep(1100);
      await first.ingest('orders', { id, shop: `of-${id}` });
    }
    await first.close();
    const second = await createEngine(counted(true), options);
    await second.ingest('orders', { id: 'e', shop: 'of-e' });
    await second.close();
  });
});
