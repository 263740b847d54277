import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

const topology = topologyFile('waiting');
const EVENTS = '/v1/streams/events';
const ORDERS = Array.from({ length: 40 }, (_, n) => `ord-${String(n).padStart(2, '0')}`);

async function shown(engine: EngineProcess): Promise<Record<string, unknown>> {
  const rows = async (view: string): Promise<unknown> => {
    const { json } = await engine.get(`/v1/views/${view}?limit=100`);
    return (json['rows'] as { key: string; value: unknown }[]).map(({ key, value }) => [key, value]);
  };
  return { reminded: await rows('reminded'), unpaid: await rows('unpaid'), recent: await rows('recent') };
}

describe('what waits for log time', () => {
  it('happens once, with nothing coming in, after kills before it and in the middle of it', async () => {
    const data = freshPath();
    const env = { MOKA_CHECKPOINT_MAX_TAIL_MS: '50' };
    const first = await EngineProcess.start({ data, topology, partitions: 2, env });
    // In one batch, so that no flush comes between an order and its payment, however long it takes.
    const placed = ORDERS.map((orderId) => ({ orderId, type: 'placed' }));
    const paid = ORDERS.filter((_, n) => n % 2 === 0).map((orderId) => ({ orderId, type: 'paid' }));
    expect((await first.batch(EVENTS, [...placed, ...paid])).status).toBe(200);
    await first.kill();

    const second = await EngineProcess.start({ data, topology, partitions: 2, env });
    await sleep(1500);
    await second.kill();

    const third = await EngineProcess.start({ data, topology, partitions: 2, env });
    const unpaid = ORDERS.filter((_, n) => n % 2 === 1).map((orderId) => [orderId, 1]);
    const wanted = { reminded: unpaid, unpaid, recent: [] };
    let found: unknown;
    for (let tries = 0; tries < 100; tries++) {
      found = await shown(third);
      if (JSON.stringify(found) === JSON.stringify(wanted)) break;
      await sleep(100);
    }
    expect(found).toEqual(wanted);
    expect((await third.stop()).code).toBe(0);

    const again = await EngineProcess.start({ data, topology, partitions: 2, env });
    expect(await shown(again)).toEqual(wanted);
    expect((await again.stop()).code).toBe(0);
  });
});
