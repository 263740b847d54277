import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineProcess } from './support/engine-process.ts';
import { freshPath, topologyFile } from './support/scratch.ts';

const topology = topologyFile('moving');
const SALES = '/v1/streams/sales';
const PARTITIONS = 3;
const BATCH = 200;

interface Sale {
  readonly id: string;
  readonly sku: string;
  readonly store: string;
  readonly cents: number;
}

function sale(n: number): Sale {
  return { id: `s-${n}`, sku: `sku-${n % 11}`, store: `store-${n % 5}`, cents: n % 1000 };
}

/** What the views must show once every sale has been through both hops. */
function expected(sales: readonly Sale[]): { skus: unknown; stores: unknown } {
  const skus = new Map<string, { count: number; cents: number }>();
  const stores = new Map<string, number>();
  for (const { sku, store, cents } of sales) {
    const total = skus.get(sku) ?? { count: 0, cents: 0 };
    skus.set(sku, { count: total.count + 1, cents: total.cents + cents });
    stores.set(store, (stores.get(store) ?? 0) + 1);
  }
  return { skus: Object.fromEntries([...skus].sort()), stores: Object.fromEntries([...stores].sort()) };
}

async function shown(engine: EngineProcess, view: string): Promise<unknown> {
  const { json } = await engine.get(`/v1/views/${view}?limit=100`);
  const rows = json['rows'] as { key: string; value: unknown }[];
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

/** Views follow an ack within moments: what they will show is waited for, what they show wrongly stays wrong. */
async function settled(engine: EngineProcess, sales: readonly Sale[]): Promise<void> {
  const wanted = expected(sales);
  let found: unknown;
  for (let tries = 0; tries < 100; tries++) {
    found = { skus: await shown(engine, 'skus'), stores: await shown(engine, 'stores') };
    if (JSON.stringify(found) === JSON.stringify(wanted)) return;
    await sleep(50);
  }
  expect(found).toEqual(wanted);
}

/** Sends sales until the engine dies; afterwards they are sent again, as an honest client does. */
async function sendUntilKilled(engine: EngineProcess, from: number, killAfterMs: number): Promise<number> {
  const killed = sleep(killAfterMs).then(() => engine.kill());
  let next = from;
  try {
    for (;;) {
      const batch = Array.from({ length: BATCH }, (_, i) => sale(next + i));
      next += BATCH;
      await engine.batch(SALES, batch);
    }
  } catch {
    await killed;
    return next;
  }
}

describe('keyBy between partitions', () => {
  it('sums exactly what was sent, through kills in the middle and a drain at the end', async () => {
    const data = freshPath();
    const env = { MOKA_CHECKPOINT_MAX_TAIL_MS: '50' };
    let sent = 0;
    for (const killAfterMs of [300, 150, 450]) {
      const engine = await EngineProcess.start({ data, topology, partitions: PARTITIONS, env });
      sent = await sendUntilKilled(engine, sent, killAfterMs);
    }
    const sales = Array.from({ length: sent }, (_, n) => sale(n));
    const engine = await EngineProcess.start({ data, topology, partitions: PARTITIONS, env });
    for (let at = 0; at < sent; at += BATCH) {
      const answer = await engine.batch(SALES, sales.slice(at, at + BATCH));
      expect(answer.status).toBe(200);
    }
    await settled(engine, sales);
    expect((await engine.stop()).code).toBe(0);
    const again = await EngineProcess.start({ data, topology, partitions: PARTITIONS, env });
    await settled(again, sales);
    expect((await again.stop()).code).toBe(0);
  });

  it('what was acknowledged is read behind one hop and behind two', async () => {
    const env = { MOKA_WORKERS: '2' };
    const engine = await EngineProcess.start({ data: freshPath(), topology, partitions: PARTITIONS, env });
    const counts = { skus: new Map<string, number>(), stores: new Map<string, number>() };
    for (let n = 0; n < 150; n++) {
      const sold = sale(n);
      const answer = await engine.post(SALES, sold);
      const after = `${answer.json['partition']}:${answer.json['offset']}:${answer.json['epoch'] ?? 1}`;
      for (const [view, key] of [
        ['skus', sold.sku],
        ['stores', sold.store],
      ] as const) {
        const count = (counts[view].get(key) ?? 0) + 1;
        counts[view].set(key, count);
        const path = n % 2 === 0 ? `/v1/views/${view}/${key}?after=${after}` : `/v1/views/${view}?after=${after}`;
        const { status, json } = await engine.get(path);
        const rows = (json['rows'] ?? [json]) as { key: string; value: number | { count: number } }[];
        const value = rows.find((row) => row.key === key)?.value ?? 0;
        expect([n, view, status, typeof value === 'number' ? value : value.count]).toEqual([n, view, 200, count]);
      }
    }
    const beyond = await engine.get('/v1/views/stores/store-1?after=0:1000000&timeoutMs=100');
    expect([beyond.status, beyond.json['code']]).toEqual([504, 'ERR_VIEW_POSITION_TIMEOUT']);
    const lost = await engine.get('/v1/views/stores/store-1?after=0:0:9');
    expect([lost.status, lost.json['code']]).toEqual([410, 'ERR_VIEW_POSITION_LOST']);
    expect((await engine.stop()).code).toBe(0);
  });

  it('what another partition sent waits for log time where it arrived', async () => {
    const engine = await EngineProcess.start({ data: freshPath(), topology, partitions: PARTITIONS });
    for (let n = 0; n < 11; n++) expect((await engine.post(SALES, sale(n))).status).toBe(201);
    const wanted = Array.from({ length: 11 }, (_, n) => `sku-${n}`).sort();
    let quiet: string[] = [];
    for (let tries = 0; tries < 100 && quiet.length < wanted.length; tries++) {
      await sleep(50);
      quiet = Object.keys((await shown(engine, 'quiet')) as object).sort();
    }
    expect(quiet).toEqual(wanted);
    expect((await engine.stop()).code).toBe(0);
  });
});
